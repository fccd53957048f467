import { InputError } from "./errors.js";
import { quote } from "./quote.js";

/** Options by their names; what is `undefined` is not given. */
export type NamedOptions = Readonly<Record<string, unknown>>;

/** `value`, if it is a whole number from 1. @throws {InputError} `M2M_USAGE`, naming the option */
export function positiveInteger(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new InputError("M2M_USAGE", `${name} is a whole number from 1, not ${shown(value)}.`);
}

/** @throws {InputError} `M2M_USAGE`, naming the option, unless each that is given is a whole number in these bounds */
export function assertWhole(
  options: NamedOptions,
  least: number,
  most: number = Number.MAX_SAFE_INTEGER,
): void {
  const isWhole = (value: unknown): boolean =>
    Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;
  const upTo = most === Number.MAX_SAFE_INTEGER ? "" : ` to ${most}`;
  assertEach(options, isWhole, `a whole number from ${least}${upTo}`);
}

/** @throws {InputError} `M2M_USAGE`, naming the option, unless each that is given is a number in these bounds; `Infinity` is no limit */
export function assertNumbers(options: NamedOptions, least: number, most: number = Infinity): void {
  const isNumber = (value: unknown): boolean => typeof value === "number" && value >= least && value <= most;
  assertEach(options, isNumber, `a number from ${least}${most === Infinity ? "" : ` to ${most}`}`);
}

/** @throws {InputError} `M2M_USAGE`, naming the option, unless each that is given is one of `choices` */
export function assertChoice(options: NamedOptions, choices: readonly unknown[]): void {
  assertEach(options, (value) => choices.includes(value), `one of ${choices.join(", ")}`);
}

/** @throws {InputError} `M2M_USAGE`, naming the option, unless each that is given is a text */
export function assertTexts(options: NamedOptions): void {
  assertEach(options, (value) => typeof value === "string", "a text");
}

/** @throws {InputError} `M2M_USAGE`, with the names that there are, unless `name` is one of them; `what` says what it names */
export function assertName(what: string, name: string, names: readonly string[]): void {
  if (names.includes(name)) return;
  throw new InputError("M2M_USAGE", `There is no ${what} ${quote(String(name))}.`, {
    hint: `Use one of ${names.join(", ")}.`,
  });
}

/**
 * Options are an object, whatever they are of: `null`, a number and the like have none.
 * @throws {InputError} `M2M_USAGE`
 */
export function assertOptions(name: string, options: unknown): void {
  if (typeof options === "object" && options !== null) return;
  throw new InputError("M2M_USAGE", `${name} is an object, not ${shown(options)}.`);
}

/** @throws {InputError} `M2M_USAGE` unless `list` is an array */
export function assertList(name: string, list: unknown): asserts list is unknown[] {
  if (Array.isArray(list)) return;
  throw new InputError("M2M_USAGE", `${name} are an array, not ${shown(list)}.`);
}

/** @throws {InputError} `M2M_USAGE`, naming the option, unless each that is given is a function */
export function assertFunctions(options: NamedOptions): void {
  assertEach(options, (value) => typeof value === "function", "a function");
}

function assertEach(options: NamedOptions, isGood: (value: unknown) => boolean, expected: string): void {
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined || isGood(value)) continue;
    throw new InputError("M2M_USAGE", `${name} is ${expected}, not ${shown(value)}.`);
  }
}

/** What was given, for a message; of objects not what is in them. */
function shown(value: unknown): string {
  if (typeof value === "string") return quote(value);
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "an array" : "an object";
  return typeof value === "function" ? "a function" : String(value);
}
