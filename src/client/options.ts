import type { ContentScanner } from "../codec/index.js";
import type { CapabilityOptions, RandomBytes, SessionCodecOptions, SessionTiming } from "../session/index.js";
import { InputError } from "../shared/errors.js";

export const TRANSPORTS = ["http", "websocket"] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** How a connection that was lost is made again. */
export interface ReconnectOptions {
  /** Tries in a row before the client gives up; 0 is none. Default 10. */
  readonly maxTries: number;
  /** Most time before the first try, in milliseconds; it doubles with each. Default 200. */
  readonly firstDelayMs: number;
  /** Default 10 s. */
  readonly maxDelayMs: number;
}

export interface M2MClientOptions {
  /** The server's address, `http:`, `https:`, `ws:` or `wss:`; what its paths stand behind. */
  readonly url: string | URL;
  /** Default: `websocket` for `ws:` and `wss:`, else `http`. */
  readonly transport?: Transport;
  /** A bearer token, if the server asks for one. */
  readonly token?: string;
  /** The channel to join. Without one, the server gives back what it is sent. */
  readonly channel?: string;
  readonly capabilities?: CapabilityOptions;
  /** Scans what is sent and received. */
  readonly scanner?: ContentScanner;
  readonly requireSecurity?: boolean;
  readonly timing?: Partial<SessionTiming>;
  readonly codec?: SessionCodecOptions;
  /**
   * Whether to offer `dictionary`, over WebSocket with a window of what went over the connection. Default true, unless
   * `capabilities` lists other algorithms or the platform has no files; the prior is read by `connect` then.
   */
  readonly dictionary?: boolean;
  /** How long an answer of the server is waited for before the connection is taken to be lost, in milliseconds. Default 30 s. */
  readonly answerTimeoutMs?: number;
  /** How long a message may take to be acknowledged, reconnections included, in milliseconds. Default 2 min. */
  readonly sendTimeoutMs?: number;
  readonly reconnect?: Partial<ReconnectOptions>;
  /**
   * Whether to begin another session if the server has lost this one. What it had acknowledged for this client may be lost
   * with it, and what is sent again may reach others twice. Default false: that is an error.
   */
  readonly renew?: boolean;
  /** Most messages that are sent and not yet acknowledged; more wait. Default 256. */
  readonly maxUnacknowledged?: number;
  /** Most received messages that wait to be taken. Default 256. */
  readonly maxBuffered?: number;
  /** The clock, in milliseconds since 1970. Default `Date.now`. */
  readonly nowMs?: () => number;
  readonly randomBytes?: RandomBytes;
}

export type ResolvedClientOptions = Omit<M2MClientOptions, "reconnect"> &
  Required<
    Pick<
      M2MClientOptions,
      | "transport"
      | "answerTimeoutMs"
      | "sendTimeoutMs"
      | "renew"
      | "maxUnacknowledged"
      | "maxBuffered"
      | "nowMs"
    >
  > & { readonly url: URL; readonly reconnect: ReconnectOptions };

const DEFAULT_RECONNECT: ReconnectOptions = Object.freeze({
  maxTries: 10,
  firstDelayMs: 200,
  maxDelayMs: 10_000,
});

/** @throws {InputError} `M2M_USAGE` */
export function resolveClientOptions(options: M2MClientOptions): ResolvedClientOptions {
  const url = parseServerUrl(options.url);
  const transport = options.transport ?? (url.protocol.startsWith("ws") ? "websocket" : "http");
  if (!TRANSPORTS.includes(transport)) throw usage(`A transport is one of ${TRANSPORTS.join(", ")}.`);
  const resolved = {
    answerTimeoutMs: 30_000,
    sendTimeoutMs: 120_000,
    renew: false,
    maxUnacknowledged: 256,
    maxBuffered: 256,
    nowMs: Date.now,
    ...Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)),
    url: addressFor(url, transport),
    transport,
    reconnect: { ...DEFAULT_RECONNECT, ...options.reconnect },
  };
  for (const name of ["answerTimeoutMs", "sendTimeoutMs", "maxUnacknowledged", "maxBuffered"] as const) {
    if (!(resolved[name] > 0)) throw usage(`${name} is a number over 0.`);
  }
  return resolved;
}

/** The address of `path` below the server's. */
export function addressBelow(base: URL, path: string): URL {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/+$/, "")}${path}`;
  return url;
}

function parseServerUrl(given: string | URL): URL {
  if (!URL.canParse(String(given))) throw usage("The url is not the address of a server.");
  const url = new URL(given);
  if (!/^(https?|wss?):$/.test(url.protocol)) throw usage("The url begins with http:, https:, ws: or wss:.");
  if (url.username !== "" || url.password !== "")
    throw usage("The url holds a password: give a token instead.");
  url.hash = "";
  return url;
}

function addressFor(url: URL, transport: Transport): URL {
  const isSecure = url.protocol === "https:" || url.protocol === "wss:";
  url.protocol = transport === "http" ? (isSecure ? "https:" : "http:") : isSecure ? "wss:" : "ws:";
  return url;
}

function usage(message: string): InputError {
  return new InputError("M2M_USAGE", message);
}
