import type { Matrix } from "../floats.js";
import type { KernelMemory } from "./memory.js";
import { PANEL_ROWS, type Kernels, type PanelMatrix } from "./types.js";

/** `size` filled up to whole panels. */
export function panelled(size: number): number {
  return Math.ceil(size / PANEL_ROWS) * PANEL_ROWS;
}

/** Bytes of a matrix in panels. */
export function panelBytes({ rows, cols }: Pick<Matrix, "rows" | "cols">): number {
  return panelled(rows) * panelled(cols) * 4;
}

/** The matrix in panels in `memory`; 16-bit floats that lie there already are read from there. */
export function placePanels(memory: KernelMemory, kernels: Kernels, matrix: Matrix): PanelMatrix {
  const { rows, cols, halves } = matrix;
  const at = memory.allocate(panelBytes(matrix));
  const placed = { at, rows: panelled(rows), cols: panelled(cols) };
  if (halves?.buffer === memory.buffer && placed.rows === rows && placed.cols === cols) {
    kernels.packHalves(halves.byteOffset, rows, cols, at);
    return placed;
  }
  const { values } = matrix;
  const { floats } = memory;
  for (let row = 0, from = 0; row < rows; row++) {
    const lane = row % PANEL_ROWS;
    let to = at / 4 + (row - lane) * placed.cols + lane;
    for (const end = from + cols; from < end; from++, to += PANEL_ROWS) floats[to] = values[from];
  }
  return placed;
}
