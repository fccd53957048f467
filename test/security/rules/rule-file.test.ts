import { readFileSync } from "node:fs";
import { expect } from "chai";
import { parseRules, RuleSet } from "../../../src/security/rules/index.js";
import { InputError } from "../../../src/shared/errors.js";

const RULE = `[[rule]]
id = "ACME-INJ-001"
name = "Name"
category = "injection"
severity = "high"
weight = 0.5
description = "Why."
phrases = ["say @colours <2> apple"]
unless = ["@asked", "never"]

[words]
colours = "red|green"

[guards]
asked = ["how to", "what is @colours"]
`;

async function failure(text: string): Promise<InputError> {
  try {
    await parseRules(text, "rules.toml");
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error("accepted");
}

describe("parseRules", () => {
  it("reads rules, with words and guards put in", async () => {
    expect(await parseRules(RULE, "rules.toml")).to.deep.equal([
      {
        id: "ACME-INJ-001",
        name: "Name",
        category: "injection",
        severity: "high",
        weight: 0.5,
        description: "Why.",
        phrases: ["say red|green <2> apple"],
        unless: ["how to", "what is red|green", "never"],
        patterns: [],
        hits: [],
        misses: [],
      },
    ]);
    expect(await parseRules("", "rules.toml")).to.deep.equal([]);
  });

  const wrong: Array<[change: readonly [from: string, to: string], message: string]> = [
    [
      ["[[rule]]", "[[rules]]"],
      'rules.toml:1: "rules" is unknown; a file holds [[rule]], [guards] and [words].',
    ],
    [["[[rule]]", "[rule]"], "rules.toml:1: rule is a list of tables: [[rule]]."],
    [
      ['"ACME-INJ-001"', '"acme 1"'],
      "rules.toml:2: a rule's id is capitals and digits with dashes, such as ACME-INJ-001.",
    ],
    [['name = "Name"', ""], "rules.toml:1: ACME-INJ-001: name: is missing."],
    [['name = "Name"', "name = 3"], "rules.toml:3: ACME-INJ-001: name: is a text."],
    [
      ['"injection"', '"spam"'],
      'rules.toml:4: ACME-INJ-001: category: "spam" is none of injection, jailbreak, exfiltration, malformed.',
    ],
    [
      ['"high"', '"huge"'],
      'rules.toml:5: ACME-INJ-001: severity: "huge" is none of low, medium, high, critical.',
    ],
    [["weight = 0.5", "weight = 2"], "rules.toml:6: ACME-INJ-001: weight: is a number over 0, at most 1."],
    [['["say', '[3, "say'], "rules.toml:8: ACME-INJ-001: phrases: is a list of texts."],
    [["phrases = [", "# ["], "rules.toml:1: ACME-INJ-001: a rule has phrases or patterns."],
    [
      ["@asked", "@unknown"],
      "rules.toml:9: ACME-INJ-001: unless: @unknown is neither in words nor in guards.",
    ],
    [
      ["<2> apple", "<0> apple"],
      'rules.toml:8: ACME-INJ-001: phrases: The phrase "say red|green <0> apple" has the gap "<0>"; a gap is <1> to <20>.',
    ],
    [
      ["unless =", "patterns = ['abc.*']\nunless ="],
      'rules.toml:9: ACME-INJ-001: patterns: The pattern "abc.*" repeats without a bound: write {0,N} for * and {1,N} for +.',
    ],
    [
      ["unless =", "contexts = ['mail']\nunless ="],
      'rules.toml:9: ACME-INJ-001: contexts: "mail" is none of system, user, assistant, tool_result, document, json, text.',
    ],
    [
      ["unless =", "color = 1\nunless ="],
      "rules.toml:9: ACME-INJ-001: color: is unknown; a rule has id, name, category, severity, weight, description, contexts, phrases, unless, except, patterns, hits, misses.",
    ],
    [
      ["[words]", `${RULE.slice(0, RULE.indexOf("[words]"))}[words]`],
      "rules.toml:12: ACME-INJ-001: id is there twice.",
    ],
    [["phrases = [", "phrases = "], "rules.toml:8:"],
    [
      ["[words]", 'hits = ["Say red apple", "say blue apple"]\n[words]'],
      'rules.toml:11: ACME-INJ-001: hits: "say blue apple" is not matched.',
    ],
    [
      ["[words]", 'misses = ["How to say red apple", "say green apple"]\n[words]'],
      'rules.toml:11: ACME-INJ-001: misses: "say green apple" is matched.',
    ],
    [
      // Where the rule does not apply, nothing of it matches.
      ["unless =", 'contexts = ["json"]\nmisses = ["say red apple"]\nunless ='],
      'rules.toml:10: ACME-INJ-001: misses: "say red apple" is matched.',
    ],
  ];
  for (const [[from, to], message] of wrong) {
    it(`says: ${message.slice(0, 100)}`, async () => {
      const error = await failure(RULE.replace(from, to));
      expect(error.code).to.equal("M2M_RULES_INVALID");
      expect(error.message.slice(0, message.length)).to.equal(message);
    });
  }

  it("takes hits and misses that hold, in the context of the rule, of each rule alone", async () => {
    const other = RULE.slice(0, RULE.indexOf("[words]")).replace("ACME-INJ-001", "ACME-INJ-002");
    const apart = other
      .replace("say @colours <2> apple", "say blue")
      .concat('contexts = ["json", "user"]\nhits = ["say blue"]\nmisses = ["say red apple"]\n');
    const rules = await parseRules(RULE.replace("[words]", `hits = ["say red apple"]\n${apart}[words]`), "a");
    expect(rules.map(({ id }) => id)).to.deep.equal(["ACME-INJ-001", "ACME-INJ-002"]);
  });

  it("reads the example of docs/rules.md, and its hits and misses hold", async () => {
    const page = readFileSync(new URL("../../../docs/rules.md", import.meta.url), "utf8");
    const example = /```toml\n([^]*?)```/.exec(page) as RegExpExecArray;
    const [rule] = await parseRules(example[1], "rules.md");
    const set = RuleSet.builtin().with([rule]);
    const isHit = (text: string): boolean => set.match(text, "user").some((hit) => hit.rule === rule);
    expect(rule.hits.map(isHit)).to.deep.equal(rule.hits.map(() => true));
    expect(rule.misses.map(isHit)).to.deep.equal(rule.misses.map(() => false));
  });

  const phrases: Array<[phrase: string, why: string]> = [
    ["", "has no words"],
    ["<2> a", "begins with a gap"],
    ["a <2>", "ends with a gap"],
    ["a <2> <3> b", "two gaps side by side"],
    ["a b?", "begins or ends with an optional slot"],
    ["a|& b", "which is no word"],
    ["a|| b", "which is no word"],
    ["ab* c", "at least 3 letters"],
    ["忽略* a", "a word of its own"],
    ["a ".repeat(13), "more than 12 slots"],
    [Array.from({ length: 129 }, (_, index) => `w${index}`).join("|"), "more than 128 alternatives"],
  ];
  for (const [phrase, why] of phrases) {
    it(`refuses the phrase ${phrase.slice(0, 20)}: ${why}`, async () => {
      expect((await failure(RULE.replace("say @colours <2> apple", phrase))).message).to.include(why);
    });
  }
});
