const FIRST_BYTES = 4096;
/** A first part that is this much of its record may keep all of it: most messages have two parts, of which it is one. */
const MAX_KEPT_RECORD = 4;

/** A message of which parts have come. They are copied together at once: many small parts cost no more than their bytes. */
export class PartialMessage {
  /** What has come, at the front. */
  #buffer: Uint8Array;
  #length: number;

  /** @param first a view of a record, which nobody changes */
  constructor(first: Uint8Array) {
    this.#length = first.length;
    this.#buffer = first.length * MAX_KEPT_RECORD >= first.buffer.byteLength ? first : copyOf(first);
  }

  get length(): number {
    return this.#length;
  }

  append(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#buffer.length) this.#grow(Math.max(FIRST_BYTES, length, 2 * this.#buffer.length));
    this.#buffer.set(bytes, this.#length);
    this.#length = length;
  }

  /** The message, with its last part. */
  finish(last: Uint8Array): Uint8Array {
    const length = this.#length + last.length;
    // Room that it does not need is given back if it is much.
    if (length > this.#buffer.length || length * 4 < this.#buffer.length * 3) this.#grow(length);
    this.#buffer.set(last, this.#length);
    return this.#buffer.subarray(0, length);
  }

  #grow(length: number): void {
    const grown = memory(length);
    grown.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = grown;
  }
}

function copyOf(bytes: Uint8Array): Uint8Array {
  const copy = memory(bytes.length);
  copy.set(bytes);
  return copy;
}

/** Not zeroed: what is not filled is never shown. */
function memory(length: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
}
