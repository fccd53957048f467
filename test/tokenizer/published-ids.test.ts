import { readFileSync } from "node:fs";
import { expect } from "chai";
import fc from "fast-check";
import llama3 from "llama3-tokenizer-js";
import type { BpeEncodingName } from "../../src/shared/encodings.js";
import { tokenizers } from "./references.js";

interface IdVector {
  encoding: BpeEncodingName;
  input: string;
  ids: number[];
}
const VECTORS = JSON.parse(
  readFileSync(new URL("../vectors/tokenizer/published-ids.json", import.meta.url), "utf8"),
) as IdVector[];

describe("published ids", () => {
  for (const { encoding, input, ids } of VECTORS) {
    it(`${encoding}: ${JSON.stringify(input)}`, () => {
      expect(Array.from(tokenizers.get(encoding).encode(input))).to.deep.equal(ids);
      expect(Buffer.from(tokenizers.get(encoding).decode(ids)).toString()).to.equal(input);
    });
  }

  it("llama3-tokenizer-js gives the same ids", () => {
    // Its regular expression is JavaScript's: white space and folding differ from the published one beyond ASCII.
    const words = fc.stringMatching(/^[ -~\n日本éßдю]{0,60}$/u);
    fc.assert(
      fc.property(words, (text) => {
        const expected = llama3.encode(text, { bos: false, eos: false });
        expect(Array.from(tokenizers.get("llama").encode(text))).to.deep.equal(expected);
      }),
      { numRuns: 300 },
    );
  });
});
