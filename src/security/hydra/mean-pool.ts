import type { Table } from "./floats.js";

const BLOCK_TOKENS = 64;
/** Blocks that are remembered: more than a window of 512 tokens has. A power of two. */
const KEPT_BLOCKS = 16;

/**
 * Means of embedding rows. Windows of one text overlap, as parts of one array: sums of its aligned blocks of 64 tokens are
 * remembered and taken again by the next window.
 */
export class MeanPool {
  readonly #table: Table;
  readonly #sum: Float64Array;
  readonly #blockSums: Float64Array;
  /** Which block each place of `#blockSums` holds, -1 for none. */
  readonly #blocks = new Int32Array(KEPT_BLOCKS).fill(-1);
  #buffer: ArrayBufferLike | undefined;

  constructor(table: Table) {
    this.#table = table;
    this.#sum = new Float64Array(table.cols);
    this.#blockSums = new Float64Array(KEPT_BLOCKS * table.cols);
  }

  /** Writes the mean of the rows `ids` to `out` from `at` on; zeros for no ids. Ids past the table take its last row. */
  pool(ids: Int32Array, out: Float32Array, at: number): void {
    if (ids.buffer !== this.#buffer) {
      this.#buffer = ids.buffer;
      this.#blocks.fill(-1);
    }
    const sum = this.#sum.fill(0);
    const origin = ids.byteOffset / 4;
    let index = 0;
    while (index < ids.length) {
      const position = origin + index;
      const blockEnd = (Math.floor(position / BLOCK_TOKENS) + 1) * BLOCK_TOKENS - origin;
      if (position % BLOCK_TOKENS === 0 && blockEnd <= ids.length) {
        const from = this.#sumBlock(ids, index, position / BLOCK_TOKENS);
        for (let j = 0; j < sum.length; j++) sum[j] += this.#blockSums[from + j];
      } else this.#addRows(ids, index, Math.min(blockEnd, ids.length), sum, 0);
      index = blockEnd;
    }
    const scale = 1 / Math.max(1, ids.length);
    for (let j = 0; j < sum.length; j++) out[at + j] = sum[j] * scale;
  }

  /** Forgets the text: its array may be filled anew, and shall not be kept alive. */
  reset(): void {
    this.#buffer = undefined;
  }

  /** Where the sum of the block begins in `#blockSums`. */
  #sumBlock(ids: Int32Array, index: number, block: number): number {
    const place = block % KEPT_BLOCKS;
    const cols = this.#table.cols;
    const from = place * cols;
    if (this.#blocks[place] !== block) {
      this.#blockSums.fill(0, from, from + cols);
      this.#addRows(ids, index, index + BLOCK_TOKENS, this.#blockSums, from);
      this.#blocks[place] = block;
    }
    return from;
  }

  /** Adds the rows of the ids from `index` to before `end` to `sums` from `from` on. */
  #addRows(ids: Int32Array, index: number, end: number, sums: Float64Array, from: number): void {
    const { cols, rows, values, scales } = this.#table;
    const last = rows - 1;
    const scaleOf = (row: number): number => (scales === undefined ? 1 : scales[row]);
    let i = index;
    // Four rows at a time: each sum is loaded and stored once for them.
    for (; i + 4 <= end; i += 4) {
      const row0 = Math.min(ids[i], last);
      const row1 = Math.min(ids[i + 1], last);
      const row2 = Math.min(ids[i + 2], last);
      const row3 = Math.min(ids[i + 3], last);
      const scale0 = scaleOf(row0);
      const scale1 = scaleOf(row1);
      const scale2 = scaleOf(row2);
      const scale3 = scaleOf(row3);
      const at0 = row0 * cols;
      const at1 = row1 * cols;
      const at2 = row2 * cols;
      const at3 = row3 * cols;
      for (let j = 0; j < cols; j++) {
        sums[from + j] +=
          values[at0 + j] * scale0 +
          values[at1 + j] * scale1 +
          values[at2 + j] * scale2 +
          values[at3 + j] * scale3;
      }
    }
    for (; i < end; i++) {
      const row = Math.min(ids[i], last);
      const scale = scaleOf(row);
      for (let j = 0; j < cols; j++) sums[from + j] += values[row * cols + j] * scale;
    }
  }
}
