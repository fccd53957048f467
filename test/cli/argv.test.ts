import { Parser } from "@oclif/core";
import { expect } from "chai";
import fc from "fast-check";
import { selectCommand, tryParseArgv } from "../../src/cli/argv.js";
import { allFlags, defineCommand, type AnyCommand } from "../../src/cli/definition.js";
import { toOclifCommand } from "../../src/cli/oclif-command.js";
import { COMMANDS } from "../../src/commands/index.js";

const SAMPLE = defineCommand({
  id: "sample",
  summary: "For tests.",
  examples: [],
  args: { first: { summary: "First.", required: true }, second: { summary: "Second." } },
  flags: {
    text: { type: "string", char: "t", summary: "Text.", exclusive: ["level"] },
    file: { type: "string", char: "f", multiple: true, summary: "Files." },
    count: { type: "integer", char: "n", summary: "Count.", min: -5, max: 10 },
    share: { type: "number", summary: "Share." },
    level: { type: "enum", char: "l", options: ["low", "high"], summary: "Level." },
    deep: { type: "boolean", char: "d", summary: "Deep.", dependsOn: ["text"] },
  },
  jsonType: "{}",
  async run() {},
});

/** What the framework makes of `argv`, or `undefined` if it refuses it. */
async function parseByFramework(definition: AnyCommand, argv: readonly string[]) {
  const { args, flags } = toOclifCommand(definition);
  try {
    const output = await Parser.parse([...argv], { args, flags, strict: true });
    return { args: withoutUndefined(output.args), flags: withoutUndefined(output.flags) };
  } catch {
    return undefined;
  }
}

function withoutUndefined(values: object): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

/** Words that are flags, near-flags and values of `definition`. */
function argvOf(definition: AnyCommand): fc.Arbitrary<string[]> {
  const specs = Object.entries(allFlags(definition));
  const value = fc.constantFrom(
    "a",
    "",
    "-",
    "low",
    "high",
    "3",
    "-3",
    "11",
    "1.5",
    ".5",
    "1e3",
    "--",
    "-x",
    "a=b",
    "{}",
  );
  const flag = fc
    .constantFrom(...specs)
    .chain(([name, { char }]) =>
      fc.constantFrom(
        `--${name}`,
        `--${name}=`,
        `--no-${name}`,
        `--${name}x`,
        char ? `-${char}` : `--${name}`,
      ),
    );
  const joined = fc.tuple(flag, value).map(([word, text]) => word + text);
  return fc.array(fc.oneof({ weight: 3, arbitrary: flag }, { weight: 3, arbitrary: value }, joined), {
    maxLength: 7,
  });
}

describe("the hot path's parser", () => {
  for (const definition of [SAMPLE, ...COMMANDS]) {
    it(`gives for ${definition.id} what the framework gives, or leaves it to the framework`, async () => {
      let taken = 0;
      await fc.assert(
        fc.asyncProperty(argvOf(definition), async (argv) => {
          const ours = tryParseArgv(definition, argv);
          if (ours === undefined) return;
          taken++;
          const theirs = await parseByFramework(definition, argv);
          expect({ args: { ...ours.args }, flags: { ...ours.flags } }).to.deep.equal(theirs);
        }),
        { numRuns: 800 },
      );
      expect(taken, "some command lines are understood").to.be.greaterThan(20);
    });
  }

  it("takes the spellings that people use", () => {
    const cases: [string[], Record<string, unknown>][] = [
      [["x", "--text", "a"], { text: "a" }],
      [["x", "--text=a=b"], { text: "a=b" }],
      [["x", "-ta"], { text: "a" }],
      [["x", "-t=a"], { text: "a" }],
      [["-f", "a", "b", "--file", "c", "--count", "3", "x"], { file: ["a", "b", "c"], count: 3 }],
      [["x", "--share", "1.5", "--json"], { share: 1.5, json: true }],
      [["-d", "-t", "a", "x"], { deep: true, text: "a" }],
    ];
    for (const [argv, flags] of cases) {
      const input = tryParseArgv(SAMPLE, argv);
      expect({ ...input?.flags }, argv.join(" ")).to.deep.equal(flags);
      expect(input?.args.first, argv.join(" ")).to.equal("x");
    }
  });

  it("takes everything behind -- as it is", () => {
    expect({ ...tryParseArgv(SAMPLE, ["--", "--text", "-"])?.args }).to.deep.equal({
      first: "--text",
      second: "-",
    });
  });

  it("leaves help and mistakes to the framework", () => {
    const left = [
      ["--help"],
      ["x", "--help"],
      [],
      ["x", "y", "z"],
      ["x", "--nope"],
      ["x", "--text"],
      ["x", "--text", "a", "--text", "b"],
      ["x", "--count", "11"],
      ["x", "--count", "3.0"],
      ["x", "--level", "middle"],
      ["x", "--text", "a", "--level", "low"],
      ["x", "--deep"],
      ["x", "--deep=true"],
      ["x", "--__proto__", "a"],
    ];
    for (const argv of left) expect(tryParseArgv(SAMPLE, argv), argv.join(" ")).to.equal(undefined);
  });

  it("finds the command with the longest name", () => {
    const find = (...argv: string[]) => selectCommand(COMMANDS, argv)?.definition.id;
    expect(find("models", "list", "--json")).to.equal("models list");
    expect(find("tokens", "list")).to.equal("tokens");
    expect([find("models"), find(), find("nope"), find("--version")]).to.deep.equal([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    expect(selectCommand(COMMANDS, ["models", "info", "gpt-4o"])?.rest).to.deep.equal(["gpt-4o"]);
  });
});
