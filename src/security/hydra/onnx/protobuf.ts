import { concatBytes } from "../../../shared/bytes.js";

const LENGTH_DELIMITED = 2;
const FIXED_32 = 5;

/** Writes one protocol buffers message (protobuf.dev, "Encoding"): fields in the order of the calls. */
export class MessageWriter {
  readonly #parts: Uint8Array[] = [];

  /** A varint field: int32, int64, enum; not negative. */
  int(field: number, value: number): this {
    this.#parts.push(Uint8Array.from([...varint(field << 3), ...varint(value)]));
    return this;
  }

  /** A float field. */
  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    this.#parts.push(Uint8Array.from(varint((field << 3) | FIXED_32)), bytes);
    return this;
  }

  string(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  bytes(field: number, value: Uint8Array): this {
    const tag = varint((field << 3) | LENGTH_DELIMITED);
    this.#parts.push(Uint8Array.from([...tag, ...varint(value.length)]), value);
    return this;
  }

  message(field: number, message: MessageWriter): this {
    return this.bytes(field, message.finish());
  }

  finish(): Uint8Array {
    return concatBytes(this.#parts);
  }
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80);
  bytes.push(rest);
  return bytes;
}
