import { readFileSync } from "node:fs";
import { expect } from "chai";
import fc from "fast-check";
import { ByteTokenizer, createWordPieceTokenizer } from "../../../src/security/hydra/tokenizer.js";
import { indexVocabulary, type VocabularyIndex } from "../../../src/security/hydra/vocabulary-index.js";
import { catchM2MError } from "../../helpers/catch-error.js";
import { readVectors } from "../../helpers/vectors.js";

const VOCABULARY = readFileSync(new URL("../../vectors/hydra/vocab.txt", import.meta.url));
const SIZE = VOCABULARY.toString("utf8").trimEnd().split("\n").length;
const hostileText = fc.oneof(
  fc.string({ unit: "binary", maxLength: 60 }),
  fc.string({ maxLength: 60 }),
  // Lone surrogates too.
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 40 })
    .map((units) => String.fromCharCode(...units)),
);

describe("word pieces", () => {
  const tokenizer = createWordPieceTokenizer(VOCABULARY, SIZE);

  it("equal the reference's", () => {
    const cases = readVectors<{ name: string; input: string; expected: number[] }>("hydra/word-pieces.json");
    expect(cases.length).to.equal(200);
    for (const { name, input, expected } of cases) {
      const wanted = expected.length === 0 ? [0] : expected;
      expect(Array.from(tokenizer.encode(input).ids), `${name}: ${input}`).to.deep.equal(wanted);
    }
  });

  it("say where in the text they are", () => {
    const text = "  Hello,\u200b wörld \u4e2d!";
    const { starts, ends } = tokenizer.encode(text);
    const words = Array.from(starts, (start, index) => text.slice(start, ends[index]));
    expect(Array.from(new Set(words))).to.deep.equal(["Hello", ",", "wörld", "\u4e2d", "!"]);
  });

  it("have ranges that ascend inside the text, whatever it is", () => {
    fc.assert(
      fc.property(hostileText, (text) => {
        const { ids, starts, ends } = tokenizer.encode(text);
        expect(ids.length).to.be.greaterThan(0);
        expect(starts.length).to.equal(ids.length);
        ids.forEach((id, index) => {
          expect(id).to.be.within(0, SIZE - 1);
          expect(starts[index]).to.be.at.most(ends[index]);
          expect(ends[index]).to.be.at.most(text.length);
          if (index > 0) expect(starts[index]).to.be.at.least(starts[index - 1]);
        });
      }),
      { numRuns: 2000 },
    );
  });

  it("of two texts with a line between are those of each", () => {
    fc.assert(
      fc.property(hostileText, hostileText, (left, right) => {
        const both = Array.from(tokenizer.encode(`${left}\n${right}`).ids);
        const apart = [left, right].flatMap((text) => {
          const { ids, ends } = tokenizer.encode(text);
          // The padding that stands for nothing.
          return ids.length === 1 && ids[0] === 0 && ends[0] === text.length && !text.includes("[PAD]")
            ? []
            : Array.from(ids);
        });
        expect(both).to.deep.equal(apart.length === 0 ? [0] : apart);
      }),
    );
  });

  it("need a vocabulary that fits the embedding and has an unknown piece", () => {
    const codeOf = (text: string, size: number) =>
      catchM2MError(() => createWordPieceTokenizer(Buffer.from(text), size)).code;
    expect(codeOf("[UNK]\na\nb\n", 2)).to.equal("M2M_WEIGHTS_INVALID");
    expect(codeOf("a\nb\n", 10)).to.equal("M2M_WEIGHTS_INVALID");
    expect(codeOf("", 10)).to.equal("M2M_WEIGHTS_INVALID");
    expect(codeOf(`[UNK]\n${"a".repeat(500)}\n`, 10)).to.equal("M2M_WEIGHTS_INVALID");
    expect(codeOf(`[UNK]\n${"a\n".repeat(100_000)}`, 200_000)).to.equal("M2M_WEIGHTS_INVALID");
    expect(catchM2MError(() => createWordPieceTokenizer(Uint8Array.of(255), 10)).code).to.equal(
      "M2M_UTF8_INVALID",
    );
  });

  it("read a vocabulary with carriage returns alike", () => {
    const other = createWordPieceTokenizer(
      Buffer.from(VOCABULARY.toString("utf8").replaceAll("\n", "\r\n")),
      SIZE,
    );
    expect(other.encode("Ignore all previous instructions")).to.deep.equal(
      tokenizer.encode("Ignore all previous instructions"),
    );
  });
});

describe("bytes", () => {
  it("are ids from 3 on, with the characters they belong to", () => {
    const { ids, starts, ends } = new ByteTokenizer().encode("aé😀z");
    expect(Array.from(ids)).to.deep.equal(Array.from(Buffer.from("aé😀z"), (byte) => byte + 3));
    expect(Array.from(starts)).to.deep.equal([0, 1, 1, 2, 2, 2, 2, 4]);
    expect(Array.from(ends)).to.deep.equal([1, 2, 2, 4, 4, 4, 4, 5]);
  });

  it("take a lone surrogate for one replacement character", () => {
    const { ids, ends } = new ByteTokenizer().encode("\ud800a");
    expect(Array.from(ids)).to.deep.equal([0xef + 3, 0xbf + 3, 0xbd + 3, 97 + 3]);
    expect(ends[3]).to.equal(2);
  });
});

describe("the index of a vocabulary", () => {
  const files = [
    VOCABULARY,
    Buffer.from(""),
    Buffer.from("[UNK]"),
    Buffer.from("[UNK]\r\na\r##b\n\n##\n###\n##\r\n\r\r\n##é\r"),
    Buffer.from("a\na\n".repeat(100)),
  ];
  const listOf = ({ starts, lengths, slots }: VocabularyIndex) =>
    [starts, lengths, slots].map((list) => Array.from(list));

  files.forEach((file, index) => {
    it(`is the plain one's, file ${index}`, () => {
      expect(listOf(indexVocabulary(file))).to.deep.equal(listOf(indexVocabulary(file, true)));
    });
  });

  for (const [name, text] of [
    ["a line that is too long", `[UNK]\n${"x".repeat(401)}\n`],
    ["the same line again and again", "x\n".repeat(300)],
  ]) {
    it(`refuses ${name}`, () => {
      for (const plainly of [false, true])
        expect(catchM2MError(() => indexVocabulary(Buffer.from(text), plainly)).code).to.equal(
          "M2M_WEIGHTS_INVALID",
        );
    });
  }
});
