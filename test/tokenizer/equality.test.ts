import { readFileSync } from "node:fs";
import { expect } from "chai";
import fc from "fast-check";
import { adversarialText } from "./fragments.js";
import { forEachEncoding, referenceOf, tokenizers } from "./references.js";

interface TextVector {
  name: string;
  input: string;
}
const TEXTS = JSON.parse(
  readFileSync(new URL("../vectors/tokenizer/texts.json", import.meta.url), "utf8"),
) as TextVector[];

describe("equality with the reference tokenizers", () => {
  forEachEncoding((encoding) => {
    describe(encoding, () => {
      const check = (text: string) => {
        const expected = referenceOf(encoding).encode(text);
        const tokenizer = tokenizers.get(encoding);
        expect(Array.from(tokenizer.encode(text))).to.deep.equal(expected);
        expect(tokenizer.count(text)).to.equal(expected.length);
        expect(Buffer.from(tokenizer.decode(expected)).toString("utf8")).to.equal(text);
      };

      for (const { name, input } of TEXTS) it(name, () => check(input));

      it("random Unicode", () => {
        fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 60 }), check), { numRuns: 1500 });
      });

      it("random graphemes", () => {
        fc.assert(fc.property(fc.string({ unit: "grapheme", maxLength: 60 }), check), { numRuns: 500 });
      });

      it("strings on the borders of the rules", () => {
        fc.assert(fc.property(adversarialText({ anyUnicode: true }), check), { numRuns: 4000 });
      });

      it("random ASCII without blanks, longer than the scanning merge takes", () => {
        const letters = fc.string({ unit: fc.constantFrom(..."abcdeinorst"), minLength: 60, maxLength: 400 });
        fc.assert(fc.property(letters, check), { numRuns: 300 });
      });

      it("JSON texts", () => {
        fc.assert(fc.property(fc.json({ maxDepth: 4 }), check), { numRuns: 500 });
      });
    });
  });
});
