import { expect } from "chai";
import fc from "fast-check";
import { BUILTIN_PROGRAM } from "../../../src/security/rules/builtin-program.gen.js";
import { compileRules } from "../../../src/security/rules/compiled-rules.js";
import { parseRules, RuleSet } from "../../../src/security/rules/index.js";
import { packNumbers, PackedNumbers } from "../../../src/security/rules/packed-numbers.js";
import { packProgram, unpackProgram } from "../../../src/security/rules/packed-program.js";

describe("packed numbers", () => {
  it("come back, one after the other", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.nat(60), fc.nat(70_000), fc.nat())), (numbers) => {
        const text = packNumbers(numbers);
        expect(text).to.match(/^[#-[\]-~]*$/);
        const reader = new PackedNumbers(text);
        expect(numbers.map(() => reader.next())).to.deep.equal(numbers);
      }),
    );
  });

  it("of one digit take one character", () => {
    expect(packNumbers([0, 56])).to.equal("#[");
    expect(packNumbers([57])).to.have.lengthOf(2);
  });
});

describe("packed rules", () => {
  it("are what compiling them gives", () => {
    expect(unpackProgram(BUILTIN_PROGRAM)).to.deep.equal(compileRules(RuleSet.builtin().rules));
  });

  it("match as compiled ones do", () => {
    const packed = RuleSet.builtin();
    const compiled = packed.with([]);
    const texts = packed.rules.flatMap(({ hits, misses }) => [...hits, ...misses]);
    for (const text of texts) expect(packed.match(text, "user")).to.deep.equal(compiled.match(text, "user"));
  });

  it("come back from other rules: all scripts, beginnings, guards, patterns", async () => {
    const rules = await parseRules(
      `[[rule]]
id = "X-1"
name = "n"
category = "injection"
severity = "low"
weight = 0.5
description = "d"
phrases = ["ignor* <3> the? instruct*|rule_book|rules", "忽略 <2> 指令", "ignore", "ignored x"]
unless = ["what_is", "never ignor*"]
patterns = ["https?://[a-z]{1,20}\\\\.example", "(?:AKIA|ASIA)[0-9a-z]{16}"]
`,
      "own.toml",
    );
    for (const some of [rules, []]) {
      const program = compileRules(some);
      expect(unpackProgram(packProgram(program))).to.deep.equal(program);
    }
  });
});
