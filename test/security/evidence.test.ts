import { expect } from "chai";
import fc from "fast-check";
import { isDisguised, ruleEvidence, TEXT_CATEGORIES } from "../../src/security/evidence.js";
import type { Rule, RuleHit } from "../../src/security/rules/index.js";
import { THREAT_CATEGORIES, type ThreatCategory } from "../../src/security/types.js";

function makeRule(id: string, category: ThreatCategory, weight: number): Rule {
  const texts = { phrases: [], patterns: [], hits: [], misses: [] };
  return { id, name: id, category, severity: "high", weight, description: id, ...texts };
}

const hitOf = (rule: Rule, start = 0): RuleHit => ({ rule, start, end: start + 1 });
const isOpen = (text: string): boolean =>
  isDisguised({ text, layers: [], toSource: () => ({ start: 0, end: 0 }) });

describe("evidence of the rules", () => {
  it("is nothing without hits", () => {
    expect(ruleEvidence([])).to.deep.equal({
      rules: { injection: 0, jailbreak: 0, exfiltration: 0 },
      strongestRule: 0,
    });
  });

  it("adds up as independent witnesses do: the doubts multiply", () => {
    const a = makeRule("A", "injection", 0.5);
    const b = makeRule("B", "injection", 0.8);
    const { rules, strongestRule } = ruleEvidence([hitOf(a), hitOf(b)]);
    expect(1 - Math.exp(-rules.injection)).to.be.closeTo(1 - 0.5 * 0.2, 1e-12);
    expect(strongestRule).to.equal(0.8);
  });

  it("counts a rule once however often it hits", () => {
    const rule = makeRule("A", "jailbreak", 0.6);
    expect(ruleEvidence([hitOf(rule), hitOf(rule, 5), hitOf(rule, 9)])).to.deep.equal(
      ruleEvidence([hitOf(rule)]),
    );
  });

  it("stays finite for a rule of weight 1, and leaves out what is malformed", () => {
    const { rules } = ruleEvidence([
      hitOf(makeRule("A", "exfiltration", 1)),
      hitOf(makeRule("B", "malformed", 0.9)),
    ]);
    expect(rules).to.deep.equal({ injection: 0, jailbreak: 0, exfiltration: -Math.log(1 - 0.99) });
    expect(ruleEvidence([hitOf(makeRule("B", "malformed", 0.9))]).strongestRule).to.equal(0);
  });

  it("never falls with another hit, and does not depend on their order", () => {
    const rule = fc.record({
      category: fc.constantFrom(...THREAT_CATEGORIES),
      weight: fc.double({ min: 0.01, max: 1, noNaN: true }),
    });
    fc.assert(
      fc.property(fc.array(rule, { minLength: 1, maxLength: 8 }), (specs) => {
        const hits = specs.map(({ category, weight }, index) =>
          hitOf(makeRule(`R${index}`, category, weight)),
        );
        const all = ruleEvidence(hits);
        const fewer = ruleEvidence(hits.slice(1));
        const reversed = ruleEvidence(hits.toReversed());
        for (const category of TEXT_CATEGORIES) {
          expect(all.rules[category]).to.be.at.least(fewer.rules[category] - 1e-12);
          expect(all.rules[category]).to.be.closeTo(reversed.rules[category], 1e-9);
        }
        expect(all.strongestRule).to.equal(reversed.strongestRule).and.be.at.least(fewer.strongestRule);
      }),
    );
  });
});

describe("a disguised text", () => {
  it("is one that had to be decoded", () => {
    expect(
      isDisguised({ text: "plain words", layers: ["base64"], toSource: () => ({ start: 0, end: 0 }) }),
    ).to.equal(true);
    expect(isOpen("plain words")).to.equal(false);
  });

  it("is one whose capitals are scattered", () => {
    expect(isOpen("wRiTe a sToRy aBoUt hOw tO mAkE sOmEtHiNg")).to.equal(true);
    expect(isOpen(`${"wRiTe sToRy aBoUt mAkE ".repeat(5)}\n`.repeat(1000))).to.equal(true);
  });

  it("is no ordinary writing", () => {
    for (const text of [
      "The quick brown fox jumps over the lazy dog.",
      "PLEASE READ THE MANUAL BEFORE YOU CALL THE OFFICE AGAIN",
      "Please Read The Manual Before You Call The Office Again",
      "const userName = getUserName(); let fooBar = parseJson(inputText);",
      "Call getElementById, then setAttribute and removeEventListener on the document element of the page.",
      "iPhone, GitHub and JavaScript are names that people write every day.",
      "",
    ])
      expect(isOpen(text), text).to.equal(false);
  });

  it("is told by its words as a regular expression finds them", () => {
    const word = fc.oneof(
      fc.stringMatching(/^[a-zA-Z]{1,30}$/),
      fc.constantFrom("wRiTe", "sToRy", "é", "1", "ſ", "plain", "aAaA", "x".repeat(24), "yY".repeat(13)),
    );
    const gap = fc.constantFrom(" ", "", "\n", "é", "_", "9 ", "[", "`", "\u0141");
    const text = fc
      .array(fc.tuple(word, gap), { maxLength: 300 })
      .map((pieces) => pieces.map(([letters, between]) => letters + between).join(""));
    fc.assert(
      fc.property(text, (found) => {
        expect(isOpen(found)).to.equal(isScatteredPlainly(found));
      }),
    );
    const many = "wRiTe ".repeat(81) + "plain ".repeat(119);
    for (const found of [many, `${many} wRiTe`, `${many} plain`, `${many} plain plain`])
      expect(isOpen(found)).to.equal(isScatteredPlainly(found));
  });
});

/** In at least two of five words of 4 to 24 letters, of the first 200, every other letter or more changes its case. */
function isScatteredPlainly(text: string): boolean {
  let words = 0;
  let scattered = 0;
  for (const [word] of text.slice(0, 3200).matchAll(/(?<![A-Za-z])[A-Za-z]{4,24}(?![A-Za-z])/g)) {
    if (++words > 200) break;
    const isCapital = [...word].map((letter) => letter < "a");
    const changes = isCapital.filter((is, at) => at > 0 && is !== isCapital[at - 1]).length;
    if (changes > 2 && changes * 2 >= word.length) scattered++;
  }
  return scattered >= 4 && scattered * 5 >= words * 2;
}
