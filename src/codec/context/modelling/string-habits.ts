import { createHabitTable, placeOf } from "./habit-table.js";

const MAX_COUNT = 8;
/** Above the counts of numbers. */
const FIRST_COUNT = 8;
/** Strings in a row that were random to their ends before the next is taken for random from its start. */
const SURE = 2;
/** First bytes of a string that are taken for random; behind them it shows. */
const FIRST_BYTES = 4;
const QUOTE = 34;

/** What is asked of the text so far. */
export interface StringPlace {
  /** Whether the next byte stands in a string that is no key. */
  readonly inText: boolean;
  readonly isEscaped: boolean;
  readonly valueBytes: number;
  /** Bytes since the last line break. */
  readonly lineBytes: number;
  /** Hash of the key and the one around it. */
  readonly keys: number;
}

/**
 * How strings behind keys went before: where in the line the last one ended, as padding makes them, and whether they were random.
 */
export class StringHabits {
  /** Of each entry: hash of its keys, bytes of the line before the end, how often that held, random strings in a row. */
  readonly table = createHabitTable();
  /** The quote, where it is expected next; else -1. */
  byte = -1;
  /** How often in a row it came where it was expected, 8 to 15. */
  count = 0;

  forget(): void {
    this.table.fill(0);
  }

  find(place: StringPlace): void {
    this.byte = -1;
    const at = placeOf(place.keys);
    const { table } = this;
    if (!place.inText || table[at] !== place.keys || table[at + 1] !== place.lineBytes) return;
    if (table[at + 2] === 0) return;
    this.byte = QUOTE;
    this.count = FIRST_COUNT - 1 + table[at + 2];
  }

  /** Whether the next byte begins, or follows the beginning of, what was random the last times. */
  startsRandom(place: StringPlace): boolean {
    if (!place.inText || place.valueBytes >= FIRST_BYTES) return false;
    const at = placeOf(place.keys);
    return this.table[at] === place.keys && this.table[at + 3] >= SURE;
  }

  /** Learns the next byte. Called before `place` knows it. @param isRandom whether it was taken for one of a random text */
  append(byte: number, place: StringPlace, isRandom: boolean): void {
    if (byte !== QUOTE || !place.inText || place.isEscaped) return;
    const at = placeOf(place.keys);
    const { table } = this;
    const isKnown = table[at] === place.keys && table[at + 2] !== 0;
    const held = isKnown && table[at + 1] === place.lineBytes ? Math.min(MAX_COUNT, table[at + 2] + 1) : 1;
    table[at + 3] = isRandom ? (isKnown ? Math.min(SURE, table[at + 3] + 1) : 1) : 0;
    table[at] = place.keys;
    table[at + 1] = place.lineBytes;
    table[at + 2] = held;
  }
}
