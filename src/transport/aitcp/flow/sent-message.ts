import { ProtocolError, UpstreamError, type M2MError } from "../../../shared/errors.js";

/** How a message ended. */
export type Outcome = "acknowledged" | "unknown" | "undelivered";

/** A message that is sent, until the peer's application has taken it. */
export class SentMessage {
  readonly stream: number;
  /** Its number on the stream. */
  readonly number: number;
  /** It does no harm if it is read twice: it may go with the first packet of a resumption. */
  readonly isSafe: boolean;
  #bytes: Uint8Array | undefined;
  #outcome: Outcome | undefined;
  #waiter: PromiseWithResolversOf<void> | undefined;

  constructor(stream: number, number: number, bytes: Uint8Array, isSafe: boolean) {
    this.stream = stream;
    this.number = number;
    this.isSafe = isSafe;
    this.#bytes = bytes;
  }

  /** Absent as long as it is not decided. */
  get outcome(): Outcome | undefined {
    return this.#outcome;
  }

  /** What is to be sent; nothing once it is decided. */
  get bytes(): Uint8Array | undefined {
    return this.#bytes;
  }

  /**
   * Resolves when the peer's application has taken the message; made when it is asked for, since most messages have nobody who waits.
   * Rejects with `M2M_STREAM_CLOSED` if it was not delivered as a whole, or `M2M_OUTCOME_UNKNOWN` if the peer may have acted on it.
   */
  get acknowledged(): Promise<void> {
    if (!this.#waiter) {
      this.#waiter = withResolvers();
      if (this.#outcome) this.#tell(this.#waiter, this.#outcome);
    }
    return this.#waiter.promise;
  }

  /** Decides it, once. */
  settle(outcome: Outcome): void {
    if (this.#outcome) return;
    this.#outcome = outcome;
    this.#bytes = undefined;
    if (this.#waiter) this.#tell(this.#waiter, outcome);
  }

  #tell(waiter: PromiseWithResolversOf<void>, outcome: Outcome): void {
    if (outcome === "acknowledged") waiter.resolve();
    else waiter.reject(this.#error(outcome));
  }

  #error(outcome: "unknown" | "undelivered"): M2MError {
    const what = `Message ${this.number} of stream ${this.stream}`;
    return outcome === "unknown"
      ? new UpstreamError(
          "M2M_OUTCOME_UNKNOWN",
          `${what} was sent; whether the peer acted on it is not known.`,
        )
      : new ProtocolError("M2M_STREAM_CLOSED", `${what} was not delivered: the stream was given up.`);
  }
}

interface PromiseWithResolversOf<Value> {
  readonly promise: Promise<Value>;
  resolve(value: Value): void;
  reject(reason: unknown): void;
}

function withResolvers(): PromiseWithResolversOf<void> {
  let resolve!: () => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<void>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}
