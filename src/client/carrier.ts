import type { Message } from "../session/index.js";
import type { M2MError } from "../shared/errors.js";

/** What a carrier tells. */
export interface CarrierEvents {
  /** A message of the server, in the order in which they came. */
  onMessage(message: Message): void;
  /** It carries no more. Called once, and never after `close`. */
  onLost(error: M2MError, advice?: LossAdvice): void;
  /** Resolves when everything that was received has been taken, with the place of the last. */
  whenTaken(): Promise<string | undefined>;
}

/** What is known of a connection that was lost. */
export interface LossAdvice {
  /** Another try would fail in the same way. */
  readonly isFinal?: boolean;
  /** How long the server asks to wait, in milliseconds. */
  readonly retryAfterMs?: number;
}

/** A way to the server that may be lost: the session goes on with another one. */
export interface Carrier {
  /** Whether it asks for what others send, and says with that what has been taken. */
  readonly isAsking: boolean;
  /** Hands a message over, in order. Never throws: what fails is told by `onLost`. */
  send(message: Message): void;
  /** The session is established: whatever else has to run may begin. */
  start(sessionId: string, hasChannel: boolean): void;
  /** Lets go; nothing is told any more. */
  close(): void;
}
