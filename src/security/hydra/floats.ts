import { halfToNumber } from "./halves.js";
import { invalid, type Tensor } from "./safetensors.js";

/** A matrix in memory, row-major `[rows, cols]`. */
export interface Matrix {
  readonly rows: number;
  readonly cols: number;
  readonly values: Float32Array;
  /** The bits of 16-bit floats, if that is how it is stored; `values` are made from them when they are asked for. */
  readonly halves?: Uint16Array;
}

/** A look-up table `[rows, cols]`, as stored: 32-bit floats, or bytes that a scale a row turns into values. */
export type Table =
  | (Matrix & { readonly scales?: undefined })
  | {
      readonly rows: number;
      readonly cols: number;
      readonly values: Int8Array;
      /** `[rows]`: value = byte * scale of its row. 16-bit floats stay as they are stored. */
      readonly scales: Float32Array | Uint16Array;
    };

type Tensors = ReadonlyMap<string, Tensor>;

/** The tensor `name` as a table; 8-bit ones stay 8-bit. */
export function readTable(tensors: Tensors, name: string): Table {
  const tensor = require(tensors, name);
  if (tensor.shape.length !== 2) throw invalid(`The tensor ${name} is no matrix.`);
  const [rows, cols] = tensor.shape;
  if (rows === 0 || cols === 0) throw invalid(`The tensor ${name} is empty.`);
  if (tensor.type !== "I8") return { rows, cols, values: toFloats(tensor, name) };
  const { bytes } = tensor;
  const scales = readScales(tensors, `${name}_scale`, rows);
  return { rows, cols, values: new Int8Array(bytes.buffer, bytes.byteOffset, bytes.length), scales };
}

/** The tensor `name` as a matrix; 8-bit ones are multiplied out. */
export function readMatrix(tensors: Tensors, name: string): Matrix {
  const { type, shape, bytes } = require(tensors, name);
  if (type === "F16" && shape.length === 2 && bytes.length > 0 && bytes.byteOffset % 2 === 0) {
    return halfMatrix(shape[0], shape[1], new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2));
  }
  const table = readTable(tensors, name);
  return table.scales === undefined ? table : dequantise(table);
}

function halfMatrix(rows: number, cols: number, halves: Uint16Array): Matrix {
  let values: Float32Array | undefined;
  return {
    rows,
    cols,
    halves,
    get values() {
      return (values ??= Float32Array.from(halves, halfToNumber));
    },
  };
}

/** A table as 32-bit floats. */
export function dequantise(table: Table): Matrix {
  if (table.scales === undefined) return table;
  const { rows, cols, values } = table;
  const floats = new Float32Array(rows * cols);
  for (let row = 0, at = 0; row < rows; row++) {
    const scale = scaleOf(table, row);
    for (const end = at + cols; at < end; at++) floats[at] = values[at] * scale;
  }
  return { rows, cols, values: floats };
}

/** The tensor `name` as `length` floats. */
export function readVector(tensors: Tensors, name: string, length: number): Float32Array {
  return toFloats(requireVector(tensors, name, length), name);
}

/** A look-up needs few of them: those of half a million rows are not worth four times the time to load. */
function readScales(tensors: Tensors, name: string, length: number): Float32Array | Uint16Array {
  const tensor = requireVector(tensors, name, length);
  const { type, bytes } = tensor;
  if (type !== "F16" || bytes.byteOffset % 2 !== 0) return toFloats(tensor, name);
  return new Uint16Array(bytes.buffer, bytes.byteOffset, length);
}

/** What a byte of the row `row` is worth. */
export function scaleOf({ scales }: Table, row: number): number {
  if (scales === undefined) return 1;
  return scales instanceof Uint16Array ? halfToNumber(scales[row]) : scales[row];
}

function requireVector(tensors: Tensors, name: string, length: number): Tensor {
  const tensor = require(tensors, name);
  if (tensor.shape.length !== 1 || tensor.shape[0] !== length) {
    throw invalid(`The tensor ${name} has the shape [${tensor.shape.join(", ")}] instead of [${length}].`);
  }
  return tensor;
}

function require(tensors: Tensors, name: string): Tensor {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw invalid(`The file has no tensor ${name}.`);
  return tensor;
}

/** The scales of a table as 32-bit floats. */
export function floatScales(table: Table): Float32Array | undefined {
  const { scales } = table;
  return scales instanceof Uint16Array ? Float32Array.from(scales, halfToNumber) : scales;
}

/** Values of an F32, F16 or BF16 tensor. Platforms of Node are little-endian, as the file is. */
function toFloats({ type, bytes }: Tensor, name: string): Float32Array {
  // `slice` of a Node Buffer would be a view again.
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes);
  const count = bytes.length / (type === "F32" ? 4 : 2);
  if (type === "F32") return new Float32Array(aligned.buffer, aligned.byteOffset, count);
  if (type !== "F16" && type !== "BF16") {
    throw invalid(`The tensor ${name} has the dtype ${type}; F32, F16, BF16 and I8 with a scale are read.`);
  }
  const halves = new Uint16Array(aligned.buffer, aligned.byteOffset, count);
  const bits = new Uint32Array(count);
  const floats = new Float32Array(bits.buffer);
  if (type === "BF16") {
    for (let i = 0; i < count; i++) bits[i] = halves[i] << 16;
    return floats;
  }
  for (let i = 0; i < count; i++) {
    const half = halves[i];
    const sign = (half & 0x8000) << 16;
    // The exponent's bias is 15 there and 127 here: 2^112 between them, also for subnormal numbers. 31 is infinity or NaN.
    if ((half & 0x7c00) === 0x7c00) bits[i] = sign | 0x7f800000 | ((half & 0x3ff) << 13);
    else {
      bits[i] = sign | ((half & 0x7fff) << 13);
      floats[i] *= 2 ** 112;
    }
  }
  return floats;
}
