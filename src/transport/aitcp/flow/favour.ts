import type { Stream } from "./stream.js";

/**
 * Which stream may go on above its window: of those that hold nothing but a message in part, that whose message began first. One at a
 * time, so that all of them together hold no more than their windows and one message.
 */
export class Favour {
  /** In the order in which the messages began. */
  #partial: Set<Stream> | undefined;
  #favoured: Stream | undefined;

  /** Call it when messages of the stream have come or gone. @returns a stream that may go on now */
  update(stream: Stream): Stream | undefined {
    if (stream.receive.isPartial) (this.#partial ??= new Set()).add(stream);
    else if (!this.#partial?.delete(stream)) return undefined;
    const first = this.#partial.values().next().value;
    if (!first) this.#partial = undefined;
    if (first === this.#favoured) return undefined;
    if (this.#favoured) this.#favoured.receive.isFavoured = false;
    this.#favoured = first;
    if (first) first.receive.isFavoured = true;
    return first;
  }
}
