import { readFileSync } from "node:fs";
import { expect } from "chai";
import fc from "fast-check";
import { forEachEncoding, referenceOf, tokenizers } from "./references.js";

interface TextVector {
  name: string;
  input: string;
}
const TEXTS = JSON.parse(
  readFileSync(new URL("../vectors/tokenizer/texts.json", import.meta.url), "utf8"),
) as TextVector[];

/** Fragments that sit on the borders of the pre-tokenizers' rules. */
const FRAGMENTS = [
  ..."aZ09 _-/'\"<|>{}[]:,.\\",
  ..."\u0000\t\n\v\f\r\u001c\u001f\u0085\u00a0\u1680\u2003\u2028\u2029\u202f\u205f\u3000\u180e\u200b\u200d\ufeff",
  ..."ſKİıßǅʰªºⅧ²½①٣日本ा́\u0e33\ud7ff\ue000\uffff😀🙂𝒜𐐀𐐨",
  ...[
    "\r\n",
    "\n\n",
    "   ",
    "\t\t",
    "  \n  ",
    "'s",
    "'S",
    "'ll",
    "'LL",
    "'Ve",
    "'re",
    "'ſ",
    "'d",
    "'x",
    "''s",
  ],
  ...["<|endoftext|>", "<|endofprompt|>", "<|fim_prefix|>", "<|im_start|>", "<|", "|>", "<|eot_id|>"],
  ...[
    "<|begin_of_text|>",
    "<|reserved_special_token_0|>",
    "<|reserved_special_token_00|>",
    "<<|endoftext|>>",
  ],
  ...[
    "__proto__",
    "constructor",
    "toString",
    "hasOwnProperty",
    "HTTPServer",
    "camelCaseWORDs",
    "ABCабвГДЕ",
    "ǅabc",
  ],
  ...[
    '{"role":"user","content":',
    "\\u00e9",
    "https://example.com/a?b=c",
    "data: [DONE]\n\n",
    "12345678",
    "👩‍👩‍👧",
    "🇩🇪",
  ],
  ...[
    "the",
    " The",
    " tokens",
    "über",
    "naïve",
    "\u0301",
    "日本語",
    "한국어",
    "العربية",
    "हिन्दी",
    "ไทย",
    "e\u0301\u0301A",
  ],
];

const adversarial = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...FRAGMENTS) },
      {
        weight: 1,
        arbitrary: fc.string({ unit: "binary", maxLength: 6 }),
      },
      { weight: 1, arbitrary: fc.constantFrom(...FRAGMENTS).map((fragment) => fragment.repeat(9)) },
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.join(""));

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
        fc.assert(fc.property(adversarial, check), { numRuns: 4000 });
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
