import type { RankTable } from "./rank-table.js";

/** What `findPair` gives for neighbours that are no token together; above every id. */
export const NO_MERGE = 0x7fffffff;
/** Factors of the hashes (docs/spec/tokenizers.md, "Rank table"). */
export const MIX = 0x9e3779b1;
export const SPREAD = 0x85ebca6b;

/** Id of the token whose bytes are `bytes[start, end)`, special ones included, or -1. */
export function findToken(table: RankTable, bytes: Uint8Array, start: number, end: number): number {
  return findHashedToken(table, bytes, start, end, Math.imul(hashBytes(bytes, start, end), SPREAD));
}

/** As `findToken`, where the caller has the hash of the bytes, spread already. */
export function findHashedToken(
  { whole, offsets, blob, wholeShift }: RankTable,
  bytes: Uint8Array,
  start: number,
  end: number,
  hash: number,
): number {
  const length = end - start;
  const mask = whole.length - 1;
  let slot = hash >>> wholeShift;
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

/** Id of the token that two neighbours merge to, or `NO_MERGE`. Takes a table's `pairs` and `pairShift`. */
export function findPair(pairs: Int32Array, pairShift: number, left: number, right: number): number {
  const mask = pairs.length - 2;
  const first = left | (right << 18);
  const rest = (1 << 4) | (right >>> 14);
  let slot = (Math.imul(Math.imul(left, MIX) + right, SPREAD) >>> pairShift) << 1;
  for (;;) {
    const second = pairs[slot + 1];
    if (second === 0) return NO_MERGE;
    if (pairs[slot] === first && second >> 18 === rest) return second & 0x3ffff;
    slot = (slot + 2) & mask;
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
  const mixed = Math.imul(hash ^ word, MIX);
  return mixed ^ (mixed >>> 15);
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
}
