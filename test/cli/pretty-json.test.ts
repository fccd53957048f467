import { expect } from "chai";
import fc from "fast-check";
import { prettyJsonText as prettyWithin } from "../../src/cli/pretty-json.js";
import { minifyJsonText } from "../../src/shared/json-text.js";

const LIMITS = { maxJsonDepth: 1000, maxCharacters: 1_000_000 };
const prettyJsonText = (text: string) => prettyWithin(text, LIMITS) ?? "too long";

describe("prettyJsonText", () => {
  it("indents as JSON.stringify does", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(prettyJsonText(JSON.stringify(value))).to.equal(JSON.stringify(value, null, 2));
      }),
    );
  });

  it("keeps numbers, escapes, order and duplicates as they are written", () => {
    const text = '{"b": 1.0 ,"a":1e-7,"b":12345678901234567890, "\\u0041":"\\/" }';
    expect(prettyJsonText(text)).to.equal(
      '{\n  "b": 1.0,\n  "a": 1e-7,\n  "b": 12345678901234567890,\n  "\\u0041": "\\/"\n}',
    );
    expect(minifyJsonText(prettyJsonText(text))).to.equal(minifyJsonText(text));
  });

  it("stops where indentation would not end", () => {
    const wide = `${"[".repeat(30)}${"1,".repeat(100_000)}1${"]".repeat(30)}`;
    expect(prettyWithin(wide, LIMITS)).to.equal(undefined);
    expect(() => prettyWithin("[".repeat(40) + "]".repeat(40), { ...LIMITS, maxJsonDepth: 32 })).to.throw(
      "deep",
    );
  });
});
