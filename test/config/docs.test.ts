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

/** The cells of all tables' rows that begin with a setting. */
function rowsOf(text: string): string[][] {
  return text
    .split("\n")
    .filter((line) => /^\| `[a-z_]+\.[a-z_]+`/.test(line))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
}

describe("docs/configuration.md", () => {
  it("has a row for each setting, in order, and no other", () => {
    const rows = rowsOf(page).filter((cells) => cells.length > 2);
    const expected = CONFIG_KEY_NAMES.map((key) => {
      const spec = specOf(key);
      const fallback = spec.default === undefined ? "-" : `\`${spec.default}\``;
      return [`\`${key}\``, `\`${variableOf(key)}\``, describeValues(spec), fallback, spec.summary];
    });
    expect(rows).to.deep.equal(expected);
  });

  it("says of each setting what a project file may give", () => {
    const values = { any: "any", lower: "only lower ones", higher: "only higher ones", true: "only `true`" };
    const expected = CONFIG_KEY_NAMES.flatMap((key) => {
      const { project } = specOf(key);
      return project === "none" ? [] : [[`\`${key}\``, values[project]]];
    });
    expect(rowsOf(page).filter((cells) => cells.length === 2)).to.deep.equal(expected);
  });

  it("has examples that are valid", async () => {
    const blocks = readCodeBlocks(page).filter(({ info }) => info === "toml");
    expect(blocks).not.to.have.length(0);
    for (const { code } of blocks) expect((await parseConfigText(code, "m2m.toml")).size).to.equal(4);
  });
});
