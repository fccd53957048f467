/** Slots of one line: as many as a cache line of 64 bytes holds. */
export const LINE_SLOTS = 16;
/** A slot: probability of a 1 in 65536ths, above a check of 8 bits (never 0), above a count of 8 bits. */
export const CHECK_MASK = 0xff00;
export const COUNT_MASK = 0xff;

const FIRST_JOURNAL = 1 << 15;
/** Writes that are remembered at most, two entries each; 8 MiB. */
const MAX_JOURNAL = 1 << 21;

/**
 * The counters of all contexts. Writes go through a journal, so that a message leaves the table as it found it; when it is full,
 * the table is filled anew instead.
 */
export class SlotTable {
  readonly slots: Int32Array;
  readonly lineBits: number;
  /** Index and former value of each write, in turn. */
  journal = new Int32Array(FIRST_JOURNAL);
  journalSize = 0;
  #isFull = false;
  readonly #fill: (slots: Int32Array) => void;

  /** @param lineBits binary logarithm of the number of lines */
  constructor(lineBits: number, fill: (slots: Int32Array) => void) {
    this.lineBits = lineBits;
    this.slots = new Int32Array(LINE_SLOTS << lineBits);
    this.#fill = fill;
    fill(this.slots);
  }

  set(index: number, value: number): void {
    const { slots } = this;
    if (this.journalSize === this.journal.length) this.#grow();
    if (!this.#isFull) {
      this.journal[this.journalSize++] = index;
      this.journal[this.journalSize++] = slots[index];
    }
    slots[index] = value;
  }

  /** Takes all writes since the last call back. */
  restore(): void {
    const { journal, slots } = this;
    if (this.#isFull) {
      slots.fill(0);
      this.#fill(slots);
      this.#isFull = false;
    } else for (let at = this.journalSize - 2; at >= 0; at -= 2) slots[journal[at]] = journal[at + 1];
    this.journalSize = 0;
  }

  #grow(): void {
    if (this.journal.length === MAX_JOURNAL) {
      this.#isFull = true;
      return;
    }
    const grown = new Int32Array(this.journal.length * 2);
    grown.set(this.journal);
    this.journal = grown;
  }
}
