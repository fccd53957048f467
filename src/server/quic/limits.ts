import { DEFAULT_TIMING } from "../../session/index.js";

/** What a peer may cost. */
export interface QuicLimits {
  /** Connections at a time; further ones get no answer. */
  readonly maxConnections: number;
  /** Connections with an unfinished handshake from which on a client has to prove its address by a Retry packet. */
  readonly retryFrom: number;
  /** Streams at a time, a connection. */
  readonly maxStreams: number;
  /** Bytes of one frame, type byte included. */
  readonly maxFrameBytes: number;
  /** Bytes of frames that have not come whole, over all streams of a connection. */
  readonly maxPartialBytes: number;
  /** Time for the handshake. */
  readonly handshakeTimeoutMs: number;
  /** Time that a stream may be without a session. */
  readonly sessionTimeoutMs: number;
  /** A connection of which nothing is heard for so long is over. */
  readonly idleTimeoutMs: number;
}

const MIB = 2 ** 20;

export const DEFAULT_QUIC_LIMITS: QuicLimits = {
  maxConnections: 1024,
  retryFrom: 64,
  maxStreams: 64,
  maxFrameBytes: 32 * MIB,
  maxPartialBytes: 64 * MIB,
  handshakeTimeoutMs: 10_000,
  sessionTimeoutMs: DEFAULT_TIMING.handshakeMs,
  // Longer than the minute between two PINGs of a session.
  idleTimeoutMs: 90_000,
};
