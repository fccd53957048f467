import { expect } from "chai";
import fc from "fast-check";
import type { HydraConfig, WindowScale } from "../../../src/security/hydra/types.js";
import { listNgrams, WindowList } from "../../../src/security/hydra/windows.js";
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

/** The windows of a text, each with its tokens. */
function cutWindows(text: ReturnType<typeof textOf>, config: HydraConfig) {
  const list = new WindowList(config);
  list.add(text);
  return windowsIn(list, 0);
}

function windowsIn(list: WindowList, text: number) {
  const [first, last] = list.windowsOf(text);
  return Array.from({ length: last - first }, (_, index) => {
    const at = 2 * (first + index);
    const ids = list.ids.slice(list.ranges[at], list.ranges[at + 1]);
    return { ids, start: list.spans[at], end: list.spans[at + 1] };
  });
}

/** Windows as their definition reads: scale by scale, then by their beginnings. */
function cutPlainly(length: number, scales: readonly WindowScale[]): number[][] {
  const found = scales.flatMap(({ tokens, stride }, scale) => {
    const size = Math.min(tokens, length);
    const firsts = [length - size];
    for (let first = 0; first < length - size; first += stride) firsts.push(first);
    return firsts.map((first) => ({ first, size, scale }));
  });
  found.sort((a, b) => a.first - b.first || a.scale - b.scale);
  const wholes = found.filter(({ size }) => size === length);
  return found
    .filter((window) => window.size < length || window === wholes[0])
    .map(({ first, size }) => [first, size]);
}

describe("windows", () => {
  const cut = (
    length: number,
    tokens: number,
    stride: number,
    tokenizer: HydraConfig["tokenizer"] = WORDPIECE,
  ) => cutWindows(textOf(length), configOf(tokens, stride, tokenizer));
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

  const cutScales = (length: number, windows: readonly WindowScale[]) =>
    cutWindows(textOf(length), { ...configOf(0, 0, WORDPIECE), windows }).map(({ ids }) => [
      ids[0] - 10,
      ids.length,
    ]);

  it("are those of all scales by their beginnings, and the whole text only once", () => {
    const scales = [
      { tokens: 8, stride: 6 },
      { tokens: 3, stride: 2 },
    ];
    expect(cutScales(3, scales)).to.deep.equal([[0, 3]]);
    expect(cutScales(5, scales)).to.deep.equal([
      [0, 5],
      [0, 3],
      [2, 3],
    ]);
    expect(cutScales(9, scales)).to.deep.equal([
      [0, 8],
      [0, 3],
      [1, 8],
      [2, 3],
      [4, 3],
      [6, 3],
    ]);
  });

  it("equal those of the definition, for any scales", () => {
    const scale = fc
      .tuple(fc.integer({ min: 3, max: 40 }), fc.integer({ min: 1, max: 40 }))
      .map(([tokens, stride]) => ({ tokens, stride: Math.min(stride, tokens) }));
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 150 }),
        fc.array(scale, { minLength: 1, maxLength: 3 }),
        (length, scales) => {
          expect(cutScales(length, scales)).to.deep.equal(cutPlainly(length, scales));
        },
      ),
    );
  });

  it("of texts one behind the other are those of each", () => {
    for (const tokenizer of [WORDPIECE, FRAMED]) {
      const config = configOf(9, 4, tokenizer);
      const list = new WindowList(config);
      const lengths = [1, 30, 0, 8, 7];
      for (const length of lengths) list.add(textOf(length));
      expect(list.textCount).to.equal(lengths.length);
      lengths.forEach((length, text) =>
        expect(windowsIn(list, text)).to.deep.equal(cutWindows(textOf(length), config)),
      );
    }
  });

  it("of a list that is used again are those of a new one, the gaps between texts too", () => {
    for (const tokenizer of [WORDPIECE, FRAMED]) {
      const config = configOf(9, 4, tokenizer);
      const used = new WindowList(config);
      for (const length of [40, 300, 21]) used.add(textOf(length));
      used.clear();
      expect(used.textCount).to.equal(0);
      const fresh = new WindowList(config);
      for (const length of [3, 10, 1, 30]) {
        used.add(textOf(length));
        fresh.add(textOf(length));
      }
      expect(used.ids).to.deep.equal(fresh.ids);
      expect(used.ranges).to.deep.equal(fresh.ranges);
      expect(used.spans).to.deep.equal(fresh.spans);
      expect(windowsIn(used, 2)).to.deep.equal(windowsIn(fresh, 2));
    }
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
});

describe("windows of the training", () => {
  interface WindowCase {
    name: string;
    input: number;
    options: { windows: HydraConfig["windows"] };
    expected: [first: number, end: number][];
  }

  for (const { name, input, options, expected } of readVectors<WindowCase>("hydra/windows.json")) {
    it(`are the same: ${name}`, () => {
      const config = { ...configOf(0, 0, WORDPIECE), ...options };
      const found = Array.from(cutWindows(textOf(input), config), ({ ids }) => [
        ids[0] - 10,
        ids[0] - 10 + ids.length,
      ]);
      // The order is another: here by beginning, there by scale.
      expect(found).to.have.deep.members(expected);
      expect(found).to.have.length(expected.length);
    });
  }
});

describe("buckets of n-grams", () => {
  interface NgramCase {
    name: string;
    input: number[];
    options: { orders: number[]; buckets: number; pooling: "sqrt" };
    expected: number[];
  }

  for (const { name, input, options, expected } of readVectors<NgramCase>("hydra/ngrams.json")) {
    it(`equal the training's: ${name}`, () => {
      const ids = Int32Array.from(input);
      const found = Array.from(listNgrams(ids, 0, ids.length, options));
      expect(found).to.deep.equal(expected);
    });
  }
});
