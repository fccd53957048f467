const FIRST_BYTES = 4096;

/** Bytes that come in parts. They are copied together at once: many small parts take no more room than their bytes. */
export class ByteBuilder {
  #buffer: Uint8Array;
  #length = 0;

  constructor(first: Uint8Array) {
    this.#buffer = new Uint8Array(Math.max(FIRST_BYTES, 2 * first.length));
    this.append(first);
  }

  get length(): number {
    return this.#length;
  }

  append(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#buffer.length) {
      const grown = new Uint8Array(Math.max(length, 2 * this.#buffer.length));
      grown.set(this.#buffer.subarray(0, this.#length));
      this.#buffer = grown;
    }
    this.#buffer.set(bytes, this.#length);
    this.#length = length;
  }

  /** All of them; the room that it does not need is given back if it is much. */
  finish(): Uint8Array {
    const { length } = this;
    return length * 4 >= this.#buffer.length * 3
      ? this.#buffer.subarray(0, length)
      : this.#buffer.slice(0, length);
  }
}
