import type { AlgorithmName } from "../codec/index.js";
import type { Capabilities } from "./capabilities.js";

/** The messages of a session, as the wire spells their types. */
export const MESSAGE_TYPES = ["HELLO", "ACCEPT", "REJECT", "DATA", "PING", "PONG", "CLOSE"] as const;
export type MessageType = (typeof MESSAGE_TYPES)[number];

/** Why a peer refuses. These are sent; the error codes of this package stay here. */
export const REJECTION_CODES = [
  "VERSION_MISMATCH",
  "NO_COMMON_ALGORITHM",
  "SECURITY_POLICY",
  "RATE_LIMITED",
  "UNKNOWN",
] as const;
export type RejectionCode = (typeof REJECTION_CODES)[number];

export interface Rejection {
  readonly code: RejectionCode;
  /** For people; may be empty. */
  readonly message: string;
}

/** What a transport says of a message, beside what the session says in it (docs/spec/transport.md). */
export interface Delivery {
  /** Of DATA: which of its sender's it is, from 1 to 2^32 - 1. */
  readonly sequence?: number;
  /** DATA of the receiver up to this sequence has been dealt with. */
  readonly ack?: number;
  /** The DATA of `ack` was refused, for this reason; those before it were not. */
  readonly rejection?: Rejection;
  /** From the server: where this message stands in the receiver's mailbox. To it: all up to there has arrived. */
  readonly cursor?: string;
  /** Most messages of the mailbox that may be on their way. */
  readonly window?: number;
}

interface MessageBase {
  /** Absent: the transport says nothing. */
  readonly delivery?: Delivery;
  /** Milliseconds since 1970 by the sender's clock. Nothing is decided by it. */
  readonly timestampMs: number;
}

interface CapabilitiesBase extends MessageBase {
  /** As it was sent, whether it is known here or not. */
  readonly version: string;
  /** Absent if the version is not known here: what it says cannot be read. */
  readonly capabilities?: Capabilities;
}

export interface HelloMessage extends CapabilitiesBase {
  readonly type: "HELLO";
}

export interface AcceptMessage extends CapabilitiesBase {
  readonly type: "ACCEPT";
  readonly sessionId: string;
}

export interface RejectMessage extends MessageBase {
  readonly type: "REJECT";
  readonly rejection: Rejection;
}

/** What the sender's scanner said. A claim: a receiver decides nothing by it. */
export interface SecurityStatus {
  readonly scanned: boolean;
  readonly safe: boolean;
  readonly threatType?: string;
  /** Probability, 0 to 1, that `safe` is right. */
  readonly confidence?: number;
}

export interface DataMessage extends MessageBase {
  readonly type: "DATA";
  readonly sessionId: string;
  readonly algorithm: AlgorithmName;
  /** The text wire. */
  readonly content: string;
  /** Bytes of the content before compression, if the sender says so. */
  readonly originalBytes?: number;
  readonly security?: SecurityStatus;
}

export interface SignalMessage<Type extends MessageType = "PING" | "PONG" | "CLOSE"> extends MessageBase {
  readonly type: Type;
  readonly sessionId: string;
}

export type PingMessage = SignalMessage<"PING">;
export type PongMessage = SignalMessage<"PONG">;
export type CloseMessage = SignalMessage<"CLOSE">;

export type Message =
  HelloMessage | AcceptMessage | RejectMessage | DataMessage | PingMessage | PongMessage | CloseMessage;
