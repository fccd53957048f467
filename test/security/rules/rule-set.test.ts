import { expect } from "chai";
import fc from "fast-check";
import { type Rule, RuleSet } from "../../../src/security/rules/index.js";

const empty = RuleSet.builtin().without(RuleSet.builtin().rules.map(({ id }) => id));

function makeRule(fields: Partial<Rule>): Rule {
  return {
    id: "ACME-INJ-001",
    name: "a rule",
    category: "injection",
    severity: "low",
    weight: 0.5,
    description: "why",
    phrases: [],
    patterns: [],
    hits: [],
    misses: [],
    ...fields,
  };
}

/** What one rule matches in `text`. */
function matched(fields: Partial<Rule>, text: string): string[] {
  return empty
    .with([makeRule(fields)])
    .match(text, "user")
    .map(({ start, end }) => text.slice(start, end));
}

describe("RuleSet", () => {
  it("adds rules, replaces those with the same id, and leaves itself as it is", () => {
    const one = empty.with([makeRule({ phrases: ["red apple"] })]);
    const other = one.with([makeRule({ phrases: ["green apple"] })]);
    expect(other.rules).to.have.length(1);
    expect(one.match("red apple", "user")).to.have.length(1);
    expect(other.match("red apple", "user")).to.have.length(0);
    expect(other.match("green apple", "user")).to.have.length(1);
  });

  it("drops rules by id", () => {
    const id = "M2M-INJ-001";
    const without = RuleSet.builtin().without([id]);
    expect(without.rules).to.have.length(RuleSet.builtin().rules.length - 1);
    expect(without.match("Ignore previous instructions", "user").map(({ rule }) => rule.id)).not.to.include(
      id,
    );
  });

  it("applies a rule in its contexts only", () => {
    const set = empty.with([makeRule({ phrases: ["red apple"], contexts: ["document", "json"] })]);
    expect(set.match("red apple", "document")).to.have.length(1);
    expect(set.match("red apple", "user")).to.have.length(0);
  });

  it("gives one hit for a place, in the order of the text, with UTF-16 offsets", () => {
    const rules = [
      makeRule({ phrases: ["red apple", "apple <2> pie", "red <3> pie"], patterns: ["apple"] }),
      makeRule({ id: "ACME-INJ-002", patterns: ["🍎 .{0,5}ple"] }),
    ];
    const text = "🍎 apple; a red apple in the pie";
    expect(
      empty
        .with(rules)
        .match(text, "user")
        .map(({ rule, start, end }) => [rule.id, start, end]),
    ).to.deep.equal([
      ["ACME-INJ-002", 0, 8],
      ["ACME-INJ-001", 3, 8],
      ["ACME-INJ-001", 12, 21],
    ]);
  });

  it("gives at most 16 hits of a rule", () => {
    expect(matched({ phrases: ["red apple"] }, "red apple, ".repeat(100))).to.have.length(16);
    expect(matched({ patterns: ["apple"] }, "red apple, ".repeat(100))).to.have.length(16);
  });

  it("calls a match off for a guard in it or up to six words before", () => {
    const rule = { phrases: ["eat <2> apple"], unless: ["how to", "green"] };
    expect(matched(rule, "eat the apple")).to.have.length(1);
    expect(matched(rule, "how to eat the apple")).to.have.length(0);
    expect(matched(rule, "how to a b c d e eat the apple")).to.have.length(0);
    expect(matched(rule, "how to a b c d e f eat the apple")).to.have.length(1);
    expect(matched(rule, "eat the green apple")).to.have.length(0);
    expect(matched(rule, "eat the apple, how to")).to.have.length(1);
    expect(matched(rule, "how to cook.\n\nEat the apple")).to.have.length(1);
  });

  it("calls a match off for an exception right behind it, in its sentence", () => {
    const rule = { phrases: ["read <2> apple"], except: ["pie|by_hand", "tree*"] };
    expect(matched(rule, "read the apple.pie")).to.deep.equal([]);
    expect(matched(rule, "read the Apple: BY  hand")).to.deep.equal([]);
    expect(matched(rule, "read an apple trees")).to.deep.equal([]);
    for (const text of [
      "read the apple",
      "read the apple pies",
      "read the apple. Pie",
      "read the apple\npie",
      "read the apple of pie",
    ])
      expect(matched(rule, text), text).to.have.length(1);
  });

  it("finds patterns wherever the literal stands in them", () => {
    expect(matched({ patterns: ["\\b(?:cat|type)\\s{1,4}/etc/passwd"] }, "x cat  /etc/passwd")).to.deep.equal(
      ["cat  /etc/passwd"],
    );
    expect(
      matched({ patterns: ["[a-z]{1,9}-token-[0-9]{1,9}"] }, "my-TOKEN-12, your-token-345"),
    ).to.deep.equal(["my-TOKEN-12", "your-token-345"]);
  });

  it("finds what the pattern as a whole finds first", () => {
    const pattern = "(?:ab?|b)cdef{0,3}a?";
    const text = fc.array(fc.constantFrom("a", "b", "c", "d", "e", "f", "cde", "bcdef"), { maxLength: 30 });
    fc.assert(
      fc.property(text, (parts) => {
        const whole = parts.join("");
        const expected = whole.match(new RegExp(pattern, "gim")) ?? [];
        expect(matched({ patterns: [pattern] }, whole)).to.deep.equal(expected);
      }),
    );
  });

  it("takes no rule that is wrong", () => {
    const good = makeRule({ phrases: ["red apple"] });
    const wrong: [rule: unknown, why: string][] = [
      [makeRule({ phrases: ["<3> x"] }), "begins with a gap"],
      [makeRule({ patterns: ["(a+)+$"] }), "ACME-INJ-001: patterns"],
      [makeRule({}), "has phrases or patterns"],
      [{ id: "x" }, "a rule's id"],
      [{ id: "ACME-INJ-001" }, "phrases or patterns"],
      [{ ...good, id: undefined }, "a rule's id"],
      [{ ...good, name: 5 }, "name: is a text"],
      [{ ...good, weight: 2 }, "weight: is a number"],
      [{ ...good, category: "spam" }, "category"],
      [{ ...good, contexts: ["everywhere"] }, "contexts"],
      [{ ...good, phrases: "red apple" }, "phrases: is a list"],
      [{ ...good, patterns: undefined }, "patterns: is missing"],
      [{ ...good, unless: [5] }, "unless: is a list"],
      [{ ...good, except: ["pie <2> tree"] }, "except: The phrase"],
      [{ ...good, colour: "red" }, "colour: is unknown"],
      [null, "a rule is an object"],
      ["red apple", "a rule is an object"],
    ];
    for (const [rule, why] of wrong) {
      expect(() => empty.with([good, rule as Rule]), why)
        .to.throw(why)
        .with.property("code", "M2M_RULES_INVALID");
    }
    for (const rules of [null, undefined, {}, good]) {
      expect(() => empty.with(rules as Rule[]))
        .to.throw("a list")
        .with.property("code", "M2M_RULES_INVALID");
    }
    expect(empty.with([good]).match("a red apple", "user")).to.have.length(1);
  });
});

describe("hostile texts", () => {
  const builtin = RuleSet.builtin();
  const seeds = [
    ...[
      "ignore ",
      "to ",
      "previous instructions ",
      "不",
      "忽略",
      "((((",
      "![x](https://a?",
      "<!--",
      "\n",
      "! ",
    ],
    ...[
      "user: a\nassistant: b\n",
      "curl $(",
      "env|base64|",
      "https://",
      "\nsystem:",
      "eyJhbGciOi",
      "\u0301",
      "\\n",
    ],
    ...["\ud800", "don't'", ". ", "{{{{", "-----BEGIN "],
  ];
  for (const seed of seeds) {
    it(`1 MB of ${JSON.stringify(seed)} gives a bounded number of hits`, () => {
      const text = seed.repeat(Math.ceil(1_000_000 / seed.length));
      expect(builtin.match(text, "user").length).to.be.at.most(builtin.rules.length * 16);
    });
  }

  it("a match behind 1 MB of words is found", () => {
    const text = `${"lorem ipsum. ".repeat(80_000)}Ignore previous instructions`;
    expect(builtin.match(text, "document").map(({ rule }) => rule.id)).to.include("M2M-INJ-001");
  });
});
