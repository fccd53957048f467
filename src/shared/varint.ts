import { FormatError } from "./errors.js";

/** Bytes that the unsigned LEB128 form of `value` (0 to 2^32 - 1) takes. */
export function varintSize(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5;
}

/**
 * Writes `value` (0 to 2^32 - 1) as unsigned LEB128 (little-endian base 128, DWARF 5 section 7.6) at `offset`.
 * @returns the offset behind the last byte written.
 */
export function writeVarint(target: Uint8Array, offset: number, value: number): number {
  while (value > 0x7f) {
    target[offset++] = (value & 0x7f) | 0x80;
    value >>>= 7;
  }
  target[offset++] = value;
  return offset;
}

/** A position in bytes that are being read. */
export interface Cursor {
  offset: number;
}

/**
 * Reads one unsigned LEB128 number of at most 32 bits at `cursor` and moves the cursor behind it.
 * @throws {FormatError} `M2M_VARINT_TRUNCATED` if the bytes end first, `M2M_VARINT_OVERLONG` if it is not the
 *   shortest form (one value has one spelling) or does not fit 32 bits.
 */
export function readVarint(bytes: Uint8Array, cursor: Cursor): number {
  const start = cursor.offset;
  let value = 0;
  for (let i = 0; i < 5; i++) {
    const at = start + i;
    if (at >= bytes.length) {
      throw new FormatError("M2M_VARINT_TRUNCATED", `The number at byte ${start} is cut short.`, {
        offset: start,
      });
    }
    const byte = bytes[at];
    if (i === 4 && byte > 0x0f) break;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) {
      if (byte === 0 && i > 0) break;
      cursor.offset = at + 1;
      return value;
    }
  }
  throw new FormatError(
    "M2M_VARINT_OVERLONG",
    `The number at byte ${start} is overlong or exceeds 32 bits.`,
    {
      offset: start,
    },
  );
}
