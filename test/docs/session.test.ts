import { readFileSync } from "node:fs";
import { expect } from "chai";
import { MESSAGE_TYPES, REJECTION_CODES, TRANSITIONS } from "../../src/session/index.js";
import { readVectors } from "../helpers/vectors.js";

const page = readFileSync(new URL("../../docs/spec/session.md", import.meta.url), "utf8");

/** The cells of the rows behind the heading that starts with `heading`. */
function readTable(heading: string): string[][] {
  const lines = page.slice(page.indexOf(`\n| ${heading}`) + 1).split("\n");
  const end = lines.findIndex((line) => !line.startsWith("|"));
  return lines.slice(2, end).map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

describe("docs/spec/session.md", () => {
  it("prints the table of the state machine", () => {
    const rows = TRANSITIONS.map(({ from, event, role, guard, to, emit }) => [
      from,
      event,
      role ?? "either",
      guard ?? "",
      to,
      emit ?? "",
    ]);
    expect(readTable("state ")).to.deep.equal(rows);
  });

  it("has the published message of every type", () => {
    const published = readVectors<{ input: string }>("session/published.json");
    expect(published).to.have.length(MESSAGE_TYPES.length);
    for (const { input } of published) expect(page).to.include(`\n${input}\n`);
  });

  it("lists the rejection codes", () => {
    expect(readTable("code ").map(([code]) => code.replaceAll("`", ""))).to.deep.equal([...REJECTION_CODES]);
  });
});
