/** A tensor to be written: `values` row-major, quantised to a scale a row if the type is I8. */
export interface TensorSource {
  readonly name: string;
  readonly type: "F32" | "F16" | "BF16" | "I8";
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

interface StoredTensor {
  name: string;
  type: string;
  shape: readonly number[];
  bytes: Uint8Array;
}

/** The bytes of a safetensors file. An I8 tensor `X` gets its `X_scale`. */
export function writeSafetensors(sources: readonly TensorSource[]): Uint8Array {
  return packTensors(sources.flatMap(storeTensor));
}

/** A file of tensors whose bytes are given. */
export function packTensors(tensors: readonly StoredTensor[]): Uint8Array {
  const header: Record<string, unknown> = { __metadata__: { format: "pt" } };
  let offset = 0;
  for (const { name, type, shape, bytes } of tensors) {
    header[name] = { dtype: type, shape, data_offsets: [offset, offset + bytes.length] };
    offset += bytes.length;
  }
  const json = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, " ")]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  return new Uint8Array(Buffer.concat([length, padded, ...tensors.map(({ bytes }) => bytes)]));
}

function storeTensor({ name, type, shape, values }: TensorSource): StoredTensor[] {
  if (type === "F32") return [{ name, type, shape, bytes: bytesOf(Float32Array.from(values)) }];
  if (type === "F16") return [{ name, type, shape, bytes: bytesOf(Uint16Array.from(values, toHalf)) }];
  if (type === "BF16") {
    const bits = new Uint32Array(Float32Array.from(values).buffer);
    return [{ name, type, shape, bytes: bytesOf(Uint16Array.from(bits, (value) => value >>> 16)) }];
  }
  const [rows, cols] = shape;
  const scales = new Float32Array(rows);
  const bytes = new Int8Array(rows * cols);
  for (let row = 0; row < rows; row++) {
    let largest = 0;
    for (let j = 0; j < cols; j++) largest = Math.max(largest, Math.abs(values[row * cols + j]));
    scales[row] = largest / 127;
    for (let j = 0; j < cols; j++) {
      bytes[row * cols + j] = largest === 0 ? 0 : Math.round(values[row * cols + j] / scales[row]);
    }
  }
  return [
    { name, type, shape, bytes: bytesOf(bytes) },
    { name: `${name}_scale`, type: "F32", shape: [rows], bytes: bytesOf(scales) },
  ];
}

function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** The nearest 16-bit float, ties to even (IEEE 754 binary16). */
export function toHalf(value: number): number {
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return 0x7e00;
  if (size >= 65520) return sign | 0x7c00;
  if (size < 2 ** -24 / 2) return sign;
  const exponent = Math.max(-14, Math.floor(Math.log2(size)));
  const scaled = size / 2 ** (exponent - 10);
  let mantissa = Math.floor(scaled);
  const rest = scaled - mantissa;
  if (rest > 0.5 || (rest === 0.5 && mantissa % 2 === 1)) mantissa++;
  // A mantissa that overflows carries into the exponent by itself.
  return sign | (((exponent + 14) << 10) + mantissa);
}
