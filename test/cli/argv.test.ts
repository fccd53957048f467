import { expect } from "chai";
import fc from "fast-check";
import { parseArgv, selectCommand, wantsHelp } from "../../src/cli/argv.js";
import { allFlags, defineCommand, type AnyCommand, type FlagSpec } from "../../src/cli/definition.js";
import { COMMANDS } from "../../src/commands/index.js";
import { InputError } from "../../src/shared/errors.js";
import { catchM2MError } from "../helpers/catch-error.js";

const SECRET = "00112233445566778899aabbccddeeff";
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
    key: { type: "string", summary: "Key.", secret: true, exclusive: ["text"] },
    pin: { type: "integer", summary: "Pin.", secret: true, max: 9999 },
  },
  jsonType: "{}",
  async run() {},
});
const WORDS = defineCommand({
  ...SAMPLE,
  id: "words",
  flags: {},
  args: { query: { summary: "Words.", required: true, rest: true } },
});

const parse = (...argv: string[]) => parseArgv(SAMPLE, argv);
const errorOf = (definition: AnyCommand, argv: readonly string[]) =>
  catchM2MError(() => parseArgv(definition, argv));

/** A value that `spec` takes, and how it is spelled. */
function valueOf(spec: FlagSpec): fc.Arbitrary<{ value: unknown; text: string }> {
  switch (spec.type) {
    case "enum":
      return fc.constantFrom(...spec.options).map((value) => ({ value, text: value }));
    case "integer":
      return fc
        .integer({ min: spec.min ?? -1000, max: spec.max ?? 1000 })
        .map((value) => ({ value, text: String(value) }));
    case "number":
      return fc
        .integer({ min: Math.ceil(8 * (spec.min ?? -1e6)), max: Math.floor(8 * (spec.max ?? 1e6)) })
        .map((value) => ({ value: value / 8, text: String(value / 8) }));
    default:
      return fc.string().map((value) => ({ value, text: value }));
  }
}

describe("the parser of the command line", () => {
  for (const definition of [SAMPLE, ...COMMANDS]) {
    const names = Object.keys(allFlags(definition));
    it(`gives back what was spelled for ${definition.id}`, () => {
      for (const name of names) {
        const spec = { ...allFlags(definition)[name], exclusive: [], dependsOn: [] } as FlagSpec;
        const alone: AnyCommand = { ...definition, args: {}, flags: { ...definition.flags, [name]: spec } };
        if (spec.type === "boolean") {
          expect({ ...parseArgv(alone, [`--${name}`]).flags }).to.deep.equal({ [name]: true });
          continue;
        }
        fc.assert(
          fc.property(valueOf(spec), ({ value, text }) => {
            const wanted = { [name]: spec.type === "string" && spec.multiple ? [value] : value };
            const spellings = [[`--${name}=${text}`]];
            const isNumber = spec.type === "integer" || spec.type === "number";
            if (!text.startsWith("-") || isNumber) spellings.push([`--${name}`, text]);
            if (spec.char) spellings.push([`-${spec.char}=${text}`]);
            for (const argv of spellings) {
              expect({ ...parseArgv(alone, argv).flags }, argv.join(" ")).to.deep.equal(wanted);
            }
          }),
          { numRuns: 30 },
        );
      }
    });

    it(`gives values or one line of help for any words behind ${definition.id}`, () => {
      const word = fc.oneof(
        fc.constantFrom(...names.flatMap((name) => [`--${name}`, `--${name}=`, `--${name}=1`, `--${name}x`])),
        fc.constantFrom("a", "", "-", "--", "-3", "1.5", "-qv", "-x", "--__proto__", "--constructor=1"),
        fc.string(),
      );
      fc.assert(
        fc.property(fc.array(word, { maxLength: 6 }), (argv) => {
          try {
            parseArgv(definition, argv);
          } catch (error) {
            expect(error).to.be.instanceOf(InputError).and.include({ code: "M2M_USAGE" });
            expect((error as InputError).hint ?? "").not.to.include("\n");
          }
        }),
        { numRuns: 300 },
      );
    });
  }

  it("takes the spellings that people use", () => {
    const cases: [string[], Record<string, unknown>][] = [
      [["x", "--text", "a"], { text: "a" }],
      [["x", "--text=a=b"], { text: "a=b" }],
      [["x", "-ta"], { text: "a" }],
      [["x", "-t=a"], { text: "a" }],
      [["x", "--count", "-3", "--file", "-"], { count: -3, file: ["-"] }],
      [["x", "--share", "1.5", "--json"], { share: 1.5, json: true }],
      [["-d", "-t", "a", "x"], { deep: true, text: "a" }],
      [["-dqta", "x"], { deep: true, quiet: true, text: "a" }],
      [["-qv", "x"], { quiet: true, verbose: true }],
    ];
    for (const [argv, flags] of cases) {
      const input = parse(...argv);
      expect({ ...input.flags }, argv.join(" ")).to.deep.equal(flags);
      expect(input.args.first, argv.join(" ")).to.equal("x");
    }
  });

  it("gives a repeatable flag one value each time", () => {
    const { args, flags } = parse("-f", "a", "b", "--file", "c", "d");
    expect([flags.file, { ...args }]).to.deep.equal([["a", "c"], { first: "b", second: "d" }]);
  });

  it("takes everything behind -- as it is", () => {
    expect({ ...parse("--", "--text", "-").args }).to.deep.equal({ first: "--text", second: "-" });
    expect({ ...parse("a", "--", "--").args }).to.deep.equal({ first: "a", second: "--" });
  });

  it("gives the words of an argument that takes several as a list", () => {
    const several = { ...WORDS, args: { path: { summary: "Paths.", multiple: true } } };
    expect({ ...parseArgv(several, ["a b", "c"]).args }).to.deep.equal({ path: ["a b", "c"] });
    expect({ ...parseArgv(several, []).args }).to.deep.equal({});
  });

  it("joins the words of an argument that takes the rest", () => {
    expect(parseArgv(WORDS, ["gpt", "--json", "4o"]).args.query).to.equal("gpt 4o");
    expect(errorOf(WORDS, []).message).to.equal("words needs a query.");
  });

  const see = "See m2m help sample.";
  const equals = "A value that begins with a dash follows =: --text=…";
  const mistakes: [string[], string, string | undefined][] = [
    [[], "sample needs a first.", see],
    [
      ["x", "y", "z"],
      "sample takes 2 arguments, not 3.",
      "Every file stands behind a --file (-f) of its own; a text with blanks is quoted.",
    ],
    [["x", "--nope"], "sample has no flag --nope.", see],
    [["x", "--txet=a"], "sample has no flag --txet.", "Did you mean --text?"],
    [["x", "-leve"], '--level takes one of low, high, not "eve".', undefined],
    [["x", "-z"], "sample has no flag -z.", see],
    [["-5"], "sample has no flag -5.", "An argument that begins with a dash follows --."],
    [["x", "-qz"], "sample has no flag -z.", see],
    [["x", "--text"], "--text needs a value.", see],
    [["x", "--text", "--json"], "--text needs a value.", equals],
    [["x", "--level"], "--level needs a value.", "It takes one of low, high."],
    [["x", "--text", "a", "--text", "b"], "--text was given more than once.", see],
    [["x", "--count", "11"], '--count takes an integer from -5 to 10, not "11".', undefined],
    [["x", "--count", "3.0"], '--count takes an integer from -5 to 10, not "3.0".', undefined],
    [["x", "--level", "hihg"], '--level takes one of low, high, not "hihg".', "Did you mean high?"],
    [["x", "--text", "a", "--level", "low"], "--text and --level exclude each other.", see],
    [["x", "--deep"], "--deep needs --text.", see],
    [["x", "--deep=true"], "--deep takes no value.", see],
    [["x", "-d=true"], "--deep takes no value.", see],
    [["x", "--__proto__", "a"], "sample has no flag --__proto__.", see],
  ];
  for (const [argv, message, hint] of mistakes) {
    it(`says what is wrong with "sample ${argv.join(" ")}"`, () => {
      const error = errorOf(SAMPLE, argv);
      expect([error.message, error.hint]).to.deep.equal([message, hint]);
    });
  }

  it("names several missing arguments", () => {
    const set = COMMANDS.find(({ id }) => id === "config set")!;
    expect(errorOf(set, ["compression.quality"]).message).to.equal("config set needs a key and a value.");
  });

  it("shows no secret", () => {
    const wrong = [
      ["x", "--key", SECRET, "--text", "a"],
      ["x", `--key=${SECRET}`, "--key", SECRET],
      ["x", "y", SECRET, "--key"],
      ["x", "y", SECRET, "--no-color", SECRET],
      ["x", "--pin", SECRET],
      ["x", `--kye=${SECRET}`],
      ["x", `-k${SECRET}`],
    ];
    for (const argv of wrong) {
      const { hint = "", message } = errorOf(SAMPLE, argv);
      expect(message + hint, argv.join(" ")).not.to.include(SECRET.slice(0, 8));
    }
  });

  it("finds the wish for help, but not behind --", () => {
    expect(
      [["x", "--help"], ["-h"], ["--nope", "-h"], ["--", "-h"], ["x"]].map((argv) => wantsHelp(argv)),
    ).to.deep.equal([true, true, true, false, false]);
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
