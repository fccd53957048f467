/** Characters of a digest: one a byte of SHA-256. */
const DIGEST_BYTES = 32;
/** Places that a digest may take: one of so many, or of a few more. A few are looked through at once. */
const PLACES_A_GROUP = 8;

/**
 * A bounded table of what is known by SHA-256: a row of numbers an entry, and for some entries a detail. Digests and numbers lie
 * in arrays, so that a full table is a few objects to the garbage collector, not six an entry, and takes a fifth of their memory.
 * To make room, it forgets what was found or added longest ago of those that may take the same places.
 */
export class DigestTable<Detail> {
  readonly #width: number;
  readonly #groupSize: number;
  readonly #groupMask: number;
  /** `[places, 32]` */
  readonly #digests: Uint8Array;
  /** `[places, width]` */
  readonly #numbers: Float64Array;
  /** By place: when it was used last, in uses of the table; 0 if it is free. */
  readonly #usedAt: Float64Array;
  readonly #details = new Map<number, Detail>();
  #uses = 0;
  #size = 0;

  /**
   * @param maxEntries from 1; up to an eighth less are held
   * @param width numbers an entry
   */
  constructor(maxEntries: number, width: number) {
    const groups = 2 ** Math.max(0, Math.floor(Math.log2(maxEntries / PLACES_A_GROUP)));
    this.#width = width;
    this.#groupSize = Math.floor(maxEntries / groups);
    this.#groupMask = groups - 1;
    const places = groups * this.#groupSize;
    this.#digests = new Uint8Array(places * DIGEST_BYTES);
    this.#numbers = new Float64Array(places * width);
    this.#usedAt = new Float64Array(places);
  }

  get size(): number {
    return this.#size;
  }

  /**
   * The place of an entry, valid until the next `add`; -1 if there is none.
   * @param digest SHA-256, a character a byte (Node's encoding `binary`)
   */
  find(digest: string): number {
    const first = this.#firstPlace(digest);
    for (let place = first; place < first + this.#groupSize; place++) {
      if (this.#usedAt[place] === 0 || !this.#holds(place, digest)) continue;
      this.#usedAt[place] = ++this.#uses;
      return place;
    }
    return -1;
  }

  /** The number `column` of the entry at `place`. */
  numberAt(place: number, column: number): number {
    return this.#numbers[place * this.#width + column];
  }

  detailAt(place: number): Detail | undefined {
    // Most tables have none.
    return this.#details.size === 0 ? undefined : this.#details.get(place);
  }

  /** Adds an entry, or gives one other numbers and another detail. */
  add(digest: string, numbers: ArrayLike<number>, detail?: Detail): void {
    let place = this.find(digest);
    if (place < 0) {
      place = this.#makeRoom(this.#firstPlace(digest));
      for (let i = 0; i < DIGEST_BYTES; i++) this.#digests[place * DIGEST_BYTES + i] = digest.charCodeAt(i);
    }
    for (let i = 0; i < this.#width; i++) this.#numbers[place * this.#width + i] = numbers[i];
    if (detail === undefined) this.#details.delete(place);
    else this.#details.set(place, detail);
  }

  /** The place, of those from `first` on, that is free or was used longest ago; it counts as used now. */
  #makeRoom(first: number): number {
    let oldest = first;
    for (let place = first + 1; place < first + this.#groupSize; place++)
      if (this.#usedAt[place] < this.#usedAt[oldest]) oldest = place;
    if (this.#usedAt[oldest] === 0) this.#size++;
    this.#usedAt[oldest] = ++this.#uses;
    return oldest;
  }

  /** The first of the places that `digest` may take. */
  #firstPlace(digest: string): number {
    const bits = digest.charCodeAt(0) | (digest.charCodeAt(1) << 8) | (digest.charCodeAt(2) << 16);
    return (bits & this.#groupMask) * this.#groupSize;
  }

  #holds(place: number, digest: string): boolean {
    const at = place * DIGEST_BYTES;
    for (let i = 0; i < DIGEST_BYTES; i++) if (this.#digests[at + i] !== digest.charCodeAt(i)) return false;
    return true;
  }
}
