import { expect } from "chai";
import { PieceEncoder, SHORT_BITS, WIDE_BITS } from "../../src/tokenizer/piece-encoder.js";
import { hashBytes, SPREAD } from "../../src/tokenizer/rank-lookup.js";
import { rankTableOf } from "./late-merges.js";

const table = rankTableOf("cl100k_base");

function encodeWith(encoder: PieceEncoder, piece: Uint8Array): number[] {
  const out = new Uint32Array(piece.length);
  const view = new DataView(piece.buffer, piece.byteOffset, piece.length);
  return Array.from(out.subarray(0, encoder.encode(piece, view, 0, piece.length, out, 0)));
}

function slotOf(piece: Uint8Array, bits: number): number {
  return Math.imul(hashBytes(piece, 0, piece.length), SPREAD) >>> (32 - bits);
}

/** `piece` with other letters at `from` to `to`, such that it falls into the same slot. */
function findCollision(piece: Uint8Array, from: number, to: number, bits: number): Uint8Array {
  const other = piece.slice();
  const slot = slotOf(piece, bits);
  for (let number = 0; ; number++) {
    for (let at = from, rest = number; at < to; at++, rest = Math.floor(rest / 26))
      other[at] = 97 + (rest % 26);
    if (slotOf(other, bits) === slot && Buffer.compare(other, piece) !== 0) return other;
  }
}

/** What an encoder gives for `second` after it has seen `first`, and the other way round. */
function expectApart(first: Uint8Array, second: Uint8Array): void {
  const [ofFirst, ofSecond] = [first, second].map((piece) => encodeWith(new PieceEncoder(table), piece));
  expect(ofFirst).to.not.deep.equal(ofSecond);
  const encoder = new PieceEncoder(table);
  for (const [piece, expected] of [
    [first, ofFirst],
    [second, ofSecond],
    [first, ofFirst],
  ] as const) {
    expect(encodeWith(encoder, piece), Buffer.from(piece).toString()).to.deep.equal(expected);
    expect(encodeWith(encoder, piece), Buffer.from(piece).toString()).to.deep.equal(expected);
  }
}

describe("the caches of pieces", () => {
  const word = new TextEncoder().encode("function");

  it("short pieces of one slot that differ in their first word only are told apart", () => {
    expectApart(word, findCollision(word, 0, 4, SHORT_BITS));
  });

  it("short pieces of one slot that differ in their last word only are told apart", () => {
    expectApart(word, findCollision(word, 4, 8, SHORT_BITS));
  });

  it("short pieces of one slot that differ in their length only are told apart", () => {
    // A piece of 8 bytes whose words are the first and the last, overlapping one, of a shorter piece.
    const { rankCount, offsets, blob } = table;
    let found = 0;
    for (let id = 0; id < rankCount; id++) {
      const token = blob.slice(offsets[id], offsets[id + 1]);
      if (token.length < 4 || token.length > 7) continue;
      const longer = Uint8Array.from([...token.subarray(0, 4), ...token.subarray(-4)]);
      if (slotOf(token, SHORT_BITS) !== slotOf(longer, SHORT_BITS)) continue;
      found++;
      expectApart(token, longer);
    }
    expect(found).to.be.above(0);
  });

  it("longer pieces of one slot that differ in their length only are told apart", () => {
    // Nine bytes and twelve: in both, the words are the first two and the last, which overlaps in the shorter.
    for (let number = 0; ; number++) {
      const shorter = new TextEncoder().encode(`abcd${String(number).padStart(5, "x")}`);
      const longer = Uint8Array.from([...shorter.subarray(0, 8), ...shorter.subarray(-4)]);
      if (slotOf(shorter, WIDE_BITS) !== slotOf(longer, WIDE_BITS)) continue;
      expectApart(shorter, longer);
      break;
    }
  });

  it("longer pieces of one slot that differ in any one word are told apart", () => {
    for (const text of ["abcdefghijkl", "abcdefghijklmno", "xqzwvkjxqzwvkjq"]) {
      const piece = new TextEncoder().encode(text);
      for (const from of [0, 4, piece.length - 4]) {
        expectApart(piece, findCollision(piece, from, from + 4, WIDE_BITS));
      }
    }
  });
});
