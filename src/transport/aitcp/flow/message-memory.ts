/** The engine keeps arrays up to this length beside their objects; longer ones take memory of their own, which costs a message as much as its cipher. */
const OWN_BYTES = 64;
/** Of what a message is a part of, it keeps at most so many times its own length alive. */
const MAX_KEPT = 16;
/** And it is at most so long, unless one message is longer. */
const MAX_SLAB_BYTES = 16 * 1024;
/** Of a record of which this much is one message, that may keep all. */
const MAX_KEPT_RECORD = 4;

/**
 * Memory of messages that have come, until the application lets go of them. Short ones of one stream that follow each other share it: their
 * application takes them in order, so little is kept for one of them. Others have memory of their own.
 */
export class MessageMemory {
  #slab: Uint8Array | undefined;
  #used = 0;
  /** Of the last message. */
  #stream = -1;
  /** Messages of its length that the next slab has room for. */
  #next = 1;

  /** @param bytes a view of a record, which nobody changes */
  keep(stream: number, bytes: Uint8Array): Uint8Array {
    const { length } = bytes;
    if (length * MAX_KEPT_RECORD >= bytes.buffer.byteLength) return bytes;
    const message = length <= OWN_BYTES ? new Uint8Array(length) : this.#room(stream, length);
    message.set(bytes);
    return message;
  }

  #room(stream: number, length: number): Uint8Array {
    if (stream !== this.#stream) {
      this.#stream = stream;
      this.#slab = undefined;
      this.#next = 1;
    }
    const slab = this.#slab;
    const isShared = slab && length <= slab.length - this.#used && length * MAX_KEPT >= slab.length;
    const start = isShared ? this.#used : 0;
    const from = isShared ? slab : Buffer.allocUnsafeSlow(length * this.#next);
    if (!isShared)
      this.#next = Math.max(1, Math.min(2 * this.#next, MAX_KEPT, Math.floor(MAX_SLAB_BYTES / length)));
    this.#used = start + length;
    // A full one is kept by its messages only.
    this.#slab = this.#used < from.length ? from : undefined;
    return new Uint8Array(from.buffer, start, length);
  }
}
