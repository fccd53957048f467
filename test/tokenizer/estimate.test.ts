import { expect } from "chai";
import fc from "fast-check";
import { countTokens, estimateTokens } from "../../src/tokenizer/index.js";
import { readVectors } from "../helpers/vectors.js";

const BODIES = readVectors<{ input: string }>("wire-v3/wire-v3.json").map(({ input }) => input);
/** Error of the base figure on each body of an ordinary size, ascending. */
function relativeErrors(encoding: "cl100k_base" | "o200k_base"): number[] {
  return BODIES.filter((body) => body.length >= 100)
    .map((body) => estimateTokens(body, { provider: "openai" }) / countTokens(body, { encoding }) - 1)
    .sort((a, b) => a - b);
}
const median = (values: number[]) => values[values.length >> 1];

describe("estimateTokens", () => {
  for (const encoding of ["cl100k_base", "o200k_base"] as const) {
    it(`is within the stated error of ${encoding} on the interoperability bodies`, () => {
      const errors = relativeErrors(encoding);
      const sizes = errors.map(Math.abs).sort((a, b) => a - b);
      expect(errors.length).to.be.above(20);
      expect(median(sizes)).to.be.below(0.12);
      expect(sizes[Math.floor(sizes.length * 0.9)]).to.be.below(0.25);
      const total = BODIES.reduce((sum, body) => sum + estimateTokens(body, { provider: "openai" }), 0);
      const exact = BODIES.reduce((sum, body) => sum + countTokens(body, { encoding }), 0);
      expect(total / exact).to.be.within(0.95, 1.15);
    });
  }

  it("an unknown provider's tokens are rather too many than too few", () => {
    const low = BODIES.filter(
      (body) => estimateTokens(body) < countTokens(body, { encoding: "cl100k_base" }),
    );
    expect(low.length / BODIES.length).to.be.at.most(0.05);
  });

  it("providers scale the base by what they publish", () => {
    const body = BODIES.join("\n");
    const base = estimateTokens(body, { provider: "openai" });
    const ratio = (provider?: string) => estimateTokens(body, { provider }) / base;
    expect(ratio("google")).to.be.closeTo(1, 0.001);
    expect(ratio("anthropic")).to.be.closeTo(4 / 3.5, 0.001);
    expect(ratio("deepseek")).to.be.closeTo(1.2, 0.001);
    expect(ratio("somebody else")).to.equal(ratio(undefined)).and.to.be.closeTo(1.2, 0.001);
  });

  it("counts nothing for nothing, and at least one for anything else", () => {
    expect(estimateTokens("")).to.equal(0);
    fc.assert(
      fc.property(fc.string({ unit: "binary", minLength: 1 }), (text) => {
        expect(estimateTokens(text)).to.be.at.least(1);
      }),
    );
  });

  it("a longer text never counts far less", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (first, second) => {
        expect(estimateTokens(first + second)).to.be.at.least(estimateTokens(first) - 3);
      }),
    );
  });

  it("other scripts are not taken for cheap", () => {
    const texts = [
      "今天天气很好，我们去公园吧。",
      "Привет, как дела?",
      "नमस्ते दुनिया",
      "안녕하세요 오늘",
      "😀🎉🚀👍🦙",
    ];
    for (const text of texts) {
      expect(estimateTokens(text), text).to.be.at.least(countTokens(text, { encoding: "o200k_base" }));
    }
  });
});
