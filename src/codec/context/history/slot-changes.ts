/** Most slots that a history changes for good; 160 KB. */
const MAX_CHANGES = 8192;
const PLACES = MAX_CHANGES * 2;

/** What one history learnt, beside the counters that all share: slots and their values, brought in for the time of a message. */
export class SlotChanges {
  readonly #slots = new Int32Array(MAX_CHANGES);
  readonly #values = new Int32Array(MAX_CHANGES);
  /** By hash of the slot: its place above + 1. */
  readonly #places = new Int16Array(PLACES);
  #count = 0;

  /** Writes the changes by `set`, which remembers what was there. */
  apply(set: (slot: number, value: number) => void): void {
    for (let i = 0; i < this.#count; i++) set(this.#slots[i], this.#values[i]);
  }

  /** Takes over the values of the slots that a journal names, as far as there is room. */
  take(slots: Int32Array, journal: Int32Array, journalSize: number): void {
    for (let at = 0; at < journalSize; at += 2) {
      const slot = journal[at];
      const place = this.#placeOf(slot);
      const known = this.#places[place];
      if (known !== 0) this.#values[known - 1] = slots[slot];
      else if (this.#count < MAX_CHANGES) {
        this.#slots[this.#count] = slot;
        this.#values[this.#count] = slots[slot];
        this.#places[place] = ++this.#count;
      }
    }
  }

  /** Slots of a journal that there was no room for when it was taken, with their values: what an event that pauses has to have again. */
  missing(slots: Int32Array, journal: Int32Array, journalSize: number): ReadonlyMap<number, number> {
    const values = new Map<number, number>();
    if (this.#count < MAX_CHANGES) return values;
    for (let at = 0; at < journalSize; at += 2) {
      const slot = journal[at];
      if (this.#places[this.#placeOf(slot)] === 0) values.set(slot, slots[slot]);
    }
    return values;
  }

  /** Where `slot` is, or would be. */
  #placeOf(slot: number): number {
    let place = (Math.imul(slot, 0x9e3779b1) >>> 18) & (PLACES - 1);
    for (;;) {
      const known = this.#places[place];
      if (known === 0 || this.#slots[known - 1] === slot) return place;
      place = (place + 1) & (PLACES - 1);
    }
  }

  clear(): void {
    this.#places.fill(0);
    this.#count = 0;
  }
}
