import { createHabitTable, placeOf } from "./habit-table.js";

/** Longer numbers are not followed. */
const MAX_DIGITS = 9;
const TOO_LARGE = 1_000_000_000;
const MAX_COUNT = 7;

/** What is asked of the text so far. */
export interface NumberPlace {
  readonly inString: boolean;
  /** Whether a literal of this JSON text may begin here. */
  readonly mayBeginLiteral: boolean;
  /** Hash of the key and the one around it. */
  readonly keys: number;
}

/**
 * Whole numbers behind keys, which often step on by as much as last time: sequence numbers, indices, counts. Remembers the last
 * number behind each key, its step, and what ended it.
 */
export class NumberSteps {
  /** Of each entry: hash of its keys, last number, step, and the byte behind it above how often the step held. */
  readonly table = createHabitTable();
  /** What is expected next; -1: nothing. */
  byte = -1;
  /** How often in a row the step held, 1 to 7. */
  count = 0;
  /** Digits of the number at hand; -1: there is none. */
  #digits = -1;
  #value = 0;

  forget(): void {
    this.table.fill(0);
  }

  /** No number is at hand. */
  leave(): void {
    this.#digits = -1;
  }

  /** Looks up what is expected next. */
  find(place: NumberPlace): void {
    this.byte = -1;
    const digits = this.#digits;
    if (digits < 0 || (digits === 0 && !place.mayBeginLiteral)) return;
    const { keys } = place;
    const at = placeOf(keys);
    const { table } = this;
    const ending = table[at + 3];
    if (ending === 0 || table[at] !== keys) return;
    const goal = table[at + 1] + table[at + 2];
    if (goal < 0 || goal >= TOO_LARGE) return;
    let width = 1;
    while (10 ** width <= goal) width++;
    if (digits > width) return;
    // What stands so far has to be how the number begins.
    const unit = 10 ** (width - digits);
    if (Math.floor(goal / unit) !== this.#value) return;
    this.byte = digits === width ? ending >> 8 : 48 + (Math.floor(goal / (unit / 10)) % 10);
    this.count = ending & 255;
  }

  /** Learns the next byte. Called before `place` knows it. */
  append(byte: number, place: NumberPlace): void {
    if (place.inString) return;
    if (byte === 58) {
      this.#digits = this.#value = 0;
      return;
    }
    const digits = this.#digits;
    if (digits < 0) return;
    if (byte >= 48 && byte <= 57 && digits < MAX_DIGITS) {
      this.#value = this.#value * 10 + byte - 48;
      this.#digits = digits + 1;
      return;
    }
    if (digits === 0 && (byte === 32 || byte === 10 || byte === 13)) return;
    this.#digits = -1;
    if (digits === 0 || (byte >= 48 && byte <= 57) || byte === 46 || byte === 101 || byte === 69) return;
    const { keys } = place;
    const { table } = this;
    const at = placeOf(keys);
    const isKnown = table[at + 3] !== 0 && table[at] === keys;
    const step = isKnown ? this.#value - table[at + 1] : 0;
    const count = isKnown && step === table[at + 2] ? Math.min(MAX_COUNT, (table[at + 3] & 255) + 1) : 1;
    table[at] = keys;
    table[at + 1] = this.#value;
    table[at + 2] = step;
    table[at + 3] = (byte << 8) | count;
  }
}
