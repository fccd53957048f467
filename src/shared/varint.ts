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
 * @returns `undefined`, with the cursor unmoved, if there is none: the bytes end first, it is not the shortest form (one
 *   value has one spelling), or it does not fit 32 bits.
 */
export function tryReadVarint(bytes: Uint8Array, cursor: Cursor): number | undefined {
  const start = cursor.offset;
  let value = 0;
  for (let i = 0; i < 5 && start + i < bytes.length; i++) {
    const byte = bytes[start + i];
    if (i === 4 && byte > 0x0f) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * i);
    if (byte >= 0x80) continue;
    if (byte === 0 && i > 0) return undefined;
    cursor.offset = start + i + 1;
    return value;
  }
  return undefined;
}

/**
 * `tryReadVarint`, or the reason why there is no number.
 * @throws {FormatError} `M2M_VARINT_TRUNCATED` if the bytes end first, `M2M_VARINT_OVERLONG` if it is not the
 *   shortest form or does not fit 32 bits.
 */
export function readVarint(bytes: Uint8Array, cursor: Cursor): number {
  const value = tryReadVarint(bytes, cursor);
  if (value !== undefined) return value;
  const offset = cursor.offset;
  // Of a number that is cut, every byte says that another one follows.
  const rest = bytes.subarray(offset, offset + 5);
  if (rest.length < 5 && rest.every((byte) => byte >= 0x80)) {
    throw new FormatError("M2M_VARINT_TRUNCATED", `The number at byte ${offset} is cut short.`, { offset });
  }
  throw new FormatError(
    "M2M_VARINT_OVERLONG",
    `The number at byte ${offset} is overlong or exceeds 32 bits.`,
    { offset },
  );
}
