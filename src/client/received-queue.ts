import type { ReceivedData } from "../session/index.js";
import { Deferred, waitFor, type WaitOptions } from "./waiting.js";

/** Something that was received, or why it could not be taken. */
export interface ReceivedItem {
  readonly data?: ReceivedData;
  readonly error?: Error;
  /** Its place in the mailbox. */
  readonly cursor?: string;
}

/** What was received and nobody has taken yet. */
export class ReceivedQueue {
  readonly #items: ReceivedItem[] = [];
  readonly #takers: Deferred<void>[] = [];
  readonly #empty: Deferred<void>[] = [];
  readonly #onTaken: (item: ReceivedItem) => void;
  #end: { readonly error?: Error } | undefined;

  /** @param onTaken is told of each item that somebody takes */
  constructor(onTaken: (item: ReceivedItem) => void) {
    this.#onTaken = onTaken;
  }

  get length(): number {
    return this.#items.length;
  }

  push(item: ReceivedItem): void {
    this.#items.push(item);
    this.#takers.shift()?.resolve();
  }

  /** Nothing comes any more; with an error, because of that. */
  end(error?: Error): void {
    this.#end ??= { error };
    for (const waiting of [...this.#takers.splice(0), ...this.#empty.splice(0)]) waiting.resolve();
  }

  /** The next; `undefined` at the end. Throws what it holds instead of data, and what ended it. */
  async take(options: WaitOptions): Promise<ReceivedData | undefined> {
    for (;;) {
      options.signal?.throwIfAborted();
      const item = this.#items.shift();
      if (item) {
        this.#onTaken(item);
        if (this.#items.length === 0) for (const waiting of this.#empty.splice(0)) waiting.resolve();
        if (item.data) return item.data;
        throw item.error as Error;
      }
      if (this.#end) {
        if (this.#end.error) throw this.#end.error;
        return undefined;
      }
      const arrival = new Deferred<void>();
      this.#takers.push(arrival);
      try {
        await waitFor(arrival.promise, options);
      } catch (error) {
        const index = this.#takers.indexOf(arrival);
        if (index >= 0) this.#takers.splice(index, 1);
        // It came in the same moment: the next one takes it.
        else if (this.#items.length > 0) this.#takers.shift()?.resolve();
        throw error;
      }
    }
  }

  /** Resolves when there is nothing left to take. */
  async whenEmpty(): Promise<void> {
    if (this.#items.length === 0 || this.#end) return;
    const empty = new Deferred<void>();
    this.#empty.push(empty);
    await empty.promise;
  }
}
