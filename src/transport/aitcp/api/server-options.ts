import { InputError } from "../../../shared/errors.js";
import type { RateLimitBucket } from "../../../shared/stores.js";
import { assertBucket } from "../../../shared/token-buckets.js";
import type { AiTcpCrypto } from "../crypto/index.js";
import type { Identity, TrustPolicy } from "../identity/index.js";
import type { AiTcpStore } from "../session/index.js";
import type { AiTcpSession } from "./session.js";
import type { AiTcpSettings } from "./settings.js";
import type { OpenTranscript } from "./transcripts.js";

/** What a server bears of strangers. */
export interface AiTcpServerLimits {
  /** Default 10,000. */
  readonly maxConnections: number;
  /** Default 10,000. */
  readonly maxSessions: number;
  /** Of one identity. Default 1,000. */
  readonly maxSessionsPerPeer: number;
  /** Handshakes under way from which on strangers have to show a cookie. Default 64. */
  readonly cookiesFrom: number;
  /** Handshakes under way, more are refused. Default 1024. */
  readonly maxHandshakes: number;
  /** How long a handshake may take, in milliseconds. Default 10 s. */
  readonly handshakeMs: number;
  /** Connections of one address, or one /64 network of IPv6. Default 100 at once, 50 a second. */
  readonly connectionRate: RateLimitBucket;
  /** Bytes that a peer may send, over all its connections: at once, and a second. Default: as fast as it likes. */
  readonly peerRate?: RateLimitBucket;
}

export interface AiTcpServerOptions {
  /** Who this side is. */
  readonly identity: Identity;
  /** Whom it talks to. */
  readonly trust: TrustPolicy;
  /** An organisation's word for this side. */
  readonly certificate?: Uint8Array;
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 0: a free one. */
  readonly port?: number;
  readonly settings?: AiTcpSettings;
  readonly limits?: Partial<AiTcpServerLimits>;
  /** A store that several processes share, so that sessions go on with any of them. Default: the memory of this one. */
  readonly store?: AiTcpStore;
  /**
   * Whether messages that come with the first packet of a resumption are given before its handshake is over (`AiTcpStream.isEarly`). Only
   * where all processes with this identity share one store, or there is one. Default false.
   */
  readonly takesEarly?: boolean;
  /** Where what both sides say and sign is written down, to be verified later by anybody (`m2m verify`). */
  readonly openTranscript?: OpenTranscript;
  /** Told of each session, once in this process; what it throws ends the session. @param isRestored another process had it before */
  readonly onSession: (session: AiTcpSession, isRestored: boolean) => void | Promise<void>;
  /** Told of handshakes that failed, and of what goes wrong with the store. */
  readonly onError?: (error: unknown, address: string | undefined) => void;
  readonly crypto?: AiTcpCrypto;
  /** The clock, in milliseconds since 1970. Default `Date.now`. */
  readonly nowMs?: () => number;
  /**
   * A clock in milliseconds that does not go back, for how long something lasts, but not for tickets and trust, which expire by the other. Default:
   * `nowMs` if it is given, else `performance.now`. Timers run by the clock of the process.
   */
  readonly monotonicMs?: () => number;
}

const DEFAULT_LIMITS: AiTcpServerLimits = Object.freeze({
  maxConnections: 10_000,
  maxSessions: 10_000,
  maxSessionsPerPeer: 1000,
  cookiesFrom: 64,
  maxHandshakes: 1024,
  handshakeMs: 10_000,
  connectionRate: { capacity: 100, refillPerSecond: 50 },
});
/** More is no limit, and no time that a timer takes. */
const MAX_LIMIT = 2 ** 31 - 1;

/**
 * The limits that are given, with the others as they are by default.
 * @throws {InputError} `M2M_USAGE`
 */
export function resolveLimits(given: Partial<AiTcpServerLimits> = {}): AiTcpServerLimits {
  const limits = { ...DEFAULT_LIMITS, ...given };
  assertLimits(limits);
  return limits;
}

/** @throws {InputError} `M2M_USAGE` */
function assertLimits({ connectionRate, peerRate, ...counts }: AiTcpServerLimits): void {
  for (const [name, value] of Object.entries(counts)) {
    if (Number.isInteger(value) && value >= 0 && value <= MAX_LIMIT) continue;
    throw new InputError("M2M_USAGE", `${name} is a whole number from 0 to ${MAX_LIMIT}.`);
  }
  for (const bucket of peerRate ? [connectionRate, peerRate] : [connectionRate]) {
    assertBucket(0, bucket);
    if (bucket.refillPerSecond === Infinity) {
      throw new InputError("M2M_USAGE", "What a rate limit is refilled by is a finite number.");
    }
  }
}
