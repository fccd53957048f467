import { BLOCK_TOKENS, BlockRing } from "./block-ring.js";
import type { Table } from "./floats.js";
import { ROW_LANES } from "./kernels/network-code.js";
import { alignedBytes, type KernelMemory } from "./kernels/memory.js";
import { panelled } from "./kernels/panels.js";
import type { Kernels } from "./kernels/types.js";
import { addRow } from "./table-rows.js";

/** A table of bytes with 32-bit scales, of a width that the kernel takes. */
type ByteTable = Table & { readonly values: Int8Array; readonly scales: Float32Array };

/** Means of embedding rows over windows of a stream of tokens. */
export class MeanPool {
  readonly #table: Table;
  readonly #memory: KernelMemory;
  readonly #kernels: Kernels;
  readonly #ring: BlockRing;
  /** Floats of a vector in the memory, filled up with zeros. */
  readonly #width: number;
  /** Addresses: sums of the blocks, and behind them of the two ends of a window; what a kernel is told. */
  readonly #sums: number;
  readonly #list: number;
  readonly #rows: number;
  readonly #factor: number;
  /** Where the kernel finds the table; absent for tables that it cannot read. */
  readonly #placed: { readonly values: number; readonly scales: number } | undefined;
  readonly #plainSum: Float64Array;
  #ids: Int32Array = new Int32Array(0);

  constructor(memory: KernelMemory, kernels: Kernels, table: Table, longest: number) {
    this.#table = table;
    this.#memory = memory;
    this.#kernels = kernels;
    this.#ring = new BlockRing(longest);
    this.#width = panelled(table.cols);
    this.#plainSum = new Float64Array(table.cols);
    this.#sums = memory.allocate((this.#ring.size + 2) * this.#width * 4);
    this.#list = memory.allocate((this.#ring.size + 2) * 4);
    this.#rows = memory.allocate(BLOCK_TOKENS * 4);
    this.#factor = memory.allocate(4);
    if (isForKernel(table))
      this.#placed = { values: memory.place(table.values), scales: memory.place(table.scales) };
  }

  /** Bytes that a pool allocates. */
  static bytesFor(memory: KernelMemory | undefined, table: Table, longest: number): number {
    const places = new BlockRing(longest).size + 2;
    const own = alignedBytes(places * panelled(table.cols) * 4) + alignedBytes(places * 4) + 64;
    if (!isForKernel(table)) return own;
    const bytesOf = (values: Int8Array | Float32Array): number =>
      memory?.bytesToPlace(values) ?? alignedBytes(values.byteLength);
    return own + bytesOf(table.values) + bytesOf(table.scales);
  }

  /** Begins with the stream `ids`. Ids past the table take its last row. */
  begin(ids: Int32Array): void {
    this.#ids = ids;
    this.#ring.clear();
  }

  /** Forgets the stream. */
  end(): void {
    this.#ids = new Int32Array(0);
  }

  /** Writes the mean of the rows of the tokens `first` to before `last` to the address `out`; zeros for none. */
  pool(first: number, last: number, out: number): void {
    const { ints, floats } = this.#memory;
    const firstBlock = Math.ceil(first / BLOCK_TOKENS);
    const lastBlock = Math.floor(last / BLOCK_TOKENS);
    const list = this.#list / 4;
    let count = 0;
    const head = Math.min(last, firstBlock * BLOCK_TOKENS);
    if (first < head) ints[list + count++] = this.#sum(first, head, this.#ring.size);
    for (let block = firstBlock; block < lastBlock; block++) {
      const place = this.#ring.placeOf(block);
      ints[list + count++] = this.#ring.take(block)
        ? this.#sum(block * BLOCK_TOKENS, (block + 1) * BLOCK_TOKENS, place)
        : this.#placeAt(place);
    }
    const tail = Math.max(head, lastBlock * BLOCK_TOKENS);
    if (tail < last) ints[list + count++] = this.#sum(tail, last, this.#ring.size + 1);
    floats[this.#factor / 4] = 1 / Math.max(1, last - first);
    this.#kernels.sumVectors(this.#list, count, this.#width, this.#factor, out);
  }

  #placeAt(place: number): number {
    return this.#sums + place * this.#width * 4;
  }

  /** Sums up the rows of a block or less; returns the address of the sum. */
  #sum(first: number, last: number, place: number): number {
    const out = this.#placeAt(place);
    const ids = this.#ids;
    if (this.#placed) {
      const { ints } = this.#memory;
      const end = this.#table.rows - 1;
      // The kernel reads where the ids lead: none may lead out of the table.
      for (let i = first; i < last; i++)
        ints[this.#rows / 4 + i - first] = Math.max(0, Math.min(ids[i], end));
      const { values, scales } = this.#placed;
      this.#kernels.sumRows(values, scales, this.#rows, last - first, this.#table.cols, out);
      return out;
    }
    const sum = this.#plainSum.fill(0);
    for (let i = first; i < last; i++) addRow(this.#table, ids[i], 1, sum, 0);
    this.#memory.floats.set(sum, out / 4);
    return out;
  }
}

function isForKernel(table: Table): table is ByteTable {
  return table.scales instanceof Float32Array && table.cols % ROW_LANES === 0;
}
