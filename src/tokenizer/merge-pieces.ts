import type { RankTable } from "./rank-table.js";

/** Pieces up to this length are merged by scanning for the lowest rank; it is quadratic, and fastest there. */
const SCAN_BYTES = 80;
const NO_MERGE = 0x7fffffff;
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
  #long: LongScratch | undefined;
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
    this.#long ??= new LongScratch(this.#table);
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

/** Merged id of two neighbours, or `NO_MERGE`. */
function findPair(pairs: Int32Array, pairShift: number, left: number, right: number): number {
  const mask = pairs.length - 2;
  const first = left | (right << 18);
  const rest = (1 << 4) | (right >>> 14);
  let slot = (Math.imul(Math.imul(left, 0x9e3779b1) + right, 0x85ebca6b) >>> pairShift) << 1;
  for (;;) {
    const second = pairs[slot + 1];
    if (second === 0) return NO_MERGE;
    if (pairs[slot] === first && second >> 18 === rest) return second & 0x3ffff;
    slot = (slot + 2) & mask;
  }
}

/**
 * Merging of long pieces. Pairs of one rank hang in one list, and a heap holds the ranks that have a list, so each
 * pair costs constant time and each distinct rank one heap step.
 */
class LongScratch {
  readonly #table: RankTable;
  /** First position of each rank's list, -1 where it is empty. */
  readonly #heads: Int32Array;
  #capacity = 0;
  #next = new Int32Array(0);
  #previous = new Int32Array(0);
  /** Rank of the pair that starts at a position, `NO_MERGE` if it is no token. */
  #ranks = new Int32Array(0);
  #nextInList = new Int32Array(0);
  #previousInList = new Int32Array(0);
  #heap: number[] = [];

  constructor(table: RankTable) {
    this.#table = table;
    this.#heads = new Int32Array(table.rankCount).fill(-1);
  }

  merge(bytes: Uint8Array, start: number, end: number, ids: Int32Array): number {
    const length = end - start;
    this.#reserve(length);
    const { bytePairs, byteIds, pairs, pairShift } = this.#table;
    const next = this.#next;
    const previous = this.#previous;
    for (let i = length - 1; i >= 0; i--) {
      const byte = bytes[start + i];
      ids[i] = byteIds[byte];
      next[i] = i + 1 < length ? i + 1 : -1;
      previous[i] = i - 1;
      this.#link(
        i,
        i + 1 < length ? (bytePairs[(byte << 8) | bytes[start + i + 1]] - 1) & NO_MERGE : NO_MERGE,
      );
    }
    while (this.#heap.length > 0) {
      const rank = this.#popRank();
      for (const at of this.#positionsOf(rank)) {
        if (this.#ranks[at] !== rank) continue;
        // A merge may make a pair of a lower rank (Llama 3 has some): it goes first, the rest of this list later.
        if (this.#heap[0] < rank) {
          this.#pushRank(rank);
          break;
        }
        const right = next[at];
        const behind = next[right];
        const before = previous[at];
        this.#unlink(right);
        this.#unlink(at);
        ids[at] = rank;
        next[at] = behind;
        if (behind >= 0) previous[behind] = at;
        this.#link(at, behind >= 0 ? findPair(pairs, pairShift, rank, ids[behind]) : NO_MERGE);
        if (before >= 0) {
          this.#unlink(before);
          this.#link(before, findPair(pairs, pairShift, ids[before], rank));
        }
      }
    }
    let count = 0;
    for (let at = 0; at >= 0; at = next[at]) ids[count++] = ids[at];
    return count;
  }

  #reserve(length: number): void {
    if (length <= this.#capacity) return;
    this.#capacity = length;
    this.#next = new Int32Array(length);
    this.#previous = new Int32Array(length);
    this.#ranks = new Int32Array(length);
    this.#nextInList = new Int32Array(length);
    this.#previousInList = new Int32Array(length);
  }

  /** The list's positions, ascending: where equal tokens stand in a row, leftmost pairs go first. */
  #positionsOf(rank: number): Int32Array {
    let count = 0;
    for (let at = this.#heads[rank]; at >= 0; at = this.#nextInList[at]) count++;
    const positions = new Int32Array(count);
    let ascending = true;
    let i = 0;
    for (let at = this.#heads[rank]; at >= 0; at = this.#nextInList[at]) {
      positions[i] = at;
      if (i > 0 && positions[i - 1] > at) ascending = false;
      i++;
    }
    return ascending ? positions : positions.sort();
  }

  #link(at: number, rank: number): void {
    this.#ranks[at] = rank;
    if (rank === NO_MERGE) return;
    const head = this.#heads[rank];
    if (head < 0) this.#pushRank(rank);
    else this.#previousInList[head] = at;
    this.#nextInList[at] = head;
    this.#previousInList[at] = -1;
    this.#heads[rank] = at;
  }

  #unlink(at: number): void {
    const rank = this.#ranks[at];
    if (rank === NO_MERGE) return;
    const before = this.#previousInList[at];
    const behind = this.#nextInList[at];
    if (before < 0) this.#heads[rank] = behind;
    else this.#nextInList[before] = behind;
    if (behind >= 0) this.#previousInList[behind] = before;
    this.#ranks[at] = NO_MERGE;
  }

  #pushRank(rank: number): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(rank);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (heap[parent] <= rank) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = rank;
  }

  #popRank(): number {
    const heap = this.#heap;
    const top = heap[0];
    const moved = heap.pop()!;
    const size = heap.length;
    if (size === 0) return top;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= size) break;
      if (child + 1 < size && heap[child + 1] < heap[child]) child++;
      if (heap[child] >= moved) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = moved;
    return top;
  }
}
