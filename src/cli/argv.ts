/**
 * The hot path's parser. It accepts a subset of what the framework's parser accepts, and gives the same values for
 * it (a property test holds the two equal). Whatever it does not take (help, mistakes, unusual spellings) goes to the
 * framework, which owns the messages.
 */
import { allFlags, type AnyCommand, type FlagSpec, type FlagSpecs } from "./definition.js";
import { tryParseFlagValue, type FlagScalar } from "./values.js";

export interface RawInput {
  readonly flags: Record<string, FlagScalar | string[]>;
  readonly args: Record<string, string | undefined>;
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

/** The values of `argv` for `definition`, or `undefined` if any word of it is left to the framework. */
export function tryParseArgv(definition: AnyCommand, argv: readonly string[]): RawInput | undefined {
  const specs = allFlags(definition);
  const flags = Object.create(null) as RawInput["flags"];
  const values: string[] = [];
  /** A repeatable flag takes the bare words that follow, until another flag with a value: `--file *.json`. */
  let open: string | undefined;
  let flagsEnded = false;

  for (let i = 0; i < argv.length; i++) {
    const word = argv[i];
    if (flagsEnded || word === "-" || !word.startsWith("-")) {
      if (!flagsEnded && open !== undefined) (flags[open] as string[]).push(word);
      else values.push(word);
      continue;
    }
    if (word === "--") {
      flagsEnded = true;
      continue;
    }
    const flag = splitFlag(word, specs);
    if (!flag) return undefined;
    const { name, spec } = flag;
    if (spec.type === "boolean") {
      if (flag.value !== undefined) return undefined;
      flags[name] = true;
      continue;
    }
    const text = flag.value ?? argv[++i];
    if (text === undefined || (text.startsWith("-") && text !== "-")) return undefined;
    const value = tryParseFlagValue(spec, text);
    if (value === undefined) return undefined;
    open = undefined;
    if (spec.type === "string" && spec.multiple) {
      const given = (flags[name] ??= []) as string[];
      given.push(text);
      open = name;
    } else if (Object.hasOwn(flags, name)) return undefined;
    else flags[name] = value;
  }
  if (flags.help !== undefined || !relationsHold(specs, flags)) return undefined;
  const args = assignArgs(definition, values);
  return args && { flags, args };
}

/** The flag that `word` spells, with the value behind `=` or behind the letter. */
function splitFlag(
  word: string,
  specs: FlagSpecs,
): { name: string; spec: FlagSpec; value?: string } | undefined {
  if (word.startsWith("--")) {
    const equals = word.indexOf("=");
    const name = equals < 0 ? word.slice(2) : word.slice(2, equals);
    if (!Object.hasOwn(specs, name)) return undefined;
    return { name, spec: specs[name], value: equals < 0 ? undefined : word.slice(equals + 1) };
  }
  const name = Object.keys(specs).find((key) => specs[key].char === word[1]);
  if (name === undefined) return undefined;
  if (word.length === 2) return { name, spec: specs[name] };
  // Several letters in one word are the framework's business, except a letter with its value.
  if (specs[name].type === "boolean") return undefined;
  return { name, spec: specs[name], value: word.slice(word[2] === "=" ? 3 : 2) };
}

function relationsHold(specs: FlagSpecs, flags: RawInput["flags"]): boolean {
  for (const name of Object.keys(flags)) {
    const { exclusive = [], dependsOn = [] } = specs[name];
    if (exclusive.some((other) => flags[other] !== undefined)) return false;
    if (dependsOn.some((other) => flags[other] === undefined)) return false;
  }
  return true;
}

function assignArgs(definition: AnyCommand, values: readonly string[]): RawInput["args"] | undefined {
  const names = Object.keys(definition.args);
  if (values.length > names.length) return undefined;
  const args = Object.create(null) as RawInput["args"];
  for (const [index, name] of names.entries()) {
    if (index < values.length) args[name] = values[index];
    else if (definition.args[name].required) return undefined;
  }
  return args;
}
