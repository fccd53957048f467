import { InputError } from "./errors.js";

/** `value`, if it is a whole number from 1. @throws {InputError} `M2M_USAGE`, naming the option */
export function positiveInteger(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new InputError("M2M_USAGE", `${name} is a whole number from 1, not ${String(value)}.`);
}
