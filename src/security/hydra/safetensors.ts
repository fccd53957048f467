import { FormatError } from "../../shared/errors.js";
import { isJsonObject, member } from "../../shared/json-value.js";
import { tryDecodeUtf8 } from "../../shared/utf8.js";

/** Bytes an element. Types that are not listed are refused (format: huggingface/safetensors, README). */
const ELEMENT_BYTES: Readonly<Record<string, number>> = {
  ...{ BOOL: 1, U8: 1, I8: 1, F8_E4M3: 1, F8_E5M2: 1 },
  ...{ U16: 2, I16: 2, F16: 2, BF16: 2 },
  ...{ U32: 4, I32: 4, F32: 4 },
  ...{ U64: 8, I64: 8, F64: 8 },
};

/** A header with 200 tensors has 20 KB; parsed JSON takes up to twenty times its text. */
const MAX_HEADER_BYTES = 2 ** 20;
const MAX_RANK = 8;

/** One tensor of a file: little-endian, row-major. */
export interface Tensor {
  readonly type: string;
  readonly shape: readonly number[];
  /** A view of the file. */
  readonly bytes: Uint8Array;
}

/**
 * The tensors of a safetensors file by name: 8 bytes header length, a JSON header, the data. Every tensor lies inside the
 * data, and together they cover it once: no overlap, no gap, as the format demands.
 * @throws {FormatError} `M2M_WEIGHTS_INVALID`
 */
export function readSafetensors(file: Uint8Array): ReadonlyMap<string, Tensor> {
  const headerBytes = readHeaderLength(file);
  const dataStart = 8 + headerBytes;
  const header = parseHeader(file.subarray(8, dataStart));
  const data = file.subarray(dataStart);
  const tensors = new Map<string, Tensor>();
  const ranges: [begin: number, end: number, name: string][] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const { type, shape, begin, end } = parseEntry(name, entry);
    if (end > data.length) throw invalid(`The tensor ${quote(name)} reaches beyond the end of the file.`);
    ranges.push([begin, end, name]);
    tensors.set(name, { type, shape, bytes: data.subarray(begin, end) });
  }
  ranges.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  let covered = 0;
  for (const [begin, end, name] of ranges) {
    if (begin !== covered) {
      const what = begin < covered ? "overlaps another" : "leaves a gap before it";
      throw invalid(`The tensor ${quote(name)} ${what}.`, dataStart + begin);
    }
    covered = end;
  }
  if (covered !== data.length) {
    throw invalid(`${data.length - covered} bytes at the end belong to no tensor.`, dataStart + covered);
  }
  return tensors;
}

function readHeaderLength(file: Uint8Array): number {
  if (file.length < 8) throw invalid(`A file of ${file.length} bytes has no header.`, 0);
  const view = new DataView(file.buffer, file.byteOffset, 8);
  // The upper half is not zero for lengths from 4 GiB on.
  const length = view.getUint32(4, true) === 0 ? view.getUint32(0, true) : Infinity;
  if (length > MAX_HEADER_BYTES) throw invalid(`The header is longer than ${MAX_HEADER_BYTES} bytes.`, 0);
  if (length > file.length - 8) throw invalid("The file ends inside its header.", 0);
  return length;
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  const text = tryDecodeUtf8(bytes);
  let header: unknown;
  try {
    header = text === undefined ? undefined : JSON.parse(text);
  } catch {
    header = undefined;
  }
  if (!isJsonObject(header)) throw invalid("The header is no JSON object.", 8);
  return header;
}

function parseEntry(name: string, entry: unknown) {
  const type = member(entry, "dtype");
  const shape = member(entry, "shape");
  const offsets = member(entry, "data_offsets");
  if (typeof type !== "string" || !Object.hasOwn(ELEMENT_BYTES, type)) {
    throw invalid(`The tensor ${quote(name)} has an unknown dtype.`);
  }
  if (!isSizes(shape) || shape.length > MAX_RANK) {
    throw invalid(`The tensor ${quote(name)} has no valid shape.`);
  }
  if (!isSizes(offsets) || offsets.length !== 2) {
    throw invalid(`The tensor ${quote(name)} has no valid data_offsets.`);
  }
  const [begin, end] = offsets;
  // Past 2^53 the product is not exact, but never small again unless a size is 0: it cannot equal a length.
  const sizeBytes = shape.reduce((product, size) => product * size, ELEMENT_BYTES[type]);
  if (end - begin !== sizeBytes) {
    throw invalid(`The tensor ${quote(name)} has offsets that do not fit its shape.`);
  }
  return { type, shape, begin, end };
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

/** A name of the file for a message: short, and without control characters. */
function quote(name: string): string {
  return JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}…` : name);
}

/** The error for weights that cannot be used. */
export function invalid(message: string, offset?: number): FormatError {
  return new FormatError("M2M_WEIGHTS_INVALID", message, { offset });
}
