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
      let place = (Math.imul(slot, 0x9e3779b1) >>> 18) & (PLACES - 1);
      for (;;) {
        const known = this.#places[place];
        if (known === 0) {
          if (this.#count === MAX_CHANGES) break;
          this.#slots[this.#count] = slot;
          this.#values[this.#count] = slots[slot];
          this.#places[place] = ++this.#count;
          break;
        }
        if (this.#slots[known - 1] === slot) {
          this.#values[known - 1] = slots[slot];
          break;
        }
        place = (place + 1) & (PLACES - 1);
      }
    }
  }

  clear(): void {
    this.#places.fill(0);
    this.#count = 0;
  }
}
