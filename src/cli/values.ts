import { InputError } from "../shared/errors.js";
import { nearestNames } from "../shared/nearest-name.js";
import { quote } from "../shared/quote.js";
import type { FlagSpec } from "./definition.js";

export type FlagScalar = string | number | boolean;

/** The value that `text` spells for a flag, or `undefined` if it is none. */
export function tryParseFlagValue(spec: FlagSpec, text: string): FlagScalar | undefined {
  switch (spec.type) {
    case "string":
      return text;
    case "enum":
      return spec.options.includes(text) ? text : undefined;
    case "integer":
    case "number": {
      const pattern = spec.type === "integer" ? /^-?\d+$/ : /^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;
      const value = pattern.test(text) ? Number(text) : NaN;
      const inside = value >= (spec.min ?? -Infinity) && value <= (spec.max ?? Infinity);
      return inside ? value : undefined;
    }
    case "boolean":
      return undefined;
  }
}

/** @throws {InputError} `M2M_USAGE` that says what the flag `name` takes. */
export function parseFlagValue(name: string, spec: FlagSpec, text: string): FlagScalar {
  const value = tryParseFlagValue(spec, text);
  if (value !== undefined) return value;
  const shown = spec.secret ? "" : `, not ${quote(text)}`;
  const [near] = spec.type === "enum" && !spec.secret ? nearestNames(text, spec.options, 1) : [];
  throw new InputError("M2M_USAGE", `--${name} takes ${describeValue(spec)}${shown}.`, {
    hint: near === undefined ? undefined : `Did you mean ${near}?`,
  });
}

function describeValue(spec: FlagSpec): string {
  if (spec.type === "enum") return `one of ${spec.options.join(", ")}`;
  if (spec.type !== "integer" && spec.type !== "number") return "a value";
  const kind = spec.type === "integer" ? "an integer" : "a number";
  if (spec.min !== undefined && spec.max !== undefined) return `${kind} from ${spec.min} to ${spec.max}`;
  if (spec.min !== undefined) return `${kind} of at least ${spec.min}`;
  return spec.max === undefined ? kind : `${kind} of at most ${spec.max}`;
}
