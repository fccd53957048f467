import type { AiTcpCrypto } from "../crypto/index.js";
import type { Identity, TrustPolicy } from "../identity/index.js";
import type { Dial } from "./dial.js";
import type { AiTcpSettings } from "./settings.js";
import type { OpenTranscript } from "./transcripts.js";

/** How a connection that was lost is made again. */
export interface AiTcpReconnectOptions {
  /** Tries in a row before the session is given up; 0 is none. */
  readonly maxTries: number;
  /** Milliseconds between tries at first: less after connections that lasted, 1.8 times as much after each that failed. */
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
}

export interface AiTcpConnectOptions {
  /** Who this side is. */
  readonly identity: Identity;
  /** Whom it talks to. */
  readonly trust: TrustPolicy;
  /** An organisation's word for this side. */
  readonly certificate?: Uint8Array;
  /**
   * The server's static X25519 key, if it is known: one message of the handshake is saved, and nothing is told to another server. Default:
   * what the file of known peers has, and if the server has another one by now, it is asked without.
   */
  readonly serverStatic?: Uint8Array;
  readonly settings?: AiTcpSettings;
  /**
   * Whether messages that are marked as safe go with the first packet of a resumption, so that the answer is there after one round trip: less
   * protected than others (docs/spec/aitcp-security.md). Default false.
   */
  readonly sendsEarly?: boolean;
  /** Default: 20 tries, from 100 ms to 5 s apart, which is about a minute. */
  readonly reconnect?: Partial<AiTcpReconnectOptions>;
  /** How long a connection and its handshake may take, in milliseconds. Default 10 s. */
  readonly handshakeMs?: number;
  /** Where what both sides say and sign is written down, to be verified later by anybody (`m2m verify`). */
  readonly openTranscript?: OpenTranscript;
  /**
   * Told when a connection is lost, with what ended it, and when the session goes on over another one. What it throws ends the session
   * (`M2M_USAGE`).
   */
  readonly onState?: (state: "interrupted" | "open", cause?: Error) => void;
  /** Gives up connecting. */
  readonly signal?: AbortSignal;
  /** Makes the stream of bytes to the server. Default: TCP. */
  readonly dial?: Dial;
  readonly crypto?: AiTcpCrypto;
  /** The clock, in milliseconds since 1970. Default `Date.now`. */
  readonly nowMs?: () => number;
  /**
   * A clock in milliseconds that does not go back, for how long something lasts, but not for tickets and trust, which expire by the other. Default:
   * `nowMs` if it is given, else `performance.now`. Timers run by the clock of the process.
   */
  readonly monotonicMs?: () => number;
}

export const DEFAULT_RECONNECT: AiTcpReconnectOptions = Object.freeze({
  maxTries: 20,
  firstDelayMs: 100,
  maxDelayMs: 5000,
});
export const DEFAULT_HANDSHAKE_MS = 10_000;
