import { FormatError } from "../shared/errors.js";
import { BPE_ENCODINGS, type BpeEncodingName } from "../shared/encodings.js";

/**
 * The binary rank table of one encoding (docs/spec/tokenizers.md, "Rank table"): typed-array views over one buffer,
 * nothing is parsed.
 */

const MAGIC = 0x524d324d; // "M2MR"
const VERSION = 1;
const HEADER_BYTES = 64;
/** Bytes behind the blob that word-wise reads may touch. */
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
  readonly blobView: DataView;
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
 * @throws {FormatError} `M2M_FRAME_INVALID` if the bytes are no rank table of this version or are cut short.
 */
export function openRankTable(table: Uint8Array): RankTable {
  if (table.length < HEADER_BYTES) throw invalid("it is shorter than its header", table.length);
  // Typed arrays want aligned words; a table inside a larger buffer is copied once.
  const bytes = table.byteOffset % 4 === 0 ? table : table.slice();
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
    blobView: new DataView(bytes.buffer, at, blobBytes + BLOB_PADDING_BYTES),
    whole,
    wholeShift: 32 - wholeBits,
    bytePairs,
    byteIds,
    pairs,
    pairShift: 32 - pairBits,
  };
}

/** Id of the token whose bytes are `bytes[start, end)`, or -1. For rare look-ups: `PieceEncoder` has the fast form. */
export function findToken(table: RankTable, bytes: Uint8Array, start: number, end: number): number {
  const { whole, offsets, blob } = table;
  const length = end - start;
  const mask = whole.length - 1;
  let slot = Math.imul(hashBytes(bytes, start, end), 0x85ebca6b) >>> table.wholeShift;
  for (;;) {
    const id = whole[slot] - 1;
    if (id < 0) return -1;
    const at = offsets[id];
    if (offsets[id + 1] - at === length) {
      let same = 0;
      while (same < length && blob[at + same] === bytes[start + same]) same++;
      if (same === length) return id;
    }
    slot = (slot + 1) & mask;
  }
}

/** The hash that places tokens in `whole`, before the final spreading multiplication. */
export function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length < 4) {
    let word = 0;
    for (let i = length - 1; i >= 0; i--) word = (word << 8) | bytes[start + i];
    return mix(length, word);
  }
  let hash = length;
  for (let at = start; at < end - 4; at += 4) hash = mix(hash, wordAt(bytes, at));
  return mix(hash, wordAt(bytes, end - 4));
}

function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
}

function invalid(why: string, offset: number): FormatError {
  return new FormatError("M2M_RANK_TABLE_INVALID", `The rank table cannot be used: ${why}.`, {
    offset,
    hint: "Write it again: npm run build.",
  });
}
