import { expect } from "chai";
import fc from "fast-check";
import type { HydraConfig } from "../../../src/security/hydra/types.js";
import { cutWindows, hashNgrams } from "../../../src/security/hydra/windows.js";
import { readVectors } from "../../helpers/vectors.js";

function configOf(tokens: number, stride: number, tokenizer: HydraConfig["tokenizer"]): HydraConfig {
  const ngram = { buckets: 1000, orders: [1, 3], pooling: "sqrt" } as const;
  return { windows: [{ tokens, stride }], tokenizer, ngram } as unknown as HydraConfig;
}
const WORDPIECE = { type: "wordpiece", vocabulary: "vocab.txt" } as const;
const FRAMED = { type: "bytes", framed: true } as const;

/** A text of `length` tokens: the id of each is its place + 10, and each is 3 units with a blank between. */
function textOf(length: number) {
  return {
    ids: Int32Array.from({ length }, (_, i) => i + 10),
    starts: Int32Array.from({ length }, (_, i) => 4 * i),
    ends: Int32Array.from({ length }, (_, i) => 4 * i + 3),
  };
}

describe("windows", () => {
  const cut = (
    length: number,
    tokens: number,
    stride: number,
    tokenizer: HydraConfig["tokenizer"] = WORDPIECE,
  ) => Array.from(cutWindows(textOf(length), configOf(tokens, stride, tokenizer)));
  const firsts = (windows: { ids: Int32Array }[]) => windows.map(({ ids }) => ids[0] - 10);

  it("start at each stride, and the last ends with the text", () => {
    expect(firsts(cut(1200, 512, 256))).to.deep.equal([0, 256, 512, 688]);
    expect(firsts(cut(1024, 512, 256))).to.deep.equal([0, 256, 512]);
    expect(firsts(cut(513, 512, 256))).to.deep.equal([0, 1]);
  });

  it("are one if the text fits", () => {
    expect(cut(512, 512, 256).map(({ ids }) => ids.length)).to.deep.equal([512]);
    expect(cut(1, 512, 256).map(({ start, end }) => [start, end])).to.deep.equal([[0, 3]]);
  });

  it("are those of each scale in turn, and the whole text only once", () => {
    const cutScales = (length: number) =>
      Array.from(
        cutWindows(textOf(length), {
          ...configOf(0, 0, WORDPIECE),
          windows: [
            { tokens: 8, stride: 6 },
            { tokens: 3, stride: 2 },
          ],
        }),
        ({ ids }) => [ids[0] - 10, ids.length],
      );
    expect(cutScales(3)).to.deep.equal([[0, 3]]);
    expect(cutScales(5)).to.deep.equal([
      [0, 5],
      [0, 3],
      [2, 3],
    ]);
    expect(cutScales(9)).to.deep.equal([
      [0, 8],
      [1, 8],
      [0, 3],
      [2, 3],
      [4, 3],
      [6, 3],
    ]);
  });

  it("say which part of the text they cover", () => {
    expect(cut(10, 4, 3).map(({ start, end }) => [start, end])).to.deep.equal([
      [0, 15],
      [12, 27],
      [24, 39],
    ]);
  });

  it("of framed bytes have BOS and EOS around fewer tokens", () => {
    const windows = cut(7, 6, 3, FRAMED);
    expect(windows.map(({ ids }) => Array.from(ids))).to.deep.equal([
      [2, 10, 11, 12, 13, 1],
      [2, 13, 14, 15, 16, 1],
    ]);
    expect(cut(0, 6, 3, FRAMED)[0]).to.deep.include({ ids: Int32Array.of(2, 1), start: 0, end: 0 });
  });

  it("cover every token, none longer than allowed, for any size", () => {
    fc.assert(
      fc.property(
        fc.nat(300),
        fc.integer({ min: 3, max: 64 }),
        fc.integer({ min: 1, max: 64 }),
        (length, tokens, stride) => {
          const seen = new Set<number>();
          const windows = cut(length, tokens, Math.min(stride, tokens));
          for (const { ids } of windows) {
            expect(ids.length).to.equal(Math.min(tokens, length));
            ids.forEach((id) => seen.add(id));
          }
          expect(seen.size).to.equal(length);
        },
      ),
    );
  });

  it("have the n-grams of their own tokens only", () => {
    for (const tokenizer of [WORDPIECE, FRAMED]) {
      for (const { ids, ngrams } of cut(40, 9, 4, tokenizer)) {
        const wanted = [...hashNgrams(ids, 1, 1000), ...hashNgrams(ids, 3, 1000)];
        expect(Array.from(ngrams)).to.deep.equal(wanted);
      }
    }
  });
});

describe("buckets of n-grams", () => {
  interface NgramCase {
    name: string;
    input: number[];
    options: { orders: number[]; buckets: number };
    expected: number[];
  }

  for (const { name, input, options, expected } of readVectors<NgramCase>("hydra/ngrams.json")) {
    it(`equal the training's: ${name}`, () => {
      const ids = Int32Array.from(input);
      const found = options.orders.flatMap((order) => Array.from(hashNgrams(ids, order, options.buckets)));
      expect(found).to.deep.equal(expected);
    });
  }
});
