import { expect } from "chai";
import fc from "fast-check";

import { decodeLeet, segmentLetters } from "../../../src/security/text/decoders/letters.js";
import { collectEvidence, LEET } from "../../../src/security/text/evidence.js";
import { vocabulary } from "../../../src/security/text/vocabulary.js";

const isWord = (word: string): boolean => vocabulary().words.has(word.toLowerCase());

/** Word by word with regular expressions; `undefined` where leet gives too few known letters. */
function slowLeet(text: string): string | undefined {
  let known = 0;
  const decoded = text.replace(/(?:[a-z\d]|[@$!|+€](?=[a-z]))(?:[a-z\d@$|+€]|!(?=[a-z]))*/giu, (word) => {
    if (!/[a-z]/iu.test(word) || !/[^a-z]/iu.test(word) || word.length > 32) return word;
    const spell = (bar: string): string =>
      word.replace(/[1|]/gu, bar).replace(/[^a-z]/giu, (c) => LEET[c] ?? c);
    const hasBar = /[1|]/u.test(word);
    let plain = spell("i");
    if (hasBar && !isWord(plain) && (isWord(spell("l")) || /[1|]{2}/u.test(word))) plain = spell("l");
    if (isWord(plain) && !/^[a-z]+\d+$/iu.test(word)) known += plain.length;
    return plain;
  });
  return known < 5 ? undefined : decoded;
}

/** The longest word from each place, tried from the longest down. */
function slowSegments(letters: string): number[] {
  const lengths: number[] = [];
  let unknown = 0;
  for (let i = 0; i < letters.length;) {
    let length = Math.min(16, letters.length - i);
    while (length > 1 && !isWord(letters.slice(i, i + length))) length--;
    if (length < 2 || (length === 2 && unknown > 0)) {
      unknown++;
      i++;
      continue;
    }
    if (unknown > 0) lengths.push(unknown);
    lengths.push(length);
    unknown = 0;
    i += length;
  }
  return unknown > 0 ? [...lengths, unknown] : lengths;
}

describe("letters in disguise", () => {
  const leetText = fc
    .array(
      fc.oneof(
        fc.constantFrom(
          "1gn0r3",
          "a11",
          "pr3v10us",
          "ru1es",
          "|gnore",
          "te||",
          "rule5",
          "$ystem",
          "!",
          "us€r",
          "h4ck",
        ),
        fc.string({ unit: fc.constantFrom(..."aelo013457@$!|+€ ."), maxLength: 12 }),
      ),
      { maxLength: 20 },
    )
    .map((words) => words.join(" "));

  it("reads leet as the slow way does", () => {
    fc.assert(
      fc.property(leetText, (text) => {
        const evidence = { ...collectEvidence(text), leetWords: 1 };
        expect(decodeLeet(text, evidence)[0]?.text).to.equal(slowLeet(text));
      }),
    );
  });

  it("cuts letters into words as the slow way does, whatever stands between", () => {
    const letters = fc
      .array(
        fc.oneof(
          fc.constantFrom("ignore", "the", "of", "Rules", "system", "x"),
          fc.string({ unit: fc.constantFrom(..."aehirst"), maxLength: 4 }),
        ),
      )
      .map((words) => words.join(""));
    fc.assert(
      fc.property(letters, (text) => {
        const spaced = [...text].join(".");
        expect(segmentLetters(text, 0, text.length, 1)).to.deep.equal(slowSegments(text));
        expect(segmentLetters(spaced, 0, text.length, 2)).to.deep.equal(slowSegments(text));
      }),
    );
  });
});
