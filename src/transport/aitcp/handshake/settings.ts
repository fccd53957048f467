import type { FlowSettings } from "../flow/index.js";
import type { SignatureMode } from "../turn/index.js";

/** What one side of a handshake offers, and what it takes. */
export interface HandshakeSettings {
  /** Modes that it takes, best first. */
  readonly signatures: readonly SignatureMode[];
  /** What it takes of messages. */
  readonly flow: FlowSettings;
  /** After how long without a packet it takes the connection for dead, in milliseconds. */
  readonly idleMs: number;
  /** Whether both have to pad records. */
  readonly isPadding: boolean;
  /** For how long a session outlives its connection, in seconds. The responder's counts. */
  readonly lifetimeSeconds: number;
}

/** What both sides have agreed on. */
export interface AiTcpAgreement {
  readonly version: number;
  readonly signatures: SignatureMode;
  readonly isPadded: boolean;
  /** In seconds. */
  readonly lifetimeSeconds: number;
  /** What the peer takes of messages. */
  readonly peerFlow: FlowSettings;
  /** After how long without a packet the peer takes the connection for dead, in milliseconds. */
  readonly peerIdleMs: number;
}
