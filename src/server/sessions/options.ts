import type { ContentScanner, ContentVerdict } from "../../codec/index.js";
import type {
  CapabilityOptions,
  ChannelDirectory,
  Mailbox,
  ProtocolVersion,
  RandomBytes,
  SessionCodecOptions,
  SessionStore,
  SessionTiming,
} from "../../session/index.js";
import { HeldBytes } from "../../http/index.js";
import { InputError } from "../../shared/errors.js";
import type { RateLimitBucket, RateLimitStore } from "../../shared/stores.js";
import { MemoryRateStore } from "../../shared/token-buckets.js";
import { noRoomForContent } from "./later.js";
import type { Peer } from "./types.js";

export interface SessionLimits {
  /** Most bytes of a message. Default: what DATA with a content of 16 MiB may need. */
  readonly maxMessageBytes?: number;
  /** How long what waits for a session is kept, in milliseconds, counted from the last message. Default one hour. */
  readonly retentionMs: number;
  /** The longest that `take` waits, in milliseconds. Default one minute. */
  readonly maxWaitMs: number;
  /** HELLOs of one address. Default 60 at once, one a second. */
  readonly helloRate: RateLimitBucket;
  /** DATA of one session. Default 1000 at once, 500 a second. */
  readonly dataRate: RateLimitBucket;
}

const DEFAULT_LIMITS: SessionLimits = Object.freeze({
  retentionMs: 3_600_000,
  maxWaitMs: 60_000,
  helloRate: { capacity: 60, refillPerSecond: 1 },
  dataRate: { capacity: 1000, refillPerSecond: 500 },
});

/** Of what is held of requests and of content, in a process. */
export const DEFAULT_MAX_HELD_BYTES = 256 * 1024 * 1024;

export interface SessionServiceOptions {
  readonly store: SessionStore;
  readonly mailbox: Mailbox;
  readonly channels: ChannelDirectory;
  /** What this side offers. Default: as any session, and of algorithms all that a peer may want. */
  readonly capabilities?: CapabilityOptions;
  /** Versions that are accepted. Default: all that are understood. */
  readonly versions?: readonly ProtocolVersion[];
  /** Refuse peers that do not scan, and those that do not block if this side does. Default false. */
  readonly requireSecurity?: boolean;
  /** Judges content if the capabilities say `threatDetection`, which they do by default if this is given. */
  readonly scanner?: ContentScanner;
  /** Told of DATA in which the scanner finds a threat, whether or not it is refused, once each. */
  readonly onThreat?: (verdict: ContentVerdict, peer: Peer) => void;
  readonly timing?: Partial<SessionTiming>;
  readonly codec?: SessionCodecOptions;
  readonly limits?: Partial<SessionLimits>;
  /** Bounds what DATA is opened to, over all sessions of this process. Default: to 256 MiB. */
  readonly contents?: HeldBytes;
  /** Where rates are counted. Default: in this process. */
  readonly rates?: RateLimitStore;
  /** The clock, in milliseconds since 1970. Default `Date.now`. */
  readonly nowMs?: () => number;
  readonly randomBytes?: RandomBytes;
}

export type ResolvedServiceOptions = SessionServiceOptions &
  Required<Pick<SessionServiceOptions, "rates" | "contents" | "nowMs">> & { readonly limits: SessionLimits };

/** @throws {InputError} `M2M_USAGE` */
export function resolveServiceOptions(options: SessionServiceOptions): ResolvedServiceOptions {
  const { nowMs = Date.now } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  for (const name of ["retentionMs", "maxWaitMs"] as const) {
    if (limits[name] > 0) continue;
    throw new InputError("M2M_USAGE", `${name} is a number over 0, not ${String(limits[name])}.`);
  }
  const { rates = new MemoryRateStore({ nowMs }) } = options;
  const { contents = new HeldBytes({ maxBytes: DEFAULT_MAX_HELD_BYTES, noRoom: noRoomForContent }) } =
    options;
  return { ...options, nowMs, limits, rates, contents };
}
