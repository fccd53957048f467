import { expect } from "chai";
import fc from "fast-check";
import { githubAnnotations } from "../../../src/security/index.js";
import { escapeUnsafe } from "../../../src/shared/quote.js";
import { inputOf, resultOf, threat } from "./scan-results.js";

/** What the runner makes of a command (actions/runner, `ActionCommand.TryParseV2`). */
function readCommand(line: string): { properties: Record<string, string>; text: string } {
  const [, given, text] = /^::error (.*?)::(.*)$/s.exec(line) ?? [];
  const unescape = (value: string) =>
    value
      .replaceAll("%0D", "\r")
      .replaceAll("%0A", "\n")
      .replaceAll("%3A", ":")
      .replaceAll("%2C", ",")
      .replaceAll("%25", "%");
  const properties = given.split(",").map((pair) => {
    const at = pair.indexOf("=");
    return [pair.slice(0, at), unescape(pair.slice(at + 1))];
  });
  return { properties: Object.fromEntries(properties) as Record<string, string>, text: unescape(text) };
}

describe("annotations of GitHub Actions", () => {
  it("name file, line, rule and what was found", () => {
    const input = inputOf([threat({ line: 3, pointer: "/messages/0/content" })], { file: "src/a.json" });
    expect(githubAnnotations(input, 0.8)).to.deep.equal([
      "::error file=src/a.json,line=3,title=M2M-INJ-001 Override of earlier instructions::Override of earlier " +
        "instructions (injection, score 0.98) at /messages/0/content: Ignore previous instructions",
    ]);
  });

  it("leave out what stays below the threshold, and all of what is safe", () => {
    const low = threat({ score: 0.5 });
    expect(githubAnnotations(inputOf([threat(), low]), 0.8)).to.have.length(1);
    expect(githubAnnotations(inputOf([low]), 0.8)).to.deep.equal([]);
  });

  it("say so if only the whole is unsafe", () => {
    const result = { ...resultOf([threat()]), threats: [] };
    const [line, ...more] = githubAnnotations({ file: "a,b.md", result }, 0.8);
    expect(more).to.deep.equal([]);
    expect(readCommand(line).properties).to.deep.equal({ file: "a,b.md", title: "Unsafe content" });
  });

  it("show control characters instead of sending them", () => {
    const hostile = threat({ pointer: "/a\u001b]0;x\u0007\r\n::error::/\u202e" });
    const [line] = githubAnnotations(inputOf([hostile], { file: "a\u001bb\n😀.md" }), 0.8);
    expect(line).not.to.match(/[\p{Cc}\p{Cf}]/u);
    expect(line).to.match(/^::error file=a\\u\{1b\}b%0A😀\.md,/);
    expect(line).to.include("at /a\\u{1b}]0;x\\u{7}\\u{d}\\u{a}::error::/\\u{202e}: ");
  });

  it("carry any name and text on one line, and no second command", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string(), fc.string(), (file, name, excerpt) => {
        const [line] = githubAnnotations(inputOf([threat({ name, excerpt })], { file }), 0.8);
        expect(line).not.to.match(/[\r\n]/);
        const { properties, text } = readCommand(line);
        expect(properties).to.deep.equal({ file, line: "1", title: `M2M-INJ-001 ${escapeUnsafe(name)}` });
        expect(text).to.equal(escapeUnsafe(`${name} (injection, score 0.98): ${excerpt}`));
      }),
      { examples: [["a,b:c%2C\n::stop", "x::y\r", "%0A::error::\n"]] },
    );
  });
});
