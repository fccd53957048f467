import { multiply as multiplyPlainly } from "./ops.js";
import type { Matrix } from "./floats.js";

/** Multiplies matrices whose values, and vectors whose memory, it has allocated. */
export interface Multiplier {
  /** Zeros. */
  allocate(length: number): Float32Array;
  /** y = x Wᵀ for `count` vectors: `[count, cols]` to `[count, rows]`. */
  multiply(weights: Matrix, x: Float32Array, count: number, y: Float32Array): void;
}

/** Rows of weights and vectors that are multiplied together: `[rows, vectors]`. More would not fit the registers. */
const TILES = [
  [4, 1],
  [1, 1],
  [2, 4],
  [1, 4],
] as const;

type Kernel = (
  weights: number,
  tiles: number,
  colBytes: number,
  x: number,
  y: number,
  yStride: number,
) => void;

const PAGE_BYTES = 65536;

/** What is used of WebAssembly's JavaScript interface; its types come with those of browsers only. */
interface WebAssemblyPlatform {
  Memory: new (pages: { initial: number }) => { readonly buffer: ArrayBuffer };
  Module: new (bytes: Uint8Array) => object;
  Instance: new (
    module: object,
    imports: Record<string, Record<string, unknown>>,
  ) => { readonly exports: Readonly<Record<string, unknown>> };
}

/**
 * A multiplier that can allocate these numbers of values. In WebAssembly with 128-bit vectors, six times as fast as plain
 * code, from a module of some 1,500 bytes that is assembled here; in plain code where the platform has none.
 */
export function createMultiplier(lengths: readonly number[]): Multiplier {
  const plain: Multiplier = { allocate: (length) => new Float32Array(length), multiply: multiplyPlainly };
  const platform = (globalThis as { WebAssembly?: WebAssemblyPlatform }).WebAssembly;
  if (platform === undefined) return plain;
  // A page more, for lengths that are allocated in parts: each part is rounded up to a vector.
  const pages = Math.ceil(lengths.reduce((bytes, length) => bytes + bytesOf(length), 0) / PAGE_BYTES) + 1;
  try {
    const memory = new platform.Memory({ initial: pages });
    const { exports } = new platform.Instance(new platform.Module(assembleModule(pages)), {
      m: { m: memory },
    });
    return new SimdMultiplier(
      memory.buffer,
      TILES.map((_, index) => exports[`k${index}`] as Kernel),
    );
  } catch {
    // No vectors, no memory, or a policy against WebAssembly.
    return plain;
  }
}

class SimdMultiplier implements Multiplier {
  readonly #memory: ArrayBuffer;
  readonly #kernels: readonly Kernel[];
  #usedBytes = 0;

  constructor(memory: ArrayBuffer, kernels: readonly Kernel[]) {
    this.#memory = memory;
    this.#kernels = kernels;
  }

  allocate(length: number): Float32Array {
    const values = new Float32Array(this.#memory, this.#usedBytes, length);
    this.#usedBytes += bytesOf(length);
    return values;
  }

  multiply(weights: Matrix, x: Float32Array, count: number, y: Float32Array): void {
    // The vectors have four lanes; such widths are rare.
    if (weights.cols % 4 !== 0) return multiplyPlainly(weights, x, count, y);
    const colBytes = weights.cols * 4;
    const yStride = weights.rows * 4;
    let vector = 0;
    for (; vector + 4 <= count; vector += 4)
      this.#run(2, weights, x.byteOffset + vector * colBytes, y.byteOffset + vector * yStride);
    for (; vector < count; vector++)
      this.#run(0, weights, x.byteOffset + vector * colBytes, y.byteOffset + vector * yStride);
  }

  /** All rows with the kernel `index`, and those that fill none of its tiles with the next. */
  #run(index: number, { rows, cols, values }: Matrix, x: number, y: number): void {
    const height = TILES[index][0];
    const tiles = Math.floor(rows / height);
    const done = tiles * height;
    this.#kernels[index](values.byteOffset, tiles, cols * 4, x, y, rows * 4);
    if (done < rows)
      this.#kernels[index + 1](
        values.byteOffset + done * cols * 4,
        rows - done,
        cols * 4,
        x,
        y + done * 4,
        rows * 4,
      );
  }
}

/** Bytes of `length` floats, in whole vectors. */
function bytesOf(length: number): number {
  return Math.ceil(length / 4) * 16;
}

// Numbers of instructions and sections: WebAssembly Core Specification 2.0, chapter 5.
const OP = {
  BLOCK: [0x02, 0x40],
  LOOP: [0x03, 0x40],
  END: 0x0b,
  BR: 0x0c,
  BR_IF: 0x0d,
  GET: 0x20,
  SET: 0x21,
  F32_STORE: 0x38,
  I32_CONST: 0x41,
  I32_EQZ: 0x45,
  I32_LT_U: 0x49,
  I32_ADD: 0x6a,
  I32_SUB: 0x6b,
  I32_MUL: 0x6c,
  F32_ADD: 0x92,
  V128_LOAD: [0xfd, 0x00, 0x04, 0x00],
  V128_ZERO: [0xfd, 0x0c, ...new Array<number>(16).fill(0)],
  F32X4_EXTRACT_LANE: [0xfd, 0x1f],
  F32X4_ADD: [0xfd, 0xe4, 0x01],
  F32X4_MUL: [0xfd, 0xe6, 0x01],
} as const;
const I32 = 0x7f;
const V128 = 0x7b;

type Code = (number | readonly number[])[];

function assembleModule(pages: number): Uint8Array<ArrayBuffer> {
  const name = (text: string): number[] => [text.length, ...new TextEncoder().encode(text)];
  const sections: [id: number, content: number[]][] = [
    [1, [1, 0x60, 6, I32, I32, I32, I32, I32, I32, 0]],
    [2, [1, ...name("m"), ...name("m"), 2, 0, ...leb(pages)]],
    [3, [TILES.length, ...TILES.map(() => 0)]],
    [7, [TILES.length, ...TILES.flatMap((_, index) => [...name(`k${index}`), 0, index])]],
    [10, [TILES.length, ...TILES.flatMap(([rows, vectors]) => sized(assembleKernel(rows, vectors)))]],
  ];
  const header = [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  return Uint8Array.from([...header, ...sections.flatMap(([id, content]) => [id, ...sized(content)])]);
}

/** A `Kernel` for tiles of `rows` rows by `vectors` vectors: parameters 0 to 5 are its own. */
function assembleKernel(rows: number, vectors: number): number[] {
  const [w, tiles, colBytes, x, y, yStride, j] = [0, 1, 2, 3, 4, 5, 6];
  const rowAt = (row: number) => 7 + row;
  const vectorAt = (vector: number) => 7 + rows + vector;
  const scalars = 1 + rows + vectors;
  const rowValue = (row: number) => 6 + scalars + row;
  const vectorValue = 6 + scalars + rows;
  const sumOf = (row: number, vector: number) => vectorValue + 1 + row * vectors + vector;
  const all = Array.from(
    { length: rows * vectors },
    (_, i) => [Math.floor(i / vectors), i % vectors] as const,
  );
  const rowsOf = Array.from({ length: rows }, (_, row) => row);
  const vectorsOf = Array.from({ length: vectors }, (_, vector) => vector);
  const get = (local: number) => [OP.GET, local];
  const set = (local: number) => [OP.SET, local];
  const addressOf = (base: number, index: number, stride: number): Code => [
    ...[get(base), get(stride), [OP.I32_CONST, index], OP.I32_MUL, OP.I32_ADD],
  ];
  const advance = (local: number, by: Code): Code => [get(local), ...by, OP.I32_ADD, set(local)];
  const lane = (sum: number, index: number): Code => [get(sum), OP.F32X4_EXTRACT_LANE, index];
  const code: Code = [
    ...vectorsOf.flatMap((vector) => [...addressOf(x, vector, colBytes), set(vectorAt(vector))]),
    ...[OP.BLOCK, OP.LOOP, get(tiles), OP.I32_EQZ, OP.BR_IF, 1],
    ...rowsOf.flatMap((row) => [...addressOf(w, row, colBytes), set(rowAt(row))]),
    ...all.flatMap(([row, vector]) => [OP.V128_ZERO, set(sumOf(row, vector))]),
    ...[[OP.I32_CONST, 0], set(j), OP.LOOP],
    ...rowsOf.flatMap((row) => [get(rowAt(row)), get(j), OP.I32_ADD, OP.V128_LOAD, set(rowValue(row))]),
    ...vectorsOf.flatMap((vector) => [
      ...[get(vectorAt(vector)), get(j), OP.I32_ADD, OP.V128_LOAD, set(vectorValue)],
      ...rowsOf.flatMap((row) => [
        ...[get(rowValue(row)), get(vectorValue), OP.F32X4_MUL],
        ...[get(sumOf(row, vector)), OP.F32X4_ADD, set(sumOf(row, vector))],
      ]),
    ]),
    ...advance(j, [[OP.I32_CONST, 16]]),
    ...[get(j), get(colBytes), OP.I32_LT_U, OP.BR_IF, 0, OP.END],
    ...all.flatMap(([row, vector]) => {
      const sum = sumOf(row, vector);
      return [
        ...addressOf(y, vector, yStride),
        ...[
          ...lane(sum, 0),
          ...lane(sum, 1),
          OP.F32_ADD,
          ...lane(sum, 2),
          ...lane(sum, 3),
          OP.F32_ADD,
          OP.F32_ADD,
        ],
        ...[OP.F32_STORE, 2, row * 4],
      ];
    }),
    ...advance(w, [get(colBytes), [OP.I32_CONST, rows], OP.I32_MUL]),
    ...advance(y, [[OP.I32_CONST, rows * 4]]),
    ...[get(tiles), [OP.I32_CONST, 1], OP.I32_SUB, set(tiles), OP.BR, 0, OP.END, OP.END, OP.END],
  ];
  return [2, scalars, I32, rows + 1 + rows * vectors, V128, ...code.flat()];
}

/** Bytes behind their number. */
function sized(bytes: readonly number[]): number[] {
  return [...leb(bytes.length), ...bytes];
}

/** Unsigned LEB128. */
function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
}
