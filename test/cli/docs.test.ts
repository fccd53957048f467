import { expect } from "chai";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { format, resolveConfig } from "prettier";
// @ts-expect-error -- a script without types
import { pageName, renderIndex, renderPage } from "../../scripts/cli-docs.mjs";
import { allFlags } from "../../src/cli/definition.js";
import { flagSummary } from "../../src/cli/oclif-command.js";
import { ALGORITHM_NAMES, POLICY_NAMES } from "../../src/shared/algorithms.js";
import { COMMANDS } from "../../src/commands/index.js";
import { ENCODINGS, parseEncoding } from "../../src/shared/encodings.js";
import { ROOT } from "../helpers/package.js";
import { CliFolder } from "../helpers/run-cli.js";

const FOLDER = join(ROOT, "docs/cli");
const optionsOf = (id: string, flag: string): readonly string[] => {
  const spec = COMMANDS.find((one) => one.id === id)?.flags[flag];
  return spec?.type === "enum" ? spec.options : [];
};

describe("the commands' documentation", () => {
  let folder: CliFolder;
  before(() => (folder = new CliFolder()));
  after(() => folder.remove());

  it("is what npm run gen:docs makes of the definitions", async () => {
    const pages = new Map<string, string>([["README.md", renderIndex(COMMANDS)]]);
    for (const one of COMMANDS) pages.set(pageName(one), renderPage(one, allFlags(one), flagSummary));
    for (const [name, text] of pages) {
      const path = join(FOLDER, name);
      const expected = await format(text, { ...(await resolveConfig(path)), filepath: path });
      expect(readFileSync(path, "utf8"), name).to.equal(expected);
    }
    expect(readdirSync(FOLDER).sort()).to.deep.equal([...pages.keys(), "conventions.md"].sort());
  });

  for (const definition of COMMANDS) {
    it(`m2m ${definition.id} --help lists every flag, argument and example`, () => {
      const { code, stdout } = folder.run([...definition.id.split(" "), "--help"]);
      expect(code).to.equal(0);
      const help = stdout.toString();
      for (const [name, { char }] of Object.entries(allFlags(definition))) {
        expect(help).to.match(new RegExp(`^ +${char ? `-${char}, ` : ""}--${name}(\\b|=)`, "m"));
      }
      for (const name of Object.keys(definition.args)) expect(help).to.include(name.toUpperCase());
      expect(definition.examples).not.to.deep.equal([]);
      // Long lines are broken as in a shell.
      const words = (text: string) => text.replace(/\s*\\\n/g, " ").replace(/\s+/g, " ");
      for (const { command } of definition.examples) expect(words(help)).to.include(words(command));
    });

    it(`the examples of m2m ${definition.id} have no short flags and begin with its name`, () => {
      for (const { command } of definition.examples) {
        expect(command.startsWith(`m2m ${definition.id}`), command).to.equal(true);
        expect(command).not.to.match(/ -[a-z]\b/);
      }
    });
  }

  it("the help of a flag names what it takes", () => {
    for (const definition of COMMANDS) {
      for (const [name, spec] of Object.entries(allFlags(definition))) {
        // Without a name for the value, its options stand in the place of one.
        if (spec.type !== "enum" || spec.valueName === undefined) continue;
        for (const option of spec.options) {
          expect(flagSummary(spec), `m2m ${definition.id} --${name}`).to.include(option);
        }
      }
    }
  });

  it("m2m help lists every command", () => {
    const help = ["help", "model", "models", "config", "packet"]
      .map((word) => folder.run([word]).stdout.toString())
      .join("");
    for (const { id } of COMMANDS) expect(help).to.include(`\n  ${id} `);
  });

  it("the manifest lists every command", () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, "oclif.manifest.json"), "utf8"));
    expect(Object.keys(manifest.commands).sort()).to.deep.equal(
      COMMANDS.map(({ id }) => id.replaceAll(" ", ":")).sort(),
    );
  });

  it("prints the version that oclif prints", () => {
    const { name, version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
    const { platform, arch, version: node } = process;
    const text = folder.run(["--version"]).stdout.toString();
    expect(text).to.equal(`${name}/${version} ${platform}-${arch} node-${node}\n`);
    expect(folder.run(["help"]).stdout.toString()).to.include(text.trim());
  });

  it("the options of flags are the names that the rooms know", () => {
    const names = ALGORITHM_NAMES;
    expect([...optionsOf("compress", "algorithm")].sort()).to.deep.equal(["auto", ...names].sort());
    expect(optionsOf("compress", "policy")).to.deep.equal(POLICY_NAMES);
    const encodings = optionsOf("tokens", "encoding");
    expect(new Set(encodings.map((name) => parseEncoding(name)))).to.deep.equal(new Set(ENCODINGS));
    expect(optionsOf("compress", "encoding")).to.deep.equal(
      encodings.filter((name) => parseEncoding(name) !== "heuristic"),
    );
  });
});
