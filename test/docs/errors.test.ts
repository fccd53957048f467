import { readdirSync, readFileSync } from "node:fs";
import { expect } from "chai";
import { exitCodeOf } from "../../src/cli/errors.js";
import { ERROR_CODES, M2MError, type ErrorCode, type ErrorFamily } from "../../src/shared/errors.js";

interface Row {
  family: string;
  code: string;
  cells: string[];
}

/** The rows of the code tables in docs/errors.md, each with the heading it stands under. */
function readRows(): Row[] {
  const rows: Row[] = [];
  let heading = "";
  const page = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8");
  for (const line of page.split("\n")) {
    if (line.startsWith("## ")) heading = line.slice(3).trim();
    const code = /^\| `(M2M_[A-Z0-9_]+)`/.exec(line)?.[1];
    if (!code) continue;
    // A pipe inside a cell is written \|.
    const cells = line
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim());
    rows.push({ family: heading, code, cells });
  }
  return rows;
}

/** An error with `code`, of the family that the source puts it in. */
function makeError(code: string): M2MError {
  const families = Object.entries(ERROR_CODES) as [ErrorFamily, readonly string[]][];
  const [name] = families.find(([, codes]) => codes.includes(code))!;
  class AnyError extends M2MError {
    readonly family = name;
  }
  return new AnyError(code as ErrorCode, "");
}

const rows = readRows();

describe("docs/errors.md", () => {
  it("has exactly one row for every code of the source, and no other", () => {
    const documented = rows.map((row) => row.code);
    const declared = Object.values(ERROR_CODES).flat();
    expect(documented).to.have.members(declared);
    expect(new Set(documented).size).to.equal(documented.length);
  });

  it("describes no code that nothing throws", () => {
    const folder = new URL("../../src/", import.meta.url);
    const sources = readdirSync(folder, { recursive: true, encoding: "utf8" })
      .map((name) => name.replaceAll("\\", "/"))
      .filter((name) => name.endsWith(".ts") && name !== "shared/errors.ts")
      .map((name) => readFileSync(new URL(name, folder), "utf8"));
    // A class of its own has its code.
    const own = readFileSync(new URL("shared/errors.ts", folder), "utf8").match(/super\("M2M_\w+"/g) ?? [];
    sources.push(...own);
    // What only a comment names stands in backticks.
    const unused = rows.filter(({ code }) => !sources.some((source) => source.includes(`"${code}"`)));
    expect(unused.map(({ code }) => code)).to.deep.equal([]);
  });

  it("lists each code under its family", () => {
    for (const [family, codes] of Object.entries(ERROR_CODES) as [ErrorFamily, readonly string[]][]) {
      for (const code of codes) {
        const row = rows.find((candidate) => candidate.code === code);
        expect(row?.family, code).to.equal(family);
      }
    }
  });

  it("fills meaning, cause, remedy and exit code", () => {
    for (const { code, cells } of rows) {
      expect(cells, code).to.have.length(5);
      for (const cell of cells.slice(1, 4)) expect(cell, code).to.match(/^\S.{9,}[.]$/);
    }
  });

  it("gives the exit codes of the command line", () => {
    for (const { code, cells } of rows) expect(cells[4], code).to.equal(String(exitCodeOf(makeError(code))));
  });
});
