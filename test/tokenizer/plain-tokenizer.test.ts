import { expect } from "chai";
import fc from "fast-check";
import { adversarialText } from "./fragments.js";
import { PlainTokenizer } from "./plain-tokenizer.js";
import { forEachEncoding, tokenizers } from "./references.js";

describe("equality with the slow twin", () => {
  forEachEncoding((encoding) => {
    describe(encoding, () => {
      let plain: PlainTokenizer;
      const check = (text: string) => {
        expect(Array.from(tokenizers.get(encoding).encode(text))).to.deep.equal(plain.encode(text));
      };
      before(() => {
        plain = new PlainTokenizer(tokenizers.get(encoding));
      });

      it("strings on the borders of the rules", () => {
        fc.assert(fc.property(adversarialText({ anyUnicode: false }), check), { numRuns: 1500 });
      });

      it("pieces around the length where merging changes its method", () => {
        // Few letters make many equal neighbours, the case where the order of merges is easy to get wrong.
        const letters = fc.string({
          unit: fc.constantFrom("a", "b", "e", "s", "er"),
          minLength: 60,
          maxLength: 260,
        });
        fc.assert(fc.property(letters, check), { numRuns: 300 });
        const symbols = fc.string({
          unit: fc.constantFrom("=", "-", "/", "*", "\u0301"),
          minLength: 60,
          maxLength: 260,
        });
        fc.assert(fc.property(symbols, check), { numRuns: 300 });
        const caseless = fc.string({
          unit: fc.constantFrom("日", "本", "の", "한", "ก", "ا"),
          minLength: 20,
          maxLength: 90,
        });
        fc.assert(fc.property(caseless, check), { numRuns: 300 });
      });

      it("runs of one character of every length up to 300", () => {
        for (const character of ["a", " ", "\n", "=", "0", "é", "漢"]) {
          for (let length = 1; length <= 300; length++) check(character.repeat(length));
        }
      }).timeout(60_000);
    });
  });
});
