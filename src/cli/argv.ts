/** The parser of the command line: from words to the values that a definition declares, or one line that says what is wrong. */
import { InputError } from "../shared/errors.js";
import { nearestNames } from "../shared/nearest-name.js";
import { allFlags, type AnyCommand, type FlagSpec, type FlagSpecs } from "./definition.js";
import { type FlagScalar, parseFlagValue } from "./values.js";

export interface RawInput {
  readonly flags: Record<string, FlagScalar | string[]>;
  readonly args: Record<string, string | string[] | undefined>;
}

export interface Selected {
  readonly definition: AnyCommand;
  /** The words behind the command's name. */
  readonly rest: readonly string[];
}

/** The command that `argv` begins with (the longest name wins), or `undefined`. */
export function selectCommand(
  commands: readonly AnyCommand[],
  argv: readonly string[],
): Selected | undefined {
  let found: Selected | undefined;
  let longest = 0;
  for (const definition of commands) {
    const words = definition.id.split(" ");
    if (words.length <= longest || !words.every((word, index) => argv[index] === word)) continue;
    longest = words.length;
    found = { definition, rest: argv.slice(words.length) };
  }
  return found;
}

/** The words that are read as flags: those before `--`. */
export function flagWords(argv: readonly string[]): readonly string[] {
  const end = argv.indexOf("--");
  return end < 0 ? argv : argv.slice(0, end);
}

/** Whether `argv` asks for help, even if the rest of it is wrong. */
export function wantsHelp(argv: readonly string[]): boolean {
  const words = flagWords(argv);
  return words.includes("--help") || words.includes("-h");
}

/**
 * The values of `argv`, the words behind the command's name.
 * @throws {InputError} `M2M_USAGE`; the message holds no value of a flag that is secret
 */
export function parseArgv(definition: AnyCommand, argv: readonly string[]): RawInput {
  const specs = allFlags(definition);
  const flags = Object.create(null) as RawInput["flags"];
  const values: string[] = [];

  for (let i = 0; i < argv.length; i++) {
    const word = argv[i];
    if (word === "--") {
      values.push(...argv.slice(i + 1));
      break;
    }
    if (word === "-" || !word.startsWith("-")) {
      values.push(word);
      continue;
    }
    for (const { name, value } of splitFlags(definition, specs, word)) {
      const spec = specs[name];
      if (spec.type === "boolean") {
        if (value !== undefined) throw usage(definition, `--${name} takes no value.`);
        flags[name] = true;
        continue;
      }
      const text = value ?? argv[++i];
      if (text === undefined || (value === undefined && looksLikeFlag(spec, text))) {
        const hint =
          spec.type === "enum"
            ? `It takes one of ${spec.options.join(", ")}.`
            : text === undefined
              ? undefined
              : `A value that begins with a dash follows =: --${name}=…`;
        throw usage(definition, `--${name} needs a value.`, hint);
      }
      const given = parseFlagValue(name, spec, text);
      if (spec.type === "string" && spec.multiple) ((flags[name] ??= []) as string[]).push(text);
      else if (Object.hasOwn(flags, name)) throw usage(definition, `--${name} was given more than once.`);
      else flags[name] = given;
    }
  }
  assertRelations(definition, specs, flags);
  return { flags, args: assignArgs(definition, values) };
}

/** A forgotten value must not swallow the next flag; negative numbers are values of number flags. */
function looksLikeFlag(spec: FlagSpec, text: string): boolean {
  if (text === "-" || !text.startsWith("-")) return false;
  return !((spec.type === "integer" || spec.type === "number") && /^-[\d.]/.test(text));
}

/** The flags that `word` spells: `--name`, `--name=value`, `-n`, `-nvalue`, `-n=value`, or several letters `-qv`. */
function splitFlags(
  definition: AnyCommand,
  specs: FlagSpecs,
  word: string,
): { name: string; value?: string }[] {
  if (word.startsWith("--")) {
    const equals = word.indexOf("=");
    const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
    if (!Object.hasOwn(specs, name)) throw unknownFlag(definition, specs, `--${name}`);
    return [{ name, value: equals < 0 ? undefined : word.slice(equals + 1) }];
  }
  const found: { name: string; value?: string }[] = [];
  for (let at = 1; at < word.length; at++) {
    const name = Object.keys(specs).find((key) => specs[key].char === word[at]);
    if (name === undefined) throw unknownFlag(definition, specs, at === 1 ? word : `-${word[at]}`);
    const rest = word.slice(at + 1);
    if (specs[name].type !== "boolean" && rest !== "") {
      return [...found, { name, value: rest.startsWith("=") ? rest.slice(1) : rest }];
    }
    if (rest.startsWith("=")) throw usage(definition, `--${name} takes no value.`);
    found.push({ name });
  }
  return found;
}

function assertRelations(definition: AnyCommand, specs: FlagSpecs, flags: RawInput["flags"]): void {
  for (const name of Object.keys(flags)) {
    const { exclusive = [], dependsOn = [] } = specs[name];
    const other = exclusive.find((one) => flags[one] !== undefined);
    if (other !== undefined) throw usage(definition, `--${name} and --${other} exclude each other.`);
    const missing = dependsOn.find((one) => flags[one] === undefined);
    if (missing !== undefined) throw usage(definition, `--${name} needs --${missing}.`);
  }
}

function assignArgs(definition: AnyCommand, values: readonly string[]): RawInput["args"] {
  const specs = Object.entries(definition.args);
  const args = Object.create(null) as RawInput["args"];
  const required = specs.filter(([, { required }]) => required);
  if (values.length < required.length) {
    throw usage(
      definition,
      `${definition.id} needs ${required.map(([name]) => withArticle(name)).join(" and ")}.`,
    );
  }
  const last = specs.at(-1)?.[1];
  if (values.length > specs.length && !last?.rest && !last?.multiple)
    throw tooMany(definition, values.length);
  for (const [index, [name, { multiple, rest }]] of specs.entries()) {
    if (index >= values.length) break;
    const words = values.slice(index);
    args[name] = multiple ? words : rest ? words.join(" ") : words[0];
  }
  return args;
}

function tooMany(definition: AnyCommand, count: number): InputError {
  const most = Object.keys(definition.args).length;
  const allowed = most === 0 ? "no argument" : most === 1 ? "one argument" : `${most} arguments`;
  // What they are is not shown: one may be the value of a flag that was forgotten.
  const hint = Object.hasOwn(definition.flags, "file")
    ? "Every file stands behind a --file (-f) of its own; a text with blanks is quoted."
    : undefined;
  return usage(definition, `${definition.id} takes ${allowed}, not ${count}.`, hint);
}

function unknownFlag(definition: AnyCommand, specs: FlagSpecs, word: string): InputError {
  // One dash in front of a whole name: -algorithm.
  const wanted = word.replace(/^-+/, "").replace(/=.*$/s, "");
  const [near] = wanted.length > 1 ? nearestNames(wanted, Object.keys(specs), 1) : [];
  const shown = word.startsWith("--") ? word.replace(/=.*$/s, "") : word.slice(0, 2);
  const hint =
    near !== undefined
      ? `Did you mean --${near}?`
      : /^-[^-a-z]/i.test(word)
        ? "An argument that begins with a dash follows --."
        : undefined;
  return usage(definition, `${definition.id} has no flag ${shown}.`, hint);
}

function usage(definition: AnyCommand, message: string, hint?: string): InputError {
  return new InputError("M2M_USAGE", message, { hint: hint ?? `See m2m help ${definition.id}.` });
}

function withArticle(name: string): string {
  return `${/^[aeiou]/.test(name) ? "an" : "a"} ${name}`;
}
