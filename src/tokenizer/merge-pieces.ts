import { LongMerger } from "./merge-long.js";
import { findPair, NO_MERGE } from "./rank-lookup.js";
import type { RankTable } from "./rank-table.js";

/** Pieces up to this length are merged by scanning for the lowest rank; it is quadratic, and fastest there. */
const SCAN_BYTES = 80;
/** Longer pieces are merged in windows of this size. */
const WINDOW_BYTES = 1 << 16;
/** Tokens at the end of a window that are merged anew with the next one. */
const UNSETTLED_TOKENS = 8;

/**
 * Byte-pair merging: of all neighbours that are a token together, the pair of the lowest rank (leftmost of equals) is
 * merged first. An instance owns its scratch memory; results are ids in `ids[0, count)`.
 */
export class PieceMerger {
  readonly #table: RankTable;
  #ids = new Int32Array(0);
  readonly #short = new Int32Array(SCAN_BYTES + 1);
  readonly #ranks = new Int32Array(SCAN_BYTES + 1);
  readonly #windowBytes: number;
  #long: LongMerger | undefined;
  #window = new Int32Array(0);
  #joined = new Int32Array(0);

  /** @param windowBytes most bytes of a long piece that are merged at once */
  constructor(table: RankTable, windowBytes = WINDOW_BYTES) {
    this.#table = table;
    this.#windowBytes = windowBytes;
  }

  /** Ids of the last merged piece; valid until the next one. */
  get ids(): Int32Array {
    return this.#ids;
  }

  /** Merges `bytes[start, end)`, at least one byte. @returns the number of ids */
  merge(bytes: Uint8Array, start: number, end: number): number {
    return end - start <= SCAN_BYTES
      ? this.#mergeShort(bytes, start, end)
      : this.#mergeLong(bytes, start, end);
  }

  #mergeShort(bytes: Uint8Array, start: number, end: number): number {
    const { bytePairs, byteIds, pairs, pairShift } = this.#table;
    const ids = (this.#ids = this.#short);
    const ranks = this.#ranks;
    let last = end - start - 1;
    let best = NO_MERGE;
    let bestAt = 0;
    let byte = bytes[start];
    for (let i = 0; i < last; i++) {
      ids[i] = byteIds[byte];
      const nextByte = bytes[start + i + 1];
      const rank = (bytePairs[(byte << 8) | nextByte] - 1) & NO_MERGE;
      ranks[i] = rank;
      if (rank < best) {
        best = rank;
        bestAt = i;
      }
      byte = nextByte;
    }
    ids[last] = byteIds[byte];
    ranks[last] = NO_MERGE;
    while (best !== NO_MERGE) {
      ids[bestAt] = best;
      last--;
      for (let i = bestAt + 1; i <= last; i++) {
        ids[i] = ids[i + 1];
        ranks[i] = ranks[i + 1];
      }
      ranks[bestAt] = bestAt < last ? findPair(pairs, pairShift, best, ids[bestAt + 1]) : NO_MERGE;
      if (bestAt > 0) ranks[bestAt - 1] = findPair(pairs, pairShift, ids[bestAt - 1], best);
      best = NO_MERGE;
      for (let i = 0; i < last; i++) {
        if (ranks[i] < best) {
          best = ranks[i];
          bestAt = i;
        }
      }
    }
    return last + 1;
  }

  /**
   * Merges window by window, so that scratch memory does not grow with the piece. A sequence of tokens is what merging
   * gives if every two neighbours in it are what merging the two gives, so windows are joined at a token behind which
   * the next window's first token stays as it is. Where it does not, the window begins
   * a token earlier and is twice as long, so the end is reached in any case.
   */
  #mergeLong(bytes: Uint8Array, start: number, end: number): number {
    this.#long ??= new LongMerger(this.#table);
    const { offsets } = this.#table;
    let count = 0;
    let at = start;
    let size = this.#windowBytes;
    while (at < end) {
      const stop = Math.min(end, at + size);
      const window =
        this.#window.length < stop - at ? (this.#window = new Int32Array(stop - at)) : this.#window;
      const found = this.#long.merge(bytes, at, stop, window);
      if (count > 0 && !this.#stayApart(this.#joined[count - 1], window[0], bytes, at)) {
        // The token before goes into this window, and the border before that one is tried.
        count--;
        at -= offsets[this.#joined[count] + 1] - offsets[this.#joined[count]];
        size += size;
        continue;
      }
      // The last tokens of a window may have merged with what follows.
      const kept = stop === end ? found : Math.max(1, found - UNSETTLED_TOKENS);
      if (this.#joined.length < count + kept) {
        const grown = new Int32Array((count + kept) * 2);
        grown.set(this.#joined.subarray(0, count));
        this.#joined = grown;
      }
      for (let i = 0; i < kept; i++) {
        this.#joined[count++] = window[i];
        at += offsets[window[i] + 1] - offsets[window[i]];
      }
    }
    this.#ids = this.#joined;
    return count;
  }

  /** Whether merging the bytes of two tokens, the second of which starts at `border`, gives these two again. */
  #stayApart(left: number, right: number, bytes: Uint8Array, border: number): boolean {
    const { offsets } = this.#table;
    const start = border - (offsets[left + 1] - offsets[left]);
    const end = border + (offsets[right + 1] - offsets[right]);
    const ids = new Int32Array(end - start);
    return this.#long!.merge(bytes, start, end, ids) === 2 && ids[0] === left && ids[1] === right;
  }
}
