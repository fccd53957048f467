import { expect } from "chai";
import fc from "fast-check";
import { PhraseMatcher } from "../../../src/security/rules/phrase-matcher.js";
import { compilePhrases } from "../../../src/security/rules/phrase-program.js";
import { findPhrase, placeWords } from "./slow-phrases.js";

/** What the phrases match: for each phrase the last match's end and the latest start for it. */
function findAll(phrases: readonly string[], texts: readonly string[]): Array<Map<number, number>> {
  const sources = phrases.map((phrase, owner) => ({ phrase, isGuard: false, owner }));
  const matcher = new PhraseMatcher(compilePhrases(sources), 0);
  let found: Array<Map<number, number>> = [];
  for (const text of texts) {
    found = phrases.map(() => new Map<number, number>());
    matcher.match(text, (owner, _, start, end) =>
      found[owner].set(end, Math.max(found[owner].get(end) ?? -1, start)),
    );
  }
  return found;
}

/** The matched parts of `text`. */
function matches(phrase: string, text: string): string[] {
  return [...findAll([phrase], [text])[0]].map(([end, start]) => text.slice(start, end));
}

describe("PhraseMatcher", () => {
  it("takes words side by side, whatever their case and accents", () => {
    expect(matches("ignore the rules", "Please IGNORE thé Rules!")).to.deep.equal(["IGNORE thé Rules"]);
    expect(matches("ignore the rules", "ignore all the rules")).to.deep.equal([]);
    expect(matches("ignore", "ignored ignores reignore")).to.deep.equal([]);
  });

  it("takes at most as many words between two slots as the gap says", () => {
    expect(matches("ignore <2> rules", "ignore a b rules")).to.deep.equal(["ignore a b rules"]);
    expect(matches("ignore <2> rules", "ignore a b c rules")).to.deep.equal([]);
  });

  it("adds up the gaps of slots that are missing, as many as a phrase may have", () => {
    const phrase = `first ${"<20> none? ".repeat(10)}<20> last`;
    const text = (words: number): string => `first ${"x ".repeat(words)}last`;
    expect(matches(phrase, text(220))).to.deep.equal([text(220)]);
    expect(matches(phrase, text(221))).to.deep.equal([]);
  });

  it("takes alternatives of several words, beginnings, and slots that may be missing", () => {
    expect(matches("do_not|never tell", "do not tell; never tell; do never not tell")).to.deep.equal([
      "do not tell",
      "never tell",
    ]);
    expect(matches("instruct* end", "instructions end, instruct end, instr end")).to.deep.equal([
      "instructions end",
      "instruct end",
    ]);
    expect(matches("ignore the? rule*", "ignore the rules. ignore rules. ignore my rules")).to.deep.equal([
      "ignore the rules",
      "ignore rules",
    ]);
  });

  it("gives the shortest match", () => {
    expect(matches("a <3> b", "a a x b")).to.deep.equal(["a x b"]);
  });

  it("keeps the same word from filling two slots", () => {
    expect(matches("not* <1> not*", "nothing")).to.deep.equal([]);
    expect(matches("not* <1> not*", "nothing noted")).to.deep.equal(["nothing noted"]);
  });

  it("crosses a line, a sentence only by a gap of 4 more, a blank line never", () => {
    expect(matches("ignore rules", "ignore\nrules")).to.have.length(1);
    expect(matches("ignore <3> rules", "Ignore. Rules")).to.deep.equal([]);
    expect(matches("ignore <4> rules", "Ignore. Rules")).to.have.length(1);
    expect(matches("ignore <20> rules", "ignore\n \t\nrules")).to.deep.equal([]);
    expect(matches("ignore rules", "version ignore.rules")).to.have.length(1);
  });

  it("takes each character of Chinese and Japanese as a word, and Korean by its blanks", () => {
    expect(matches("忽略 <4> 指令", "请忽略之前的指令吧")).to.deep.equal(["忽略之前的指令"]);
    expect(matches("이전* 지시*", "이전의 지시를")).to.deep.equal(["이전의 지시를"]);
  });

  it("takes apostrophes in a word and no others, and combining accents as none", () => {
    expect(matches("don't tell", "'don’t tell'")).to.deep.equal(["don’t tell"]);
    expect(matches("resume", "re\u0301sume\u0301")).to.deep.equal(["re\u0301sume\u0301"]);
  });

  it("reads an escaped line feed as a blank", () => {
    expect(matches("ignore rules", "x\\nignore\\nrules")).to.deep.equal(["ignore\\nrules"]);
  });

  it("knows nothing of the text before", () => {
    expect(findAll(["ignore <20> rules"], ["ignore", "rules"])[0].size).to.equal(0);
  });

  it("agrees with the slow twin", () => {
    const word = fc.constantFrom("a", "b", "c", "abc", "abcd");
    const part = fc.oneof(
      word,
      fc.tuple(word, word).map(([one, other]) => `${one}_${other}`),
      fc.constant("abc*"),
    );
    const slot = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("|"));
    const rest = fc.array(fc.tuple(fc.constantFrom("", "<1> ", "<2> ", "<5> "), slot, fc.boolean()), {
      maxLength: 4,
    });
    const phrase = fc
      .tuple(slot, rest)
      .map(([first, others]) =>
        [
          first,
          ...others.map(([gap, text, isOptional], index) =>
            isOptional && index < others.length - 1 ? `${gap}${text}?` : `${gap}${text}`,
          ),
        ].join(" "),
      );
    const text = fc
      .array(fc.tuple(fc.oneof(word, fc.constant("x")), fc.constantFrom(" ", " ", " ", "\n", ". ", "\n\n")), {
        maxLength: 40,
      })
      .map((words) => words.map(([one, blank]) => one + blank).join(""));
    fc.assert(
      fc.property(fc.array(phrase, { minLength: 1, maxLength: 3 }), text, text, (phrases, before, last) => {
        const expected = phrases.map((one) => findPhrase(one, placeWords(last)));
        expect(findAll(phrases, [before, last])).to.deep.equal(expected);
      }),
      { numRuns: 1500 },
    );
  });
});
