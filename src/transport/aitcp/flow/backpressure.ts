import { LimitError } from "../../../shared/errors.js";

/** How much waits for the peer, and who waits until it is less. */
export class Backpressure {
  readonly #mostBytes: number;
  #queuedBytes = 0;
  #waiting: (() => void)[] | undefined;

  /** @param mostBytes with which no further message is accepted; the last one may pass it */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }
  get isWritable(): boolean {
    return this.#queuedBytes < this.#mostBytes;
  }

  /** @throws {LimitError} `M2M_QUEUE_FULL` */
  assertWritable(): void {
    if (this.isWritable) return;
    throw new LimitError("M2M_QUEUE_FULL", `${this.#queuedBytes} bytes wait for the peer already.`);
  }

  add(bytes: number): void {
    this.#queuedBytes += bytes;
  }

  free(bytes: number): void {
    const wasWritable = this.isWritable;
    this.#queuedBytes -= bytes;
    if (wasWritable || !this.isWritable) return;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    for (const resolve of waiting ?? []) resolve();
  }

  /** Resolves when there is room. */
  async ready(): Promise<void> {
    while (!this.isWritable) await new Promise<void>((resolve) => (this.#waiting ??= []).push(resolve));
  }
}
