// Builds one binary rank table (docs/spec/tokenizers.md). Constants and hashes are those of
// src/tokenizer/rank-table.ts; a test holds the two equal by looking every token up.

/**
 * @typedef {object} Vocabulary
 * @property {number} letter TK raw-mode byte: 0 cl100k_base, 1 o200k_base, 2 llama
 * @property {number} pattern pre-tokenizer: 0 cl100k, 1 o200k
 * @property {Uint8Array[]} tokens bytes by rank; the rank is the id
 * @property {Map<string, number>} specials special tokens, ids above all ranks
 */

const HEADER_BYTES = 64;
const MIX = 0x9e3779b1;
const SPREAD = 0x85ebca6b;

/** @param {Uint8Array} bytes */
export function hashBytes(bytes) {
  const length = bytes.length;
  const word = (at) => bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
  const mix = (hash, value) => {
    const mixed = Math.imul(hash ^ value, MIX);
    return mixed ^ (mixed >>> 15);
  };
  if (length < 4) return mix(length, bytes[0] | ((bytes[1] ?? 0) << 8) | ((bytes[2] ?? 0) << 16));
  let hash = length;
  for (let at = 0; at < length - 4; at += 4) hash = mix(hash, word(at));
  return mix(hash, word(length - 4));
}

const hashPair = (left, right) => Math.imul(Math.imul(left, MIX) + right, SPREAD);

/** @param {Vocabulary} vocabulary @returns {Uint8Array} */
export function buildRankTable({ letter, pattern, tokens, specials }) {
  const firstSpecial = Math.min(...specials.values());
  const vocabularySize = Math.max(...specials.values()) + 1;
  if (tokens.length > firstSpecial) throw new Error("a special token's id lies among the ranks");
  /** @type {Uint8Array[]} */
  const all = new Array(vocabularySize).fill(new Uint8Array(0));
  tokens.forEach((token, id) => (all[id] = token));
  for (const [text, id] of specials) {
    if (!/^<\|[a-z0-9_]{1,60}\|>$/.test(text)) throw new Error(`special token ${text} has another shape`);
    all[id] = Buffer.from(text);
  }

  const blobBytes = all.reduce((sum, token) => sum + token.length, 0);
  const wholeBits = Math.ceil(Math.log2(vocabularySize * 1.5));
  const merges = canonicalMerges(tokens);
  // Fuller than `whole`: places that follow one another are looked through faster than a table twice as large stays in the caches.
  const pairBits = Math.ceil(Math.log2(merges.length * 1.25));
  const words = HEADER_BYTES / 4 + vocabularySize + 1 + 2 ** wholeBits + 65536 + 256 + 2 ** pairBits * 2;
  const table = new Uint8Array(words * 4 + blobBytes + 8);
  const view = new DataView(table.buffer);
  let at = 0;
  const put = (value) => {
    view.setUint32(at, value >>> 0, true);
    at += 4;
  };

  for (const value of [0x524d324d, 1, letter, pattern, vocabularySize, tokens.length, firstSpecial])
    put(value);
  for (const value of [wholeBits, pairBits, blobBytes, table.length]) put(value);
  let check = 0;
  for (let i = 0; i < at; i++) check = Math.imul(check ^ table[i], 0x01000193) >>> 0;
  put(check);
  at = HEADER_BYTES;

  let offset = 0;
  const blobAt = words * 4;
  for (const token of all) {
    put(offset);
    table.set(token, blobAt + offset);
    offset += token.length;
  }
  put(offset);

  const wholeAt = at;
  all.forEach((token, id) => {
    if (token.length === 0) return;
    let slot = Math.imul(hashBytes(token), SPREAD) >>> (32 - wholeBits);
    while (view.getUint32(wholeAt + slot * 4, true) !== 0) slot = (slot + 1) & (2 ** wholeBits - 1);
    view.setUint32(wholeAt + slot * 4, id + 1, true);
  });
  at += 2 ** wholeBits * 4;

  const bytePairsAt = at;
  const byteIdsAt = at + 65536 * 4;
  const pairsAt = byteIdsAt + 256 * 4;
  const byteIds = new Uint32Array(256);
  tokens.forEach((token, id) => {
    if (token.length !== 1) return;
    byteIds[token[0]] = id;
    view.setUint32(byteIdsAt + token[0] * 4, id, true);
  });
  for (const { left, right, merged } of merges) {
    if (tokens[merged].length === 2) {
      const pair = (tokens[merged][0] << 8) | tokens[merged][1];
      view.setUint32(bytePairsAt + pair * 4, merged + 1, true);
    }
    let slot = hashPair(left, right) >>> (32 - pairBits);
    while (view.getUint32(pairsAt + slot * 8 + 4, true) !== 0) slot = (slot + 1) & (2 ** pairBits - 1);
    view.setUint32(pairsAt + slot * 8, (left | (right << 18)) >>> 0, true);
    view.setUint32(pairsAt + slot * 8 + 4, (1 << 22) | ((right >>> 14) << 18) | merged, true);
  }
  return table;
}

/**
 * The one pair each token is merged from. While a text is merged, two neighbours that together are token t can only
 * be the last two parts of t merged alone: no merge has crossed t's borders yet, so the inside has gone as in isolation.
 * Tokens that merging alone never makes (found by whole-piece look-up only) have no pair.
 * @param {Uint8Array[]} tokens
 */
function canonicalMerges(tokens) {
  const rankOf = new Map(tokens.map((token, id) => [Buffer.from(token).toString("latin1"), id]));
  if (rankOf.size !== tokens.length) throw new Error("two tokens have the same bytes");
  const merges = [];
  for (const [text, merged] of rankOf) {
    if (text.length === 1) continue;
    const parts = lastTwoParts(text, rankOf);
    if (parts === undefined) continue;
    const [left, right] = parts.map((part) => rankOf.get(part));
    merges.push({ left, right, merged });
  }
  return merges;
}

function lastTwoParts(text, rankOf) {
  const parts = [...text];
  while (parts.length > 2) {
    let best = Infinity;
    let bestAt = -1;
    for (let i = 0; i + 1 < parts.length; i++) {
      const rank = rankOf.get(parts[i] + parts[i + 1]);
      if (rank !== undefined && rank < best) {
        best = rank;
        bestAt = i;
      }
    }
    if (bestAt < 0) return undefined;
    parts.splice(bestAt, 2, parts[bestAt] + parts[bestAt + 1]);
  }
  return parts;
}
