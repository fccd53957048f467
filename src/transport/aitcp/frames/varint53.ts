import type { Cursor } from "../../../shared/varint.js";

/** Bytes of the longest number. */
export const MAX_VARINT53_BYTES = 8;

/** Bytes that the unsigned LEB128 form of `value` (0 to 2^53 - 1) takes. */
export function varint53Size(value: number): number {
  let size = 1;
  for (let bound = 0x80; value >= bound && size < MAX_VARINT53_BYTES; bound *= 0x80) size++;
  return size;
}

/**
 * Writes `value` (0 to 2^53 - 1) as unsigned LEB128 (DWARF 5, 7.6) at `offset`.
 * @returns the offset behind the last byte written
 */
export function writeVarint53(target: Uint8Array, offset: number, value: number): number {
  if (value >= 0x80000000 && !Number.isSafeInteger(value))
    throw new RangeError("That is no number to write.");
  // Above 2^32 the operators on bits would cut the number.
  while (value >= 0x80000000) {
    target[offset++] = (value % 0x80) | 0x80;
    value = Math.floor(value / 0x80);
  }
  while (value > 0x7f) {
    target[offset++] = (value & 0x7f) | 0x80;
    value >>>= 7;
  }
  target[offset++] = value;
  return offset;
}

/**
 * Reads one unsigned LEB128 number at `cursor` and moves the cursor behind it.
 * @returns `undefined`, with the cursor unmoved, if there is none: the bytes end first, it is not the shortest form, or it is over
 *   2^53 - 1
 */
export function tryReadVarint53(bytes: Uint8Array, cursor: Cursor): number | undefined {
  const start = cursor.offset;
  const end = Math.min(bytes.length, start + MAX_VARINT53_BYTES);
  let value = 0;
  let unit = 1;
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    value += (byte & 0x7f) * unit;
    if (byte < 0x80) {
      if ((byte === 0 && at > start) || value > Number.MAX_SAFE_INTEGER) return undefined;
      cursor.offset = at + 1;
      return value;
    }
    unit *= 0x80;
  }
  return undefined;
}
