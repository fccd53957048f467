import type { Matrix } from "../floats.js";
import type { KernelMemory } from "./memory.js";

/** Rows of a panel: two vectors of four lanes. Columns too are filled up to a multiple of it. */
export const PANEL_ROWS = 8;

/** A matrix in panels: of each column the values of 8 rows, then those of the next column; filled up with zeros. */
export interface PanelMatrix {
  readonly at: number;
  /** Multiples of 8. */
  readonly rows: number;
  readonly cols: number;
}

/** `size` filled up to whole panels. */
export function panelled(size: number): number {
  return Math.ceil(size / PANEL_ROWS) * PANEL_ROWS;
}

/** Bytes of a matrix in panels. */
export function panelBytes({ rows, cols }: Pick<Matrix, "rows" | "cols">): number {
  return panelled(rows) * panelled(cols) * 4;
}

/** The matrix in panels in `memory`. */
export function placePanels(memory: KernelMemory, matrix: Matrix): PanelMatrix {
  const { rows, cols, values } = matrix;
  const at = memory.allocate(panelBytes(matrix));
  const wide = panelled(cols);
  const { floats } = memory;
  for (let row = 0, from = 0; row < rows; row++) {
    const lane = row % PANEL_ROWS;
    let to = at / 4 + (row - lane) * wide + lane;
    for (const end = from + cols; from < end; from++, to += PANEL_ROWS) floats[to] = values[from];
  }
  return { at, rows: panelled(rows), cols: wide };
}
