import { mkdtempSync, readFileSync, rmSync, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect } from "chai";
import { readSession, runPipeline } from "../helpers/console-session.js";
import { readCodeBlocks } from "../helpers/markdown.js";
import { ROOT, tryListTrackedFiles } from "../helpers/package.js";

const readme = readFileSync(join(ROOT, "README.md"), "utf8");
const steps = readCodeBlocks(readme)
  .filter((block) => block.info === "console")
  .flatMap((block) => readSession(block.code));

/**
 * Durations differ from run to run, and with them the width of their column; how sure Hydra is differs from one training
 * to the next.
 */
const withoutNoise = (text: string): string =>
  text
    .replace(/\d+(\.\d+)? ms/g, "… ms")
    .replace(/score 0\.\d\d|\d+(\.\d)? % sure/g, "…")
    .replace(/ {2,}/g, "  ");

describe("README.md", function () {
  this.timeout(60_000);
  let folder: string;

  // One folder for all steps: a later command may read what an earlier one wrote.
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "m2m-readme-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("shows commands with their output", () => {
    expect(steps.length).to.be.greaterThan(4);
  });

  for (const { commandLine, output } of steps) {
    it(`$ ${commandLine}`, () => {
      expect(withoutNoise(runPipeline(commandLine, folder))).to.equal(withoutNoise(output));
    });
  }

  it("gives the two commands for a fresh clone", () => {
    expect(readme).to.include("npm ci && npm test");
    expect(readme).to.match(/npm ci && npx m2m compress '\{.+\}'/);
  });

  it("says how m2m gets on the PATH before it writes m2m", () => {
    const linked = readme.indexOf("npm link --ignore-scripts");
    expect(linked).to.be.within(0, readme.search(/^(?:\$ (?:.*\| )?)?m2m /m));
  });
});

/** The cells of a Markdown table row. */
const cellsOf = (line: string): string[] =>
  line
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.trim());

describe("the numbers of README.md", () => {
  it("are those of docs/benchmarks/billed-tokens.md", () => {
    const report = join(ROOT, "docs/benchmarks/billed-tokens.md");
    const text = readFileSync(report, "utf8");
    const measured = new Map(text.split("\n").map((line) => [cellsOf(line)[0], cellsOf(line)] as const));
    const rows = readme.split("\n").filter((line) => /^\| .*\| +[+-]?[\d.]+ % +\|$/.test(line));
    expect(rows.length).to.be.greaterThan(4);
    for (const [form, bytes, tokens] of rows.map(cellsOf)) {
      const [, , cl100k, , , ofBytes] = measured.get(form) ?? [];
      expect({ form, bytes, tokens }).to.deep.equal({ form, bytes: ofBytes, tokens: cl100k });
    }
    expect(readme).to.include(`over ${/(\d+) JSON bodies/.exec(text)?.[1]} JSON bodies`);
  });
});

describe("links in the documents", () => {
  it("lead to files that exist", function () {
    const pages = (tryListTrackedFiles() ?? ["README.md"]).filter(
      (name) => name.endsWith(".md") && !name.startsWith("test/vectors/"),
    );
    const dead: string[] = [];
    for (const page of pages) {
      const text = readFileSync(join(ROOT, page), "utf8").replace(/```[\s\S]*?```|`[^`\n]*`/g, "");
      for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^(https?:|#|mailto:)/.test(target)) continue;
        const path = join(ROOT, dirname(page), target.replace(/#.*$/, ""));
        if (!existsSync(path)) dead.push(`${page}: ${target}`);
      }
    }
    expect(dead).to.deep.equal([]);
  });
});
