import { FormatError } from "../../shared/errors.js";
import { type Limits, outputTooLarge } from "../../shared/limits.js";
import { type Cursor, readVarint, varintSize, writeVarint } from "../../shared/varint.js";
import type { Tokenizer } from "../../tokenizer/index.js";

/** One `first` byte, then the ids as unsigned LEB128. */
export function writeTokenIds(first: number, ids: Uint32Array): Uint8Array {
  let sizeBytes = 1;
  for (let i = 0; i < ids.length; i++) sizeBytes += varintSize(ids[i]);
  const bytes = new Uint8Array(sizeBytes);
  bytes[0] = first;
  let offset = 1;
  for (let i = 0; i < ids.length; i++) offset = writeVarint(bytes, offset, ids[i]);
  return bytes;
}

/**
 * The content whose token ids fill `bytes` from `start` on. Nothing is kept but the content, and that only once its size
 * is known to be within the limit. Offsets in errors count from the first byte of the numbers.
 * @throws {FormatError} `M2M_VARINT_TRUNCATED`, `M2M_VARINT_OVERLONG`, `M2M_TK_TOKEN_UNKNOWN`
 * @throws {LimitError} `M2M_OUTPUT_TOO_LARGE`
 */
export function decodeTokenIds(
  bytes: Uint8Array,
  start: number,
  vocabulary: Pick<Tokenizer, "tokenLength" | "copyToken">,
  limits: Pick<Limits, "maxOutputBytes">,
): Uint8Array {
  const numbers = bytes.subarray(start);
  const cursor = { offset: 0 };
  let sizeBytes = 0;
  while (cursor.offset < numbers.length) {
    const offset = cursor.offset;
    const id = readId(numbers, cursor);
    const length = vocabulary.tokenLength(id);
    if (length === 0) {
      throw new FormatError("M2M_TK_TOKEN_UNKNOWN", `The vocabulary has no token ${id} (byte ${offset}).`, {
        offset,
      });
    }
    sizeBytes += length;
    if (sizeBytes > limits.maxOutputBytes) throw outputTooLarge(limits);
  }
  const content = new Uint8Array(sizeBytes);
  let at = 0;
  cursor.offset = 0;
  while (cursor.offset < numbers.length) at = vocabulary.copyToken(readId(numbers, cursor), content, at);
  return content;
}

/** `readVarint`, faster for the one to three bytes that ids take. */
function readId(numbers: Uint8Array, cursor: Cursor): number {
  const offset = cursor.offset;
  const first = numbers[offset];
  if (first < 0x80) {
    cursor.offset = offset + 1;
    return first;
  }
  // Past the end there is `undefined`, which no comparison holds for.
  const second = numbers[offset + 1];
  if (second > 0 && second < 0x80) {
    cursor.offset = offset + 2;
    return (first & 0x7f) | (second << 7);
  }
  const third = numbers[offset + 2];
  if (second >= 0x80 && third > 0 && third < 0x80) {
    cursor.offset = offset + 3;
    return (first & 0x7f) | ((second & 0x7f) << 7) | (third << 14);
  }
  return readVarint(numbers, cursor);
}
