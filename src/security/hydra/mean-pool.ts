import type { RowSums } from "./row-sums.js";

const BLOCK_TOKENS = 64;
/** Blocks that are remembered: more than a window of 512 tokens has. A power of two. */
const KEPT_BLOCKS = 16;

/**
 * Means of embedding rows. Windows of one text overlap, as parts of one array: sums of its aligned blocks of 64 tokens are
 * remembered and taken again by the next window.
 */
export class MeanPool {
  readonly #rows: RowSums;
  readonly #sum: Float64Array;
  readonly #blockSums: Float64Array;
  /** Which block each place of `#blockSums` holds, -1 for none. */
  readonly #blocks = new Int32Array(KEPT_BLOCKS).fill(-1);
  #buffer: ArrayBufferLike | undefined;

  constructor(rows: RowSums) {
    this.#rows = rows;
    this.#sum = new Float64Array(rows.cols);
    this.#blockSums = new Float64Array(KEPT_BLOCKS * rows.cols);
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
      } else this.#rows.add(ids, index, Math.min(blockEnd, ids.length), sum, 0);
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
    const cols = this.#rows.cols;
    const from = place * cols;
    if (this.#blocks[place] !== block) {
      this.#blockSums.fill(0, from, from + cols);
      this.#rows.add(ids, index, index + BLOCK_TOKENS, this.#blockSums, from);
      this.#blocks[place] = block;
    }
    return from;
  }
}
