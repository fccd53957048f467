import { scaleOf, type Table } from "./floats.js";

/**
 * Adds the row `row` of a table, or its last for a row past it, `factor` times to `sums` from `at` on; plain code.
 */
export function addRow(table: Table, row: number, factor: number, sums: Float64Array, at: number): void {
  const { cols, values } = table;
  const found = Math.min(row, table.rows - 1);
  const scale = factor * scaleOf(table, found);
  for (let j = 0, from = found * cols; j < cols; j++) sums[at + j] += values[from + j] * scale;
}
