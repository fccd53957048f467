import { expect } from "chai";
import { referenceOf, tokenizers } from "./references.js";

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
/** Insides of large uniform blocks, where every 61st code point has to do. */
const UNIFORM = [
  [0x3500, 0x4d00],
  [0x4f00, 0x9f00],
  [0xad00, 0xd700],
  [0xe100, 0xf800],
  [0x13500, 0x14300],
  [0x17100, 0x18700],
  [0x20100, 0x2a600],
  [0x2b900, 0x2ce00],
  [0x2cf00, 0x2eb00],
  [0x30100, 0x31200],
  [0x31400, 0x32300],
];
const isTested = (codePoint: number) =>
  codePoint % 61 === 0 || !UNIFORM.some(([first, last]) => codePoint >= first && codePoint < last);

describe("character classes", () => {
  // Llama 3 shares the pre-tokenizer of cl100k_base.
  for (const encoding of ["cl100k_base", "o200k_base"] as const) {
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
          if (!isTested(codePoint)) continue;
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
  }
});
