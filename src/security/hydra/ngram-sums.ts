import { BLOCK_TOKENS, BlockRing } from "./block-ring.js";
import type { Table } from "./floats.js";
import { addRow, addRows } from "./table-rows.js";
import type { HydraConfig } from "./types.js";
import { hashNgram } from "./windows.js";

/** The linear branch: sums of the rows of hashed n-grams over windows of a stream of tokens. */
export class NgramSums {
  readonly #table: Table;
  readonly #config: NonNullable<HydraConfig["ngram"]>;
  readonly #ring: BlockRing;
  /** `[places, cols]`: sums of the n-grams of all orders that begin in a block. */
  readonly #blockSums: Float64Array;
  readonly #sum: Float64Array;
  /** Of the n-grams that begin in a block. */
  readonly #rows: Int32Array;
  #ids: Int32Array = new Int32Array(0);

  constructor(table: Table, config: NonNullable<HydraConfig["ngram"]>, longest: number) {
    this.#table = table;
    this.#config = config;
    this.#ring = new BlockRing(longest);
    this.#blockSums = new Float64Array(this.#ring.size * table.cols);
    this.#sum = new Float64Array(table.cols);
    this.#rows = new Int32Array(BLOCK_TOKENS * config.orders.length);
  }

  begin(ids: Int32Array): void {
    this.#ids = ids;
    this.#ring.clear();
  }

  /** Forgets the stream. */
  end(): void {
    this.#ids = new Int32Array(0);
  }

  /** Adds the branch of the tokens `first` to before `last` to `logits` from `at` on. */
  add(first: number, last: number, logits: Float32Array, at: number): void {
    const sum = this.#sum.fill(0);
    const firstBlock = Math.ceil(first / BLOCK_TOKENS);
    const lastBlock = Math.max(firstBlock, Math.floor(last / BLOCK_TOKENS));
    const head = Math.min(last, firstBlock * BLOCK_TOKENS);
    this.#addFrom(first, head, sum, 0);
    for (let block = firstBlock; block < lastBlock; block++) {
      const from = this.#sumBlock(block);
      for (let j = 0; j < sum.length; j++) sum[j] += this.#blockSums[from + j];
    }
    const tail = Math.max(head, lastBlock * BLOCK_TOKENS);
    this.#addFrom(tail, last, sum, 0);
    this.#takeCrossing(first, last);
    const divisor = this.#divisorOf(last - first);
    for (let j = 0; j < sum.length; j++) logits[at + j] += sum[j] / divisor;
  }

  /** Adds the n-grams that begin at `first` to before `last`, a block at most, and end with the stream at the latest. */
  #addFrom(first: number, last: number, sums: Float64Array, at: number): void {
    const { orders, buckets } = this.#config;
    let count = 0;
    for (let position = first; position < last; position++) {
      for (const order of orders) {
        if (position + order > this.#ids.length) continue;
        this.#rows[count++] = hashNgram(this.#ids, position, order, buckets);
      }
    }
    addRows(this.#table, this.#rows, count, sums, at);
  }

  /** Takes away the n-grams that begin in the window and end behind it. */
  #takeCrossing(first: number, last: number): void {
    const { orders, buckets } = this.#config;
    for (const order of orders) {
      const end = Math.min(last, this.#ids.length - order + 1);
      for (let position = Math.max(first, last - order + 1); position < end; position++)
        addRow(this.#table, hashNgram(this.#ids, position, order, buckets), -1, this.#sum, 0);
    }
  }

  /** Where the sum of the block begins. */
  #sumBlock(block: number): number {
    const { cols } = this.#table;
    const from = this.#ring.placeOf(block) * cols;
    if (!this.#ring.take(block)) return from;
    this.#blockSums.fill(0, from, from + cols);
    this.#addFrom(block * BLOCK_TOKENS, (block + 1) * BLOCK_TOKENS, this.#blockSums, from);
    return from;
  }

  #divisorOf(length: number): number {
    const { orders, pooling } = this.#config;
    let count = 0;
    for (const order of orders) count += Math.max(0, length - order + 1);
    return pooling === "mean" ? Math.max(1, count) : Math.sqrt(Math.max(1, count));
  }
}
