import { DEFAULT_TIMING } from "../../session/index.js";

/** What a peer may cost. */
export interface AiTcpLimits {
  /** AI-TCP sessions of this process at a time; further ones are told to come later. */
  readonly maxSessions: number;
  /** Of them of one identity. */
  readonly maxSessionsPerPeer: number;
  /** Streams of an AI-TCP session at a time. */
  readonly maxStreams: number;
  /** Bytes of one message, type byte included. */
  readonly maxMessageBytes: number;
  /** Time that a stream may be without a session. */
  readonly sessionTimeoutMs: number;
}

const MIB = 2 ** 20;

export const DEFAULT_AITCP_LIMITS: AiTcpLimits = {
  maxSessions: 10_000,
  maxSessionsPerPeer: 1000,
  maxStreams: 64,
  maxMessageBytes: 32 * MIB,
  sessionTimeoutMs: DEFAULT_TIMING.handshakeMs,
};
