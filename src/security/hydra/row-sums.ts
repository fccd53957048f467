import type { Table } from "./floats.js";
import { I32, instantiate, OP, V128, type Code, type WasmInstance } from "./wasm.js";

/** Sums of a table's rows. */
export interface RowSums {
  readonly cols: number;
  /** Adds the rows `ids[index]` to `ids[end - 1]` to `sums` from `from` on. Ids past the table take its last row. */
  add(ids: Int32Array, index: number, end: number, sums: Float64Array, from: number): void;
}

/** Bytes are summed in WebAssembly with 128-bit vectors where there are any, and floats in plain code. */
export function createRowSums(table: Table): RowSums {
  const { rows, cols, values, scales } = table;
  if (scales === undefined || cols % LANES !== 0) return new PlainRowSums(table);
  const sizes = [align(values.length), align(rows * 4), MAX_IDS * 4, cols * 4];
  const instance = instantiate(
    sizes.reduce((sum, size) => sum + size, 0),
    [assembleKernel()],
  );
  return instance ? new SimdRowSums(instance, { rows, cols, values, scales }) : new PlainRowSums(table);
}

/** Plain code, for any table. */
export class PlainRowSums implements RowSums {
  readonly cols: number;
  readonly #table: Table;

  constructor(table: Table) {
    this.cols = table.cols;
    this.#table = table;
  }

  add(ids: Int32Array, index: number, end: number, sums: Float64Array, from: number): void {
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

/** Values of a row that are summed together. */
const LANES = 16;
/** Ids a call: as many as `MeanPool` has in a block. */
const MAX_IDS = 64;

type ByteTable = Extract<Table, { readonly scales: Float32Array }>;

/** Rows are copied to the memory of the kernel when they are first asked for: few of them ever are. */
class SimdRowSums implements RowSums {
  readonly cols: number;
  readonly #table: ByteTable;
  /** `[rows]`: 1 where the row has been copied. */
  readonly #copied: Uint8Array;
  readonly #rows: Int8Array;
  readonly #scales: Float32Array;
  readonly #kernel: WasmInstance["kernels"][number];
  readonly #ids: Int32Array;
  readonly #sums: Float32Array;

  constructor({ memory, kernels }: WasmInstance, table: ByteTable) {
    const { rows, cols } = table;
    this.cols = cols;
    this.#kernel = kernels[0];
    this.#table = table;
    this.#copied = new Uint8Array(rows);
    this.#rows = new Int8Array(memory, 0, rows * cols);
    const scalesAt = align(rows * cols);
    this.#scales = new Float32Array(memory, scalesAt, rows);
    const idsAt = scalesAt + align(rows * 4);
    this.#ids = new Int32Array(memory, idsAt, MAX_IDS);
    this.#sums = new Float32Array(memory, idsAt + MAX_IDS * 4, cols);
  }

  add(ids: Int32Array, index: number, end: number, sums: Float64Array, from: number): void {
    const { cols } = this;
    const last = this.#copied.length - 1;
    for (let first = index; first < end; first += MAX_IDS) {
      const count = Math.min(MAX_IDS, end - first);
      for (let i = 0; i < count; i++) {
        // The kernel reads where the ids lead: none may lead out of the table.
        const row = Math.max(0, Math.min(ids[first + i], last));
        if (this.#copied[row] === 0) this.#copyRow(row);
        this.#ids[i] = row;
      }
      this.#kernel(0, this.#scales.byteOffset, this.#ids.byteOffset, count * 4, cols, this.#sums.byteOffset);
      for (let j = 0; j < cols; j++) sums[from + j] += this.#sums[j];
    }
  }

  #copyRow(row: number): void {
    const { cols, values, scales } = this.#table;
    const at = row * cols;
    this.#rows.set(values.subarray(at, at + cols), at);
    this.#scales[row] = scales[row];
    this.#copied[row] = 1;
  }
}

function align(bytes: number): number {
  return Math.ceil(bytes / 16) * 16;
}

/**
 * Sums 16 columns after the other over all ids. Parameters: address of the table, its scales, the ids; bytes of the ids;
 * columns; address of the sums.
 */
function assembleKernel(): number[] {
  const [table, scales, ids, idBytes, cols, out, column, at, id] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
  const [bytes, scale, half] = [9, 10, 11];
  const sums = [12, 13, 14, 15];
  const get = (local: number) => [OP.GET, local];
  const set = (local: number) => [OP.SET, local];
  const addTo = (sum: number, extend: readonly number[]): Code => [
    ...[get(half), extend, OP.F32X4_CONVERT_I32X4_S, get(scale), OP.F32X4_MUL],
    ...[get(sum), OP.F32X4_ADD, set(sum)],
  ];
  const addBoth = (index: number, extend: readonly number[]): Code => [
    ...[get(bytes), extend, set(half)],
    ...addTo(sums[index], OP.I32X4_EXTEND_LOW_I16X8_S),
    ...addTo(sums[index + 1], OP.I32X4_EXTEND_HIGH_I16X8_S),
  ];
  const advance = (local: number, by: number): Code => [
    get(local),
    [OP.I32_CONST, by],
    OP.I32_ADD,
    set(local),
  ];
  const code: Code = [
    ...[[OP.I32_CONST, 0], set(column), OP.LOOP],
    ...sums.flatMap((sum) => [OP.V128_ZERO, set(sum)]),
    ...[[OP.I32_CONST, 0], set(at), OP.LOOP],
    ...[get(ids), get(at), OP.I32_ADD, OP.I32_LOAD, set(id)],
    ...[get(scales), get(id), [OP.I32_CONST, 4], OP.I32_MUL, OP.I32_ADD, OP.V128_LOAD32_SPLAT, set(scale)],
    ...[
      get(table),
      get(id),
      get(cols),
      OP.I32_MUL,
      OP.I32_ADD,
      get(column),
      OP.I32_ADD,
      OP.V128_LOAD_BYTES,
      set(bytes),
    ],
    ...addBoth(0, OP.I16X8_EXTEND_LOW_I8X16_S),
    ...addBoth(2, OP.I16X8_EXTEND_HIGH_I8X16_S),
    ...advance(at, 4),
    ...[get(at), get(idBytes), OP.I32_LT_U, OP.BR_IF, 0, OP.END],
    ...sums.flatMap((sum, index) => [
      ...[get(out), get(column), [OP.I32_CONST, 4], OP.I32_MUL, OP.I32_ADD, get(sum)],
      ...[OP.V128_STORE, index * 16],
    ]),
    ...advance(column, LANES),
    ...[get(column), get(cols), OP.I32_LT_U, OP.BR_IF, 0, OP.END, OP.END],
  ];
  return [2, 3, I32, 7, V128, ...code.flat()];
}
