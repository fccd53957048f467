import { readFileSync } from "node:fs";
import { expect } from "chai";
import { parseConfigText } from "../../src/config/file.js";
import { CONFIG_KEY_NAMES, type KeySpec, specOf, variableOf } from "../../src/config/index.js";
import { readCodeBlocks } from "../helpers/markdown.js";

const page = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8");

function describeValues(spec: KeySpec): string {
  switch (spec.type) {
    case "boolean":
      return "`true` or `false`";
    case "path":
    case "list":
    case "text":
      return spec.type;
    case "enum":
      return spec.options.map((option) => `\`${option}\``).join(", ");
    default:
      return `${spec.type}, ${spec.min} to ${spec.max}`;
  }
}

describe("docs/configuration.md", () => {
  it("has a row for each setting, in order, and no other", () => {
    const rows = page
      .split("\n")
      .filter((line) => /^\| `[a-z_]+\.[a-z_]+`/.test(line))
      .map((line) => line.split("|").slice(1, -1))
      .map((cells) => cells.map((cell) => cell.trim()));
    const expected = CONFIG_KEY_NAMES.map((key) => {
      const spec = specOf(key);
      const fallback = spec.default === undefined ? "-" : `\`${spec.default}\``;
      return [`\`${key}\``, `\`${variableOf(key)}\``, describeValues(spec), fallback, spec.summary];
    });
    expect(rows).to.deep.equal(expected);
  });

  it("has examples that are valid", async () => {
    const blocks = readCodeBlocks(page).filter(({ info }) => info === "toml");
    expect(blocks).not.to.have.length(0);
    for (const { code } of blocks) expect((await parseConfigText(code, "m2m.toml")).size).to.equal(4);
  });
});
