import { expect } from "chai";
import { forEachEncoding, referenceOf, tokenizers } from "./references.js";

/**
 * Contexts in which a wrong class of the character changes the ids: `'s` is a contraction behind a letter only, a
 * number takes digits away from the next group, blanks stick to symbols and letters but not to white space.
 */
const CONTEXTS = ["1@2345", "@'same", "x@'s", " @ ", "A@B@c@'LL D@", "\u0301@a", "@\u0301b"];
/** Planes 4 to 13 have no characters, and surrogates are none. */
const RANGES = [
  [0x0, 0xd800],
  [0xe000, 0x33500],
  [0x3fff0, 0x40010],
  [0xdfff0, 0xe0200],
  [0xeffff, 0xf0010],
  [0x10fff0, 0x110000],
];

describe("character classes", () => {
  forEachEncoding((encoding) => {
    it(`every code point is classed as the reference does (${encoding})`, () => {
      const tokenizer = tokenizers.get(encoding);
      const reference = referenceOf(encoding);
      const wrong: string[] = [];
      // Many code points a text, so that the calls into WebAssembly do not dominate; narrowed down on a difference.
      const isEqual = (text: string) => {
        const expected = reference.encode(text);
        const actual = tokenizer.encode(text);
        return actual.length === expected.length && expected.every((id, i) => id === actual[i]);
      };
      const textOf = (first: number, last: number) => {
        let text = "";
        for (let codePoint = first; codePoint < last; codePoint++) {
          const character = String.fromCodePoint(codePoint);
          for (const context of CONTEXTS) text += context.replaceAll("@", character) + "\n";
        }
        return text;
      };
      const narrow = (first: number, last: number) => {
        if (wrong.length > 20 || isEqual(textOf(first, last))) return;
        if (last - first === 1) wrong.push(`U+${first.toString(16)}`);
        else {
          narrow(first, (first + last) >> 1);
          narrow((first + last) >> 1, last);
        }
      };
      for (const [first, last] of RANGES) {
        for (let at = first; at < last; at += 256) narrow(at, Math.min(last, at + 256));
      }
      expect(wrong).to.deep.equal([]);
    }).timeout(60_000);
  });
});
