import type { FlowSettings } from "./settings.js";

/** What is told of streams, from within `receive`. None of it may throw. */
export interface StreamEvents {
  /** The peer has opened a stream. */
  onStream?(stream: number): void;
  /** `take` has another message. */
  onMessage?(stream: number): void;
  /** The peer sends no more on it than `take` has. */
  onEnd?(stream: number): void;
  /** The peer gave it up. */
  onReset?(stream: number, code: number): void;
  /** It is over and forgotten: there is nothing more to be told of it. */
  onOver?(stream: number): void;
}

export interface StreamsOptions {
  readonly isInitiator: boolean;
  /** What this side takes. */
  readonly own: FlowSettings;
  /** Bytes of messages that wait, to be sent or to be taken, above which no further one is accepted. Default 4 MiB. */
  readonly queueBytes?: number;
  readonly events?: StreamEvents;
}

export const DEFAULT_QUEUE_BYTES = 4 * 1024 * 1024;
