import { NumberHeap } from "./number-heap.js";
import { findPair, NO_MERGE } from "./rank-lookup.js";
import type { RankTable } from "./rank-table.js";

/** In `#previousInList`: the pair hangs in no list. */
const LOOSE = -2;
/** Keys of late pairs are `rank * POSITIONS + position`, which is below 2^53. */
const POSITIONS = 2 ** 31;

/**
 * Byte-pair merging in O(n log n) for any table. Pairs of one rank hang in one list; a heap holds the ranks that have a
 * list. The list of the lowest rank is taken as a whole and worked off from left to right. A merge may make a pair of no
 * higher rank than that (81 tokens of Llama 3 rank below one of their parts): such late pairs go to a heap of their own,
 * ordered by rank and position, and each is merged when nothing comes before it.
 *
 * A pair that is gone never comes back: a rank at a position means certain bytes of the text, and tokens only grow. So
 * it is enough to check, when a pair's turn comes, that it is still there.
 */
export class LongMerger {
  readonly #table: RankTable;
  /** First position of each rank's list, -1 where it is empty. */
  readonly #heads: Int32Array;
  readonly #listedRanks = new NumberHeap();
  readonly #latePairs = new NumberHeap();
  /** The rank whose pairs are being merged. */
  #current = -1;
  #capacity = 0;
  #next = new Int32Array(0);
  #previous = new Int32Array(0);
  /** Rank of the pair that starts at a position, `NO_MERGE` if there is none. */
  #ranks = new Int32Array(0);
  #nextInList = new Int32Array(0);
  #previousInList = new Int32Array(0);
  /** Positions of the pairs of the current rank, ascending. */
  #batch = new Int32Array(0);

  constructor(table: RankTable) {
    this.#table = table;
    this.#heads = new Int32Array(table.rankCount).fill(-1);
  }

  /** Merges `bytes[start, end)` and writes the ids to `ids`, one a byte at most. @returns the number of ids */
  merge(bytes: Uint8Array, start: number, end: number, ids: Int32Array): number {
    this.#linkBytes(bytes, start, end, ids);
    const { pairs, pairShift } = this.#table;
    const next = this.#next;
    const previous = this.#previous;
    const latePairs = this.#latePairs;
    let batchSize = 0;
    let done = 0;
    for (;;) {
      let rank = this.#current;
      let at: number;
      if (
        latePairs.size > 0 &&
        (done === batchSize || latePairs.top < rank * POSITIONS + this.#batch[done])
      ) {
        const late = latePairs.pop();
        rank = Math.floor(late / POSITIONS);
        at = late - rank * POSITIONS;
      } else if (done < batchSize) {
        at = this.#batch[done++];
      } else if (this.#listedRanks.size > 0) {
        this.#current = this.#listedRanks.pop();
        batchSize = this.#takeList(this.#current);
        done = 0;
        continue;
      } else {
        break;
      }
      if (this.#ranks[at] !== rank) continue;
      const right = next[at];
      const behind = next[right];
      const before = previous[at];
      this.#unlink(right);
      this.#unlink(at);
      ids[at] = rank;
      next[at] = behind;
      if (behind >= 0) {
        previous[behind] = at;
        this.#link(at, findPair(pairs, pairShift, rank, ids[behind]));
      }
      if (before >= 0) {
        this.#unlink(before);
        this.#link(before, findPair(pairs, pairShift, ids[before], rank));
      }
    }
    let count = 0;
    for (let at = 0; at >= 0; at = next[at]) ids[count++] = ids[at];
    return count;
  }

  /** Makes each byte a token and links the pairs. */
  #linkBytes(bytes: Uint8Array, start: number, end: number, ids: Int32Array): void {
    const last = end - start - 1;
    this.#reserve(last + 1);
    this.#current = -1;
    const { bytePairs, byteIds } = this.#table;
    // From right to left, so that each list is ascending.
    for (let i = last; i >= 0; i--) {
      const byte = bytes[start + i];
      ids[i] = byteIds[byte];
      this.#next[i] = i < last ? i + 1 : -1;
      this.#previous[i] = i - 1;
      this.#ranks[i] = NO_MERGE;
      if (i < last) this.#link(i, (bytePairs[(byte << 8) | bytes[start + i + 1]] - 1) & NO_MERGE);
    }
  }

  #reserve(length: number): void {
    if (length <= this.#capacity) return;
    this.#capacity = length;
    this.#next = new Int32Array(length);
    this.#previous = new Int32Array(length);
    this.#ranks = new Int32Array(length);
    this.#nextInList = new Int32Array(length);
    this.#previousInList = new Int32Array(length);
    this.#batch = new Int32Array(length);
  }

  /** Empties a rank's list into `#batch`: where equal tokens stand in a row, leftmost pairs go first. */
  #takeList(rank: number): number {
    const batch = this.#batch;
    let size = 0;
    let ascending = true;
    for (let at = this.#heads[rank]; at >= 0; at = this.#nextInList[at]) {
      if (size > 0 && batch[size - 1] > at) ascending = false;
      batch[size++] = at;
      this.#previousInList[at] = LOOSE;
    }
    this.#heads[rank] = -1;
    if (!ascending) batch.subarray(0, size).sort();
    return size;
  }

  #link(at: number, rank: number): void {
    this.#ranks[at] = rank;
    if (rank === NO_MERGE) return;
    if (rank <= this.#current) {
      this.#latePairs.push(rank * POSITIONS + at);
      this.#previousInList[at] = LOOSE;
      return;
    }
    const head = this.#heads[rank];
    if (head < 0) this.#listedRanks.push(rank);
    else this.#previousInList[head] = at;
    this.#nextInList[at] = head;
    this.#previousInList[at] = -1;
    this.#heads[rank] = at;
  }

  #unlink(at: number): void {
    const rank = this.#ranks[at];
    if (rank === NO_MERGE) return;
    this.#ranks[at] = NO_MERGE;
    const before = this.#previousInList[at];
    if (before === LOOSE) return;
    const behind = this.#nextInList[at];
    if (before < 0) this.#heads[rank] = behind;
    else this.#nextInList[before] = behind;
    if (behind >= 0) this.#previousInList[behind] = before;
  }
}
