import { PieceMerger } from "./merge-pieces.js";
import { findHashedToken, MIX, SPREAD } from "./rank-lookup.js";
import type { RankTable } from "./rank-table.js";

/** Pieces of up to 8 bytes that are one token: 4 words a slot (first word, last word, length, id). */
export const SHORT_BITS = 14;
const SHORT_BYTES = 8;
/**
 * Other pieces of up to 32 bytes and 7 tokens: 16 words a slot (`length | count << 8`, 8 words of bytes, 7 ids).
 * Longer pieces are merged anew each time; so are pieces of more tokens, which are mostly random and never seen again.
 */
export const WIDE_BITS = 14;
const WIDE_BYTES = 32;
const WIDE_TOKENS = 7;

/**
 * Encodes single pieces: a cached result, else the whole piece looked up in the vocabulary, else merged. The caches are
 * direct mapped and bounded (1.3 MB an instance); a hit is exact, since the piece's bytes are compared.
 */
export class PieceEncoder {
  readonly #table: RankTable;
  readonly #merger: PieceMerger;
  readonly #short = new Int32Array(4 << SHORT_BITS);
  readonly #wide = new Int32Array(16 << WIDE_BITS);

  constructor(table: RankTable) {
    this.#table = table;
    this.#merger = new PieceMerger(table);
  }

  /**
   * Encodes the piece `bytes[start, end)` (not empty; `view` is over the same bytes) and writes its ids to `out` at
   * `at`, unless `out` is undefined. @returns `at` + the number of ids
   */
  encode(
    bytes: Uint8Array,
    view: DataView,
    start: number,
    end: number,
    out: Uint32Array | undefined,
    at: number,
  ): number {
    const length = end - start;
    let hash: number;
    if (length <= SHORT_BYTES) {
      let first: number;
      let last = 0;
      if (length >= 4) {
        first = view.getInt32(start, true);
        last = view.getInt32(end - 4, true);
        hash = Math.imul(length ^ first, MIX);
        if (length > 4) {
          hash ^= hash >>> 15;
          hash = Math.imul(hash ^ last, MIX);
        }
      } else {
        first = bytes[start];
        if (length > 1) {
          first |= bytes[start + 1] << 8;
          if (length > 2) first |= bytes[start + 2] << 16;
        }
        hash = Math.imul(length ^ first, MIX);
      }
      hash = Math.imul(hash ^ (hash >>> 15), SPREAD);
      const short = this.#short;
      const slot = (hash >>> (32 - SHORT_BITS)) << 2;
      if (short[slot] === first && short[slot + 1] === last && short[slot + 2] === length) {
        if (out !== undefined) out[at] = short[slot + 3];
        return at + 1;
      }
      const id = this.#findWhole(bytes, start, end, hash);
      if (id >= 0) {
        short[slot] = first;
        short[slot + 1] = last;
        short[slot + 2] = length;
        short[slot + 3] = id;
        if (out !== undefined) out[at] = id;
        return at + 1;
      }
    } else {
      hash = length;
      const lastWord = end - 4;
      for (let i = start; i < lastWord; i += 4) {
        hash = Math.imul(hash ^ view.getInt32(i, true), MIX);
        hash ^= hash >>> 15;
      }
      hash = Math.imul(hash ^ view.getInt32(lastWord, true), MIX);
      hash = Math.imul(hash ^ (hash >>> 15), SPREAD);
    }
    return this.#encodeWide(bytes, view, start, end, hash, out, at);
  }

  #encodeWide(
    bytes: Uint8Array,
    view: DataView,
    start: number,
    end: number,
    hash: number,
    out: Uint32Array | undefined,
    at: number,
  ): number {
    const length = end - start;
    const wide = this.#wide;
    const slot = (hash >>> (32 - WIDE_BITS)) << 4;
    if (length <= WIDE_BYTES) {
      const head = wide[slot];
      if ((head & 0xff) === length && this.#sameBytes(bytes, view, start, end, slot)) {
        const count = head >> 8;
        if (out !== undefined) {
          for (let i = 0; i < count; i++) out[at + i] = wide[slot + 9 + i];
        }
        return at + count;
      }
    }
    const id = length > SHORT_BYTES ? this.#findWhole(bytes, start, end, hash) : -1;
    let count = 1;
    let ids: Int32Array | undefined;
    if (id < 0) {
      count = this.#merger.merge(bytes, start, end);
      ids = this.#merger.ids;
    }
    if (out !== undefined) {
      if (ids === undefined) out[at] = id;
      else for (let i = 0; i < count; i++) out[at + i] = ids[i];
    }
    if (length <= WIDE_BYTES && count <= WIDE_TOKENS) {
      wide[slot] = length | (count << 8);
      let word = slot + 1;
      if (length < 4) {
        wide[word] =
          bytes[start] | (length > 1 ? bytes[start + 1] << 8 : 0) | (length > 2 ? bytes[start + 2] << 16 : 0);
      } else {
        for (let i = start; i < end - 4; i += 4) wide[word++] = view.getInt32(i, true);
        wide[word] = view.getInt32(end - 4, true);
      }
      if (ids === undefined) wide[slot + 9] = id;
      else for (let i = 0; i < count; i++) wide[slot + 9 + i] = ids[i];
    }
    return at + count;
  }

  /** Whether the piece is the one kept in a slot of the wide cache, whose length is known to be the same. */
  #sameBytes(bytes: Uint8Array, view: DataView, start: number, end: number, slot: number): boolean {
    const wide = this.#wide;
    let word = slot + 1;
    const length = end - start;
    if (length < 4) {
      const key =
        bytes[start] | (length > 1 ? bytes[start + 1] << 8 : 0) | (length > 2 ? bytes[start + 2] << 16 : 0);
      return wide[word] === key;
    }
    for (let i = start; i < end - 4; i += 4) if (wide[word++] !== view.getInt32(i, true)) return false;
    return wide[word] === view.getInt32(end - 4, true);
  }

  /** Id of the ordinary token that the whole piece is, or -1. `hash` is spread already. */
  #findWhole(bytes: Uint8Array, start: number, end: number, hash: number): number {
    const id = findHashedToken(this.#table, bytes, start, end, hash);
    return id < this.#table.rankCount ? id : -1;
  }
}
