import { FormatError } from "../../shared/errors.js";
import { readVarint, varintSize, writeVarint } from "../../shared/varint.js";
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
 * The ids that fill `bytes` from `start` on. Offsets in errors count from the first byte of the numbers.
 * @throws {FormatError} `M2M_VARINT_TRUNCATED`, `M2M_VARINT_OVERLONG`, `M2M_TK_TOKEN_UNKNOWN`
 */
export function readTokenIds(
  bytes: Uint8Array,
  start: number,
  vocabulary: Pick<Tokenizer, "hasToken">,
): Uint32Array {
  const numbers = bytes.subarray(start);
  const ids = new Uint32Array(numbers.length);
  const cursor = { offset: 0 };
  let count = 0;
  while (cursor.offset < numbers.length) {
    const offset = cursor.offset;
    const id = readVarint(numbers, cursor);
    if (!vocabulary.hasToken(id)) {
      throw new FormatError("M2M_TK_TOKEN_UNKNOWN", `The vocabulary has no token ${id} (byte ${offset}).`, {
        offset,
      });
    }
    ids[count++] = id;
  }
  return ids.subarray(0, count);
}
