/** Rows of a panel: two vectors of four lanes. Columns too are filled up to a multiple of it. */
export const PANEL_ROWS = 8;

/** A matrix in panels: of each column the values of 8 rows, then those of the next column; filled up with zeros. */
export interface PanelMatrix {
  readonly at: number;
  /** Multiples of 8. */
  readonly rows: number;
  readonly cols: number;
}

/**
 * What the network spends its time on. All parameters are addresses, in bytes, and numbers of bytes or items; lists are of
 * 32-bit addresses. Vectors are 32-bit floats, a multiple of 8 of them.
 */
export interface Kernels {
  /** y = x Wᵀ for `count` vectors, whose addresses are in the list `xs`; of the results in the list `ys`. */
  multiply(matrix: PanelMatrix, xs: number, ys: number, count: number): void;
  /** x * sigmoid(x) of `count` floats, a multiple of 4, in place. */
  silu(at: number, count: number): void;
  /** Adds the `count` vectors from `x` on, each times its factor, to those in the list `ys`. */
  addScaled(x: number, ys: number, factors: number, count: number, cols: number): void;
  /** The sum of `count` vectors in a list, times the factor at `factor`. */
  sumVectors(list: number, count: number, cols: number, factor: number, out: number): void;
  /** The sum of `count` rows of a table of bytes, 1 at least, each times its scale; `cols` is a multiple of 16. */
  sumRows(table: number, scales: number, ids: number, count: number, cols: number, out: number): void;
  /** A matrix `[rows, cols]` of 16-bit floats as 32-bit floats in panels; rows and columns are multiples of 8. */
  packHalves(halves: number, rows: number, cols: number, out: number): void;
  /** `count` 16-bit floats, a multiple of 8, as 32-bit ones. */
  widenHalves(halves: number, count: number, out: number): void;
}
