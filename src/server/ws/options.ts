import type { IncomingMessage } from "node:http";
import { DEFAULT_LIMITS } from "../../codec/index.js";
import { DEFAULT_TIMING, maxDataMessageBytes } from "../../session/index.js";
import { LinkHistories, SessionClaims, type SessionService } from "../sessions/index.js";

export interface WebSocketOptions {
  readonly sessions: SessionService;
  /** Shared with other transports, so that a session is with one connection. Default: of this one alone. */
  readonly claims?: SessionClaims;
  /** How many connections keep windows of what goes over them, shared with other transports. Default: 64 of this one alone. */
  readonly histories?: LinkHistories;
  /** Default `/ws`. */
  readonly path?: string;
  /** Whether an `Authorization` header lets somebody in. Default: anybody. */
  readonly authorize?: (authorization: string | undefined) => boolean;
  /** Pages of other origins that may connect, as browsers spell them in `Origin`. Default none. */
  readonly origins?: readonly string[];
  /** Of the server's own pages, take those of this machine alone, whatever name it is reached by (DNS rebinding). Default false. */
  readonly localPagesOnly?: boolean;
  /** The address that limits are counted by. Default: that of the connection. */
  readonly addressOf?: (request: IncomingMessage) => string | undefined;
  /** Default 1000. */
  readonly maxConnections?: number;
  /** Most bytes of a frame, all its fragments together. Default: what DATA with a content of 16 MiB may need as text. */
  readonly maxMessageBytes?: number;
  /** Bytes that may wait for a slow peer; with more, nothing is read from it and nothing pushed. Default 1 MiB. */
  readonly maxBufferedBytes?: number;
  /** How long a connection may be without a session, in milliseconds. Default 30 s. */
  readonly handshakeMs?: number;
  /** The clock of `sessions`, in milliseconds since 1970. Default `Date.now`. */
  readonly nowMs?: () => number;
  /** Told of what is thrown and is no expected failure. */
  readonly onDefect?: (error: unknown) => void;
}

export type ResolvedWebSocketOptions = Required<Omit<WebSocketOptions, "authorize" | "onDefect">> &
  Pick<WebSocketOptions, "authorize" | "onDefect">;

export function resolveWebSocketOptions(options: WebSocketOptions): ResolvedWebSocketOptions {
  return {
    claims: new SessionClaims(),
    histories: new LinkHistories(),
    path: "/ws",
    origins: [],
    localPagesOnly: false,
    addressOf: ({ socket }) => socket.remoteAddress,
    maxConnections: 1000,
    maxMessageBytes: maxDataMessageBytes(DEFAULT_LIMITS.maxInputBytes),
    maxBufferedBytes: 1024 * 1024,
    handshakeMs: DEFAULT_TIMING.handshakeMs,
    nowMs: Date.now,
    ...options,
  };
}
