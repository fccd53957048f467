import type { ContentScanner } from "../codec/index.js";
import type { CapabilityOptions, RandomBytes, SessionCodecOptions, SessionTiming } from "../session/index.js";
import { assertNumbers, assertOptions, assertTexts } from "../shared/bounds.js";
import { InputError } from "../shared/errors.js";
import type { AiTcpConnectOptions, AiTcpSession } from "../transport/index.js";

export const TRANSPORTS = ["http", "websocket", "aitcp"] as const;
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

/** Who this side is on AI-TCP, and whom it talks to. */
export interface AiTcpClientOptions extends Omit<AiTcpConnectOptions, "signal"> {
  /**
   * Told of each session of AI-TCP, over which the M2M session goes: when the first is made, and when another had to be. What it throws ends the
   * client (`M2M_USAGE`).
   */
  readonly onSession?: (session: AiTcpSession) => void;
}

export interface M2MClientOptions {
  /** The server's address, `http:`, `https:`, `ws:` or `wss:`, what its paths stand behind; or `aitcp://HOST:PORT`. */
  readonly url: string | URL;
  /** Default: `websocket` for `ws:` and `wss:`, `aitcp` for `aitcp:`, else `http`. */
  readonly transport?: Transport;
  /** A bearer token, if the server asks for one. Over AI-TCP none is: the identity is proven. */
  readonly token?: string;
  /**
   * For `aitcp`, which needs it. Its `reconnect` is that of the client unless it has one; its `settings` have `padding` if `dictionary` is
   * offered, because a compressed length tells what was sent before.
   */
  readonly aitcp?: AiTcpClientOptions;
  /** The channel to join. Without one, the server gives back what it is sent. */
  readonly channel?: string;
  readonly capabilities?: CapabilityOptions;
  /** Scans what is sent and received. */
  readonly scanner?: ContentScanner;
  readonly requireSecurity?: boolean;
  readonly timing?: Partial<SessionTiming>;
  readonly codec?: SessionCodecOptions;
  /**
   * Whether to offer `dictionary`, over WebSocket and AI-TCP with a window of what went over the connection. Default true, unless
   * `capabilities` lists other algorithms; nothing is offered where the platform has no files; the prior is read by `connect` then.
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
  assertOptions("The options", options);
  const url = parseServerUrl(options.url);
  const transport = options.transport ?? transportOf(url);
  if (!TRANSPORTS.includes(transport)) throw usage(`A transport is one of ${TRANSPORTS.join(", ")}.`);
  if ((transport === "aitcp") !== (url.protocol === "aitcp:")) {
    throw usage("The transport aitcp, and no other one, is for urls that begin with aitcp:.");
  }
  if (transport === "aitcp" && !options.aitcp)
    throw usage("AI-TCP needs the option aitcp: an identity, and whom it trusts.");
  const { token, channel, reconnect } = options;
  assertTexts({ token, channel });
  if (reconnect !== undefined) assertOptions("The option reconnect", reconnect);
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
    reconnect: { ...DEFAULT_RECONNECT, ...reconnect },
  };
  assertNumbers({ ...resolved.reconnect }, 0);
  for (const name of ["answerTimeoutMs", "sendTimeoutMs", "maxUnacknowledged", "maxBuffered"] as const) {
    const value: unknown = resolved[name];
    if (!(typeof value === "number" && value > 0)) throw usage(`${name} is a number over 0.`);
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
  if (!/^(https?|wss?|aitcp):$/.test(url.protocol)) {
    throw usage("The url begins with http:, https:, ws:, wss: or aitcp:.");
  }
  if (url.username !== "" || url.password !== "")
    throw usage("The url holds a password: give a token instead.");
  url.hash = "";
  return url;
}

function transportOf({ protocol }: URL): Transport {
  if (protocol === "aitcp:") return "aitcp";
  return protocol.startsWith("ws") ? "websocket" : "http";
}

function addressFor(url: URL, transport: Transport): URL {
  if (transport === "aitcp") return url;
  const isSecure = url.protocol === "https:" || url.protocol === "wss:";
  url.protocol = transport === "http" ? (isSecure ? "https:" : "http:") : isSecure ? "wss:" : "ws:";
  return url;
}

function usage(message: string): InputError {
  return new InputError("M2M_USAGE", message);
}
