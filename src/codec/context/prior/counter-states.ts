import { LINE_SLOTS } from "../modelling/slot-table.js";

/** Counts a learnt counter may have. */
export const STATE_COUNTS: readonly number[] = [1, 2, 3, 4, 6, 10, 20, 40];
export const STATE_PROBABILITIES = 32;

/** Counters as the file has them: filled slots only, a byte of check and a byte of state each. */
export interface PackedCounters {
  readonly lineBits: number;
  /** Filled slots of each bucket, two bits each, the first in the lowest. */
  readonly fill: Uint8Array;
  readonly checks: Uint8Array;
  /** Index of the probability in the upper five bits, of the count in the lower three. */
  readonly states: Uint8Array;
  /** The probabilities, in 65536ths. */
  readonly probabilities: Uint16Array;
}

/** What a slot has for each state, its check aside. */
export function stateValues(packed: PackedCounters): Int32Array {
  return Int32Array.from(
    { length: 256 },
    (_, state) => (packed.probabilities[state >> 3] << 16) | STATE_COUNTS[state & 7],
  );
}

/** Fills `slots`, all zero, with the counters. */
export function unpackCounters(packed: PackedCounters, slots: Int32Array): void {
  const { fill, checks, states } = packed;
  const values = stateValues(packed);
  const buckets = (LINE_SLOTS / 4) << packed.lineBits;
  let at = 0;
  for (let bucket = 0; bucket < buckets; bucket++) {
    const filled = (fill[bucket >> 2] >> ((bucket & 3) << 1)) & 3;
    const slot = bucket << 2;
    for (let i = 0; i < filled; i++, at++) slots[slot + i] = values[states[at]] | (checks[at] << 8);
  }
}
