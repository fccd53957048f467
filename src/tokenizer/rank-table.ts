import { FormatError } from "../shared/errors.js";
import { BPE_ENCODINGS, type BpeEncodingName } from "../shared/encodings.js";
import { INSTALL_AGAIN } from "../shared/package-files.js";

/**
 * The binary rank table of one encoding (docs/spec/tokenizers.md, "Rank table"): typed-array views over one buffer,
 * nothing is parsed.
 */

const MAGIC = 0x524d324d; // "M2MR"
const VERSION = 1;
const HEADER_BYTES = 64;
/** Zeroes behind the blob, for readers that read it by words. */
const BLOB_PADDING_BYTES = 8;
const MAX_VOCABULARY = 1 << 18;

/** Pre-tokenizer of an encoding. */
export type SplitPattern = "cl100k" | "o200k";

export interface RankTable {
  readonly encoding: BpeEncodingName;
  readonly pattern: SplitPattern;
  /** Highest id + 1; some ids below it may be unused. */
  readonly vocabularySize: number;
  /** Ids below it are ranks, ids from `firstSpecial` on are special tokens. */
  readonly rankCount: number;
  readonly firstSpecial: number;
  /** `offsets[id]` to `offsets[id + 1]` is the token's place in `blob`; empty for an unused id. */
  readonly offsets: Uint32Array;
  readonly blob: Uint8Array;
  /** Open-addressing hash table from bytes to id + 1; 0 is an empty slot. */
  readonly whole: Uint32Array;
  readonly wholeShift: number;
  /** Merged id + 1 of a pair of bytes, by `first << 8 | second`; 0 where there is none. */
  readonly bytePairs: Int32Array;
  /** Id of each single byte. */
  readonly byteIds: Uint32Array;
  /**
   * Open-addressing hash table from a pair of ids to the merged id, two words a slot:
   * `left | right << 18` and `1 << 22 | (right >> 14) << 18 | merged`; 0 is an empty slot.
   */
  readonly pairs: Int32Array;
  readonly pairShift: number;
}

/**
 * Opens a rank table.
 * @throws {FormatError} `M2M_RANK_TABLE_INVALID` if the bytes are no rank table of this version or are cut short.
 */
export function openRankTable(table: Uint8Array): RankTable {
  if (table.length < HEADER_BYTES) throw invalid("it is shorter than its header", table.length);
  // Typed arrays want aligned words; a table inside a larger buffer is copied once.
  const bytes = table.byteOffset % 4 === 0 ? table : new Uint8Array(table);
  if (new Uint8Array(new Uint32Array([1]).buffer)[0] !== 1) throw invalid("this machine is big-endian", 0);
  const header = new Uint32Array(bytes.buffer, bytes.byteOffset, HEADER_BYTES / 4);
  const [magic, version, letter, pattern, vocabularySize, rankCount, firstSpecial] = header;
  const [wholeBits, pairBits, blobBytes, tableBytes, check] = header.subarray(7);
  if (magic !== MAGIC) throw invalid("it does not begin with M2MR", 0);
  if (version !== VERSION) throw invalid(`its version is ${version}, not ${VERSION}`, 4);
  let sum = 0;
  for (let i = 0; i < 44; i++) sum = Math.imul(sum ^ bytes[i], 0x01000193) >>> 0;
  if (sum !== check) throw invalid("its header is damaged", 44);
  if (tableBytes !== bytes.length)
    throw invalid(`it has ${bytes.length} bytes, not ${tableBytes}`, bytes.length);
  if (letter >= BPE_ENCODINGS.length || pattern > 1 || vocabularySize > MAX_VOCABULARY || wholeBits > 24) {
    throw invalid("its header is out of range", 8);
  }
  let at = bytes.byteOffset + HEADER_BYTES;
  const take = <View>(
    View: new (buffer: ArrayBufferLike, offset: number, length: number) => View,
    words: number,
  ) => {
    const view = new View(bytes.buffer, at, words);
    at += words * 4;
    return view;
  };
  const words = vocabularySize + 1 + 2 ** wholeBits + 65536 + 256 + 2 ** pairBits * 2;
  if (HEADER_BYTES + words * 4 + blobBytes + BLOB_PADDING_BYTES !== tableBytes) {
    throw invalid("its sections do not fill it", 16);
  }
  const offsets = take(Uint32Array, vocabularySize + 1);
  const whole = take(Uint32Array, 2 ** wholeBits);
  const bytePairs = take(Int32Array, 65536);
  const byteIds = take(Uint32Array, 256);
  const pairs = take(Int32Array, 2 ** pairBits * 2);
  if (offsets[0] !== 0 || offsets[vocabularySize] !== blobBytes)
    throw invalid("its offsets are damaged", HEADER_BYTES);
  return {
    encoding: BPE_ENCODINGS[letter],
    pattern: pattern === 0 ? "cl100k" : "o200k",
    vocabularySize,
    rankCount,
    firstSpecial,
    offsets,
    blob: new Uint8Array(bytes.buffer, at, blobBytes),
    whole,
    wholeShift: 32 - wholeBits,
    bytePairs,
    byteIds,
    pairs,
    pairShift: 32 - pairBits,
  };
}

function invalid(why: string, offset: number): FormatError {
  return new FormatError("M2M_RANK_TABLE_INVALID", `The rank table cannot be used: ${why}.`, {
    offset,
    hint: INSTALL_AGAIN,
  });
}
