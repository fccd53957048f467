import { expect } from "chai";
import fc from "fast-check";
import { PieceMerger } from "../../src/tokenizer/merge-pieces.js";
import { openRankTable, type RankTable } from "../../src/tokenizer/rank-table.js";
import { lateMerges, rankTableOf } from "./late-merges.js";
import { referenceOf, tokenizers } from "./references.js";

// Of type string: the module is plain JavaScript without declarations.
const BUILDER_MODULE: string = "../../scripts/rank-table.mjs";
const { buildRankTable } = (await import(BUILDER_MODULE)) as {
  buildRankTable: (vocabulary: {
    letter: number;
    pattern: number;
    tokens: Uint8Array[];
    specials: Map<string, number>;
  }) => Uint8Array;
};

function mergeWith(merger: PieceMerger, bytes: Uint8Array): number[] {
  const count = merger.merge(bytes, 0, bytes.length);
  return Array.from(merger.ids.subarray(0, count));
}

function ranksOf({ rankCount, offsets, blob }: RankTable): Map<string, number> {
  const ranks = new Map<string, number>();
  for (let id = 0; id < rankCount; id++) {
    ranks.set(Buffer.from(blob.subarray(offsets[id], offsets[id + 1])).toString("latin1"), id);
  }
  return ranks;
}

/** The definition: of all neighbours that are a token together, the lowest rank first, the leftmost of equals. */
function mergePlainly(ranks: Map<string, number>, bytes: Uint8Array): number[] {
  const parts = [...Buffer.from(bytes).toString("latin1")];
  for (;;) {
    let best = Infinity;
    let bestAt = -1;
    for (let i = 0; i + 1 < parts.length; i++) {
      const rank = ranks.get(parts[i] + parts[i + 1]) ?? Infinity;
      if (rank < best) [best, bestAt] = [rank, i];
    }
    if (bestAt < 0) return parts.map((part) => ranks.get(part)!);
    parts.splice(bestAt, 2, parts[bestAt] + parts[bestAt + 1]);
  }
}

describe("the order of merges", () => {
  describe("tokens that rank below one of their parts", () => {
    const table = rankTableOf("llama");
    const late = lateMerges(table);

    it("only llama has them, 81", () => {
      expect(late).to.have.length(81);
      expect(lateMerges(rankTableOf("cl100k_base"))).to.deep.equal([]);
      expect(lateMerges(rankTableOf("o200k_base"))).to.deep.equal([]);
    });

    it("repeated as text, they give the ids of the reference", () => {
      const reference = referenceOf("llama");
      for (const token of late) {
        const text = Buffer.from(token).toString();
        for (const times of [1, 2, 7, 60]) {
          const repeated = text.trimStart().repeat(times) + text.repeat(3);
          expect(Array.from(tokenizers.get("llama").encode(repeated)), repeated).to.deep.equal(
            reference.encode(repeated),
          );
        }
      }
    });

    it("repeated, reversed and mixed as one piece, they are merged as defined", () => {
      const ranks = ranksOf(table);
      const merger = new PieceMerger(table);
      const windowed = new PieceMerger(table, 100);
      const check = (parts: Uint8Array[]) => {
        const bytes = Buffer.concat(parts);
        const expected = mergePlainly(ranks, bytes);
        expect(mergeWith(merger, bytes), bytes.toString()).to.deep.equal(expected);
        expect(mergeWith(windowed, bytes), bytes.toString()).to.deep.equal(expected);
      };
      for (const token of late) {
        check(Array<Uint8Array>(30).fill(token));
        check(Array<Uint8Array>(30).fill(token.toReversed()));
        check(Array<Uint8Array>(30).fill(token.subarray(1)));
        check(Array<Uint8Array>(30).fill(token.subarray(0, -1)));
      }
      fc.assert(fc.property(fc.array(fc.constantFrom(...late), { minLength: 10, maxLength: 40 }), check), {
        numRuns: 200,
      });
    });

    // Quadratic time would be minutes here.
    it("half a million bytes of them in one window give what small windows give", () => {
      for (const token of late.filter((_, i) => i % 9 === 0)) {
        const bytes = Buffer.alloc(500_000, token);
        expect(mergeWith(new PieceMerger(table, Infinity), bytes)).to.deep.equal(
          mergeWith(new PieceMerger(table, 1000), bytes),
        );
      }
    });
  });

  it("holds for any vocabulary", () => {
    const bytes = Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte));
    // Words made of words, ranked in any order: many rank below one of their parts, and some are never merged to.
    const words = fc
      .array(fc.tuple(fc.nat(), fc.nat()), { minLength: 5, maxLength: 60 })
      .map((pairs) => {
        const made = ["a", "b", "c", "ab"];
        for (const [i, j] of pairs) {
          const word = made[i % made.length] + made[j % made.length];
          if (word.length <= 40 && !made.includes(word)) made.push(word);
        }
        return made.slice(3);
      })
      .chain((made) => fc.shuffledSubarray(made, { minLength: made.length }));
    const text = fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength: 1, maxLength: 400 });
    const part = fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength: 1, maxLength: 7 });
    const repeated = fc
      .tuple(fc.oneof(part, text), fc.integer({ min: 2, max: 60 }))
      .map(([unit, times]) => unit.repeat(times).slice(0, 500));
    fc.assert(
      fc.property(
        words,
        fc.array(fc.oneof(text, repeated), { minLength: 20, maxLength: 20 }),
        (own, texts) => {
          const tokens = [...bytes, ...own.map((token) => new TextEncoder().encode(token))];
          const specials = new Map([["<|end|>", tokens.length]]);
          const table = openRankTable(buildRankTable({ letter: 0, pattern: 0, tokens, specials }));
          const ranks = ranksOf(table);
          const mergers = [16, 50, Infinity].map((windowBytes) => new PieceMerger(table, windowBytes));
          for (const content of texts) {
            const piece = new TextEncoder().encode(content);
            const expected = mergePlainly(ranks, piece);
            for (const merger of mergers) expect(mergeWith(merger, piece)).to.deep.equal(expected);
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});
