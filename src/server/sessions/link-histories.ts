/** Connections that keep windows at once: each takes about 1 MB. */
const DEFAULT_MAX_HISTORIES = 64;

/** Bounds how many connections of a process keep a window of what went over them. */
export class LinkHistories {
  readonly #max: number;
  /** How each is ended; the one that has rested longest first. */
  readonly #ends = new Map<object, () => void>();

  constructor(max: number = DEFAULT_MAX_HISTORIES) {
    this.#max = max;
  }

  /** Whether another connection may be promised a window. */
  get hasRoom(): boolean {
    return this.#ends.size < this.#max;
  }

  /** A connection uses its windows; the one that has rested longest is ended if there are too many. Its session goes on elsewhere. */
  use(owner: object, end: () => void): void {
    this.#ends.delete(owner);
    this.#ends.set(owner, end);
    if (this.#ends.size <= this.#max) return;
    const [[oldest, endOldest]] = this.#ends;
    this.#ends.delete(oldest);
    endOldest();
  }

  release(owner: object): void {
    this.#ends.delete(owner);
  }
}
