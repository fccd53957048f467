import { halfToNumber } from "../halves.js";
import type { KernelMemory } from "./memory.js";
import { PANEL_ROWS, type Kernels, type PanelMatrix } from "./types.js";

/** The kernels in plain code, for platforms without WebAssembly; sums are 64-bit. */
export class PlainKernels implements Kernels {
  readonly #floats: Float32Array;
  readonly #ints: Int32Array;
  readonly #bytes: Int8Array;

  constructor({ buffer, floats, ints }: KernelMemory) {
    this.#floats = floats;
    this.#ints = ints;
    this.#bytes = new Int8Array(buffer);
  }

  multiply({ at, rows, cols }: PanelMatrix, xs: number, ys: number, count: number): void {
    const floats = this.#floats;
    for (let vector = 0; vector < count; vector++) {
      const x = this.#ints[xs / 4 + vector] / 4;
      const y = this.#ints[ys / 4 + vector] / 4;
      for (let row = 0; row < rows; row++) {
        const first = at / 4 + (row - (row % PANEL_ROWS)) * cols + (row % PANEL_ROWS);
        let sum = 0;
        for (let j = 0; j < cols; j++) sum += floats[first + j * PANEL_ROWS] * floats[x + j];
        floats[y + row] = sum;
      }
    }
  }

  silu(at: number, count: number): void {
    const floats = this.#floats;
    for (let i = at / 4; i < at / 4 + count; i++) floats[i] /= 1 + Math.exp(-floats[i]);
  }

  addScaled(x: number, ys: number, factors: number, count: number, cols: number): void {
    const floats = this.#floats;
    for (let vector = 0; vector < count; vector++) {
      const y = this.#ints[ys / 4 + vector] / 4;
      const factor = floats[factors / 4 + vector];
      const from = x / 4 + vector * cols;
      for (let j = 0; j < cols; j++) floats[y + j] += factor * floats[from + j];
    }
  }

  sumVectors(list: number, count: number, cols: number, factor: number, out: number): void {
    for (let j = 0; j < cols; j++) {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += this.#floats[this.#ints[list / 4 + i] / 4 + j];
      this.#floats[out / 4 + j] = sum * this.#floats[factor / 4];
    }
  }

  sumRows(table: number, scales: number, ids: number, count: number, cols: number, out: number): void {
    for (let j = 0; j < cols; j++) {
      let sum = 0;
      for (let i = 0; i < count; i++) {
        const row = this.#ints[ids / 4 + i];
        sum += this.#bytes[table + row * cols + j] * this.#floats[scales / 4 + row];
      }
      this.#floats[out / 4 + j] = sum;
    }
  }

  packHalves(halves: number, rows: number, cols: number, out: number): void {
    const values = new Uint16Array(this.#floats.buffer, halves, rows * cols);
    for (let row = 0; row < rows; row++) {
      const lane = row % PANEL_ROWS;
      const first = out / 4 + (row - lane) * cols + lane;
      for (let j = 0; j < cols; j++)
        this.#floats[first + j * PANEL_ROWS] = halfToNumber(values[row * cols + j]);
    }
  }

  widenHalves(halves: number, count: number, out: number): void {
    const values = new Uint16Array(this.#floats.buffer, halves, count);
    this.#floats.set(Float32Array.from(values, halfToNumber), out / 4);
  }
}
