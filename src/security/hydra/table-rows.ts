import { scaleOf, type Table } from "./floats.js";
import { halfToNumber } from "./halves.js";

/**
 * Adds the row `row` of a table, or its last for a row past it, `factor` times to `sums` from `at` on; plain code.
 */
export function addRow(table: Table, row: number, factor: number, sums: Float64Array, at: number): void {
  const { cols, values } = table;
  const found = Math.min(row, table.rows - 1);
  const scale = factor * scaleOf(table, found);
  for (let j = 0, from = found * cols; j < cols; j++) sums[at + j] += values[from + j] * scale;
}

/**
 * Adds the first `count` of `rows` of a table, each of which it has, to `sums` from `at` on, one behind the other as `addRow` does.
 * Each row is a miss of the processor's caches: with all numbers known, several are waited for at once.
 */
export function addRows(table: Table, rows: Int32Array, count: number, sums: Float64Array, at: number): void {
  const { cols, values, scales } = table;
  if (cols === 6 && values instanceof Int8Array && scales instanceof Uint16Array)
    addRowsOfSix(values, scales, rows, count, sums, at);
  else for (let index = 0; index < count; index++) addRow(table, rows[index], 1, sums, at);
}

/** `addRows` for two heads of two and four labels, as the weights of the package have them. */
function addRowsOfSix(
  values: Int8Array,
  scales: Uint16Array,
  rows: Int32Array,
  count: number,
  sums: Float64Array,
  at: number,
): void {
  let s0 = sums[at];
  let s1 = sums[at + 1];
  let s2 = sums[at + 2];
  let s3 = sums[at + 3];
  let s4 = sums[at + 4];
  let s5 = sums[at + 5];
  for (let index = 0; index < count; index++) {
    const row = rows[index];
    const from = row * 6;
    const scale = halfToNumber(scales[row]);
    s0 += values[from] * scale;
    s1 += values[from + 1] * scale;
    s2 += values[from + 2] * scale;
    s3 += values[from + 3] * scale;
    s4 += values[from + 4] * scale;
    s5 += values[from + 5] * scale;
  }
  sums[at] = s0;
  sums[at + 1] = s1;
  sums[at + 2] = s2;
  sums[at + 3] = s3;
  sums[at + 4] = s4;
  sums[at + 5] = s5;
}
