import type { WasmFunction } from "./assembler.js";
import { instantiate, type KernelMemory } from "./memory.js";
import { packHalvesCode, widenHalvesCode } from "./loading-code.js";
import { addScaledCode, multiplyCode, siluCode, sumRowsCode, sumVectorsCode } from "./network-code.js";
import { PlainKernels } from "./plain-kernels.js";
import { PANEL_ROWS, type Kernels, type PanelMatrix } from "./types.js";

/** Vectors that are multiplied together: with more the sums would not fit the registers. */
const MOST_TOGETHER = 5;

/**
 * Kernels over `memory`: WebAssembly with 128-bit vectors, from a module of some 4,500 bytes that is assembled here, or plain
 * code where the platform has none, or a policy against it.
 */
export function createKernels(memory: KernelMemory): Kernels {
  if (memory.imported === undefined) return new PlainKernels(memory);
  const together = Array.from({ length: MOST_TOGETHER }, (_, index) => multiplyCode(index + 1));
  const others = [
    siluCode(),
    addScaledCode(),
    sumVectorsCode(),
    sumRowsCode(),
    packHalvesCode(),
    widenHalvesCode(),
  ];
  try {
    return new SimdKernels(instantiate(memory, [...together, ...others]));
  } catch {
    return new PlainKernels(memory);
  }
}

class SimdKernels implements Kernels {
  /** By the number of vectors that are multiplied together, less 1. */
  readonly #multiply: readonly WasmFunction[];
  readonly #silu: WasmFunction;
  readonly #addScaled: WasmFunction;
  readonly #sumVectors: WasmFunction;
  readonly #sumRows: WasmFunction;
  readonly #packHalves: WasmFunction;
  readonly #widenHalves: WasmFunction;

  constructor(functions: readonly WasmFunction[]) {
    this.#multiply = functions.slice(0, MOST_TOGETHER);
    [this.#silu, this.#addScaled, this.#sumVectors, this.#sumRows, this.#packHalves, this.#widenHalves] =
      functions.slice(MOST_TOGETHER);
  }

  multiply(matrix: PanelMatrix, xs: number, ys: number, count: number): void {
    // Six are faster as three and three than as five and one, and seven as four and three.
    const rest = count % MOST_TOGETHER;
    const fives = Math.floor(count / MOST_TOGETHER) - (rest === 1 || rest === 2 ? 1 : 0);
    if (fives < 0) return this.#run(count, 1, 0, matrix, xs, ys);
    const done = Math.max(0, fives) * MOST_TOGETHER;
    const left = count - done;
    this.#run(MOST_TOGETHER, fives, 0, matrix, xs, ys);
    if (left === 6) this.#run(3, 2, done, matrix, xs, ys);
    else if (left === 7) {
      this.#run(4, 1, done, matrix, xs, ys);
      this.#run(3, 1, done + 4, matrix, xs, ys);
    } else this.#run(left, 1, done, matrix, xs, ys);
  }

  #run(together: number, groups: number, done: number, matrix: PanelMatrix, xs: number, ys: number): void {
    if (together === 0 || groups === 0) return;
    const { at, rows, cols } = matrix;
    this.#multiply[together - 1](at, rows / PANEL_ROWS, cols * 4, xs + done * 4, ys + done * 4, groups);
  }

  silu(at: number, count: number): void {
    if (count > 0) this.#silu(at, count * 4);
  }

  addScaled(x: number, ys: number, factors: number, count: number, cols: number): void {
    this.#addScaled(x, ys, factors, count, cols * 4);
  }

  sumVectors(list: number, count: number, cols: number, factor: number, out: number): void {
    this.#sumVectors(list, count * 4, cols * 4, factor, out);
  }

  sumRows(table: number, scales: number, ids: number, count: number, cols: number, out: number): void {
    this.#sumRows(table, scales, ids, count * 4, cols, out);
  }

  packHalves(halves: number, rows: number, cols: number, out: number): void {
    this.#packHalves(halves, rows, cols, out);
  }

  widenHalves(halves: number, count: number, out: number): void {
    if (count > 0) this.#widenHalves(halves, count, out);
  }
}
