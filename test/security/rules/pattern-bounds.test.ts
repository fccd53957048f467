import { expect } from "chai";
import { assertBoundedPattern } from "../../../src/security/rules/pattern-bounds.js";
import { PatternMatcher } from "../../../src/security/rules/pattern-matcher.js";
import { RuleSet } from "../../../src/security/rules/index.js";

describe("assertBoundedPattern", () => {
  const refused: Array<[pattern: string, why: string]> = [
    ["abc(", "no regular expression"],
    ["abc)", "no regular expression"],
    ["abc.*", "repeats without a bound"],
    ["abc\\d+", "repeats without a bound"],
    ["abc\\d{2,}", "repeats without a bound"],
    ["abc\\d{1,201}", "more than 200 times"],
    ["(?:abc){1,17}", "more than 16 times"],
    ["(?:abc\\d{1,5}){1,5}", "repetition in a repetition"],
    ["abc\\d{1,5}?", "lazy or double"],
    ["(abc)", "a group other than (?:…)"],
    ["(?=abc)abc", "a group other than (?:…)"],
    ["(?<=x)abc", "a group other than (?:…)"],
    ["(?<name>abc)", "a group other than (?:…)"],
    ["abc\\1", "rules may not use"],
    ["abc\\p{L}", "rules may not use"],
    ["ab", "no text of 3 characters"],
    ["(?:abc|de)", "no text of 3 characters"],
    ["(?:abc)?x", "no text of 3 characters"],
    ["\\d{1,5}", "no text of 3 characters"],
    ["x{0,60}abc", "ways to begin in front"],
    ["abc[a-z]{0,99}[a-z]{0,99}[a-z]{0,99}1", "steps at one place"],
  ];
  for (const [pattern, why] of refused) {
    it(`refuses ${pattern}: ${why}`, () => {
      expect(() => assertBoundedPattern(pattern))
        .to.throw(why)
        .with.property("code", "M2M_RULES_INVALID");
    });
  }

  it("derives the literals and where they stand", () => {
    expect(assertBoundedPattern("\\bCat\\s{1,4}/etc/passwd").literals).to.deep.equal([
      { text: "/etc/passwd", minBefore: 4, maxBefore: 7 },
    ]);
    expect(assertBoundedPattern("x{1,3}(?:one|two)").literals).to.deep.equal([
      { text: "one", minBefore: 1, maxBefore: 3 },
      { text: "two", minBefore: 1, maxBefore: 3 },
    ]);
  });

  it("counts one way for a repetition that what follows ends, and one a length for any other", () => {
    const apart = assertBoundedPattern("abc[a-z]{1,50}1").maxSteps;
    const alike = assertBoundedPattern("abc[a-z]{1,50}x").maxSteps;
    expect(apart).to.equal(2 * 54);
    expect(alike).to.equal(50 * 2 * 54);
  });

  it("accepts every pattern of the built-in rules", () => {
    for (const { patterns } of RuleSet.builtin().rules) patterns.forEach(assertBoundedPattern);
  });
});

describe("PatternMatcher", () => {
  const pattern = "abc[a-z]{1,50}x1";
  const bounds = assertBoundedPattern(pattern);

  it("stops charging a pattern at its share of a text", () => {
    const matcher = new PatternMatcher([{ pattern, bounds, owner: 0 }]);
    const charged = matcher.match("abc".repeat(400_000), () => undefined);
    expect(charged).to.be.above(1 << 26);
    expect(charged).to.be.at.most(1 << 27);
    expect(matcher.match("abcdx1", () => undefined)).to.be.below(1 << 14);
  });

  it("finds what stands behind thousands of decoys", () => {
    const matcher = new PatternMatcher([{ pattern, bounds, owner: 0 }]);
    const found: number[] = [];
    matcher.match(`${"abc ".repeat(10_000)}abcdx1`, (_, start) => found.push(start));
    expect(found).to.deep.equal([40_000]);
  });

  it("stops charging a text at its share", () => {
    const sources = Array.from({ length: 30 }, (_, owner) => ({ pattern, bounds, owner }));
    expect(new PatternMatcher(sources).match("abc".repeat(400_000), () => undefined)).to.be.at.most(1 << 30);
  });
});
