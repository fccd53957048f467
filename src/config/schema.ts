import { ALGORITHM_NAMES, LEVEL_NAMES, POLICY_NAMES } from "../shared/algorithms.js";
import {
  DEFAULT_BROTLI_QUALITY,
  DEFAULT_BROTLI_THRESHOLD_BYTES,
  DEFAULT_ENCODING,
  DEFAULT_LEVEL,
  DEFAULT_POLICY,
  DEFAULT_ROUTER_THRESHOLDS,
} from "../shared/defaults.js";
import { BPE_ENCODINGS } from "../shared/encodings.js";
import { InputError } from "../shared/errors.js";
import { DEFAULT_LIMITS, MAX_MESSAGE_BYTES } from "../shared/limits.js";
import { nearestNames } from "../shared/nearest-name.js";
import {
  DEFAULT_BLOCK_THRESHOLD,
  DETECTORS,
  DEVICE_NAMES,
  LEAST_THRESHOLD,
} from "../shared/security-options.js";
import { withProject, type KeyShape, type KeySpec } from "./key-spec.js";
import { PROXY_KEYS } from "./proxy-keys.js";
import { AITCP_KEYS } from "./aitcp-keys.js";
import { SERVER_KEYS } from "./server-keys.js";

export type { KeySpec } from "./key-spec.js";

const TOKENS = { type: "integer", min: 0, max: 1_000_000_000 } as const;
const GIB = 1024 ** 3;

const CONTENT_KEYS = {
  "compression.default_algorithm": {
    type: "enum",
    options: ["auto", ...ALGORITHM_NAMES],
    default: "auto",
    summary: "Algorithm of `compress` without `--algorithm`.",
  },
  "compression.brotli_threshold": {
    type: "integer",
    min: 0,
    max: GIB,
    default: DEFAULT_BROTLI_THRESHOLD_BYTES,
    summary: "Bytes above which the policy `published` takes brotli.",
  },
  "compression.policy": {
    type: "enum",
    options: POLICY_NAMES,
    default: DEFAULT_POLICY,
    summary: "How `auto` chooses an algorithm.",
  },
  "compression.encoding": {
    type: "enum",
    options: BPE_ENCODINGS,
    default: DEFAULT_ENCODING,
    summary: "Vocabulary of `token-native` where no model says which.",
  },
  "compression.quality": {
    type: "integer",
    min: 0,
    max: 11,
    default: DEFAULT_BROTLI_QUALITY,
    summary: "Brotli quality, 0 (fast) to 11 (small).",
  },
  "compression.level": {
    type: "enum",
    options: LEVEL_NAMES,
    default: DEFAULT_LEVEL,
    summary: "How much time `dictionary` takes for smaller wires.",
  },
  "limits.max_content_bytes": {
    project: "higher",
    type: "integer",
    min: 1,
    max: MAX_MESSAGE_BYTES,
    default: DEFAULT_LIMITS.maxInputBytes,
    summary: "Most bytes of a message, before compression and after decompression.",
  },
  "limits.max_json_depth": {
    type: "integer",
    min: 1,
    max: 10_000,
    default: DEFAULT_LIMITS.maxJsonDepth,
    summary: "Most nested arrays and objects in JSON that is parsed.",
  },
  "router.skip_below_tokens": {
    ...TOKENS,
    default: DEFAULT_ROUTER_THRESHOLDS.skipBelowTokens,
    summary: "Messages of fewer tokens are left alone.",
  },
  "router.full_from_tokens": {
    ...TOKENS,
    default: DEFAULT_ROUTER_THRESHOLDS.fullFromTokens,
    summary: "Messages of at least this many tokens are compressed fully.",
  },
  "models.file": {
    type: "path",
    summary: "Models of your own, beside `models.toml` in the folder of the user file.",
  },
} as const satisfies Readonly<Record<string, KeyShape & Partial<KeySpec>>>;

const SECURITY_KEYS = {
  "security.enabled": {
    project: "true",
    type: "boolean",
    default: true,
    summary: "Scan for threats where no flag asks for it: in `analyze` and `server`.",
  },
  "security.block_threshold": {
    project: "lower",
    type: "number",
    min: LEAST_THRESHOLD,
    max: 1,
    default: DEFAULT_BLOCK_THRESHOLD,
    summary: "Score from which content counts as unsafe, and is blocked by `compress --secure`.",
  },
  "security.engine": {
    type: "enum",
    options: DETECTORS,
    default: "both",
    summary: "What judges content: the rules, Hydra, or both.",
  },
  "security.device": {
    type: "enum",
    options: DEVICE_NAMES,
    default: "native",
    summary: "What runs Hydra: m2m itself (`native`), or ONNX Runtime on a device.",
  },
  "security.model_dir": {
    type: "path",
    summary: "Folder of Hydra's weights, in place of those of the package.",
  },
  "security.rules_file": {
    type: "path",
    summary: "Rules of your own (TOML), added to those of the package.",
  },
  "security.disabled_rules": {
    type: "list",
    summary: "Ids of rules that are left out.",
  },
  "security.exclude": {
    type: "list",
    summary: "Patterns, as in `.gitignore`, of what `scan` leaves out of folders.",
  },
} as const satisfies Readonly<Record<string, KeyShape & Partial<KeySpec>>>;

/** Every setting, `section.name`. The one source for files, environment, messages and documentation. */
export const CONFIG_KEYS = {
  ...withProject("any", CONTENT_KEYS),
  ...withProject("none", SECURITY_KEYS),
  ...withProject("none", SERVER_KEYS),
  ...withProject("none", AITCP_KEYS),
  ...withProject("none", PROXY_KEYS),
} satisfies Readonly<Record<string, KeySpec>>;

export type ConfigKey = keyof typeof CONFIG_KEYS;
export type ConfigScalar = string | number | boolean;

type TypeOf<Spec> = Spec extends { type: "boolean" }
  ? boolean
  : Spec extends { type: "integer" | "number" }
    ? number
    : Spec extends { options: readonly (infer Option)[] }
      ? Option
      : string;

/** Type of the value of `Key`; `undefined` where there is no default. */
export type ConfigValue<Key extends ConfigKey> =
  | TypeOf<(typeof CONFIG_KEYS)[Key]>
  | ((typeof CONFIG_KEYS)[Key] extends { default: unknown } ? never : undefined);

export const CONFIG_KEY_NAMES = Object.keys(CONFIG_KEYS) as ConfigKey[];

/** First words of the keys: the tables of a file. */
export const CONFIG_SECTIONS: readonly string[] = [
  ...new Set(CONFIG_KEY_NAMES.map((key) => key.split(".")[0])),
];

export function specOf(key: ConfigKey): KeySpec {
  return CONFIG_KEYS[key];
}

/** Whether the value of `key` is shown nowhere. */
export function isSecret(key: ConfigKey): boolean {
  const spec = specOf(key);
  return spec.type === "text" && spec.secret === true;
}

/** An address without its name and password. */
function withoutPassword(text: string): string {
  return text.replace(/(:\/\/)[^/@\s]*@/, "$1…@");
}

/** A value as it may be shown. */
export interface ShownValue<Value extends ConfigScalar | undefined> {
  readonly value: Value;
  /** `value` is not the value itself: that is a secret, or an address with a password. */
  readonly masked?: true;
}

/** `value` of `key` as it may be shown. */
export function shownValue<Value extends ConfigScalar | undefined>(
  key: ConfigKey,
  value: Value,
): ShownValue<Value | string> {
  if (value === undefined) return { value };
  // What everybody has is no secret.
  const isHidden = isSecret(key) && value !== specOf(key).default;
  const shown = isHidden ? "(secret)" : typeof value === "string" ? withoutPassword(value) : value;
  return shown === value ? { value } : { value: shown, masked: true };
}

/** The environment variable of `key`: `server.port` is `M2M_SERVER_PORT`. */
export function variableOf(key: ConfigKey): string {
  return `M2M_${key.replace(".", "_").toUpperCase()}`;
}

export function isConfigKey(name: string): name is ConfigKey {
  return Object.hasOwn(CONFIG_KEYS, name);
}

/** @throws {InputError} `M2M_CONFIG_INVALID` if `name` is no key. */
export function parseConfigKey(name: string): ConfigKey {
  if (isConfigKey(name)) return name;
  throw unknownKey(name);
}

/** The error for a key that does not exist, with the nearest that does. `where` is put before the message. */
export function unknownKey(name: string, where?: { place: string; line?: number }): InputError {
  const [near] = nearestNames(name, CONFIG_KEY_NAMES, 1);
  const prefix = where ? `${where.place}: ` : "";
  return new InputError("M2M_CONFIG_INVALID", `${prefix}There is no setting "${name}".`, {
    line: where?.line,
    hint: near === undefined ? "`m2m config list` shows all settings." : `Did you mean ${near}?`,
  });
}

/** `value`, as TOML gives it, if `key` takes it; else `undefined`. */
export function tryParseValue(key: ConfigKey, value: unknown): ConfigScalar | undefined {
  const spec = specOf(key);
  switch (spec.type) {
    case "boolean":
      return typeof value === "boolean" ? value : undefined;
    case "integer":
    case "number": {
      if (typeof value !== "number" || !(value >= spec.min && value <= spec.max)) return undefined;
      return spec.type === "number" || Number.isInteger(value) ? value : undefined;
    }
    case "enum":
      return typeof value === "string" && spec.options.includes(value) ? value : undefined;
    case "path":
      return typeof value === "string" && value !== "" && !value.includes("\0") ? value : undefined;
    case "list":
      return tryParseList(value);
    case "text":
      return typeof value === "string" && /^[^\p{Cc}]+$/u.test(value) ? value : undefined;
  }
}

function tryParseList(value: unknown): string | undefined {
  const words: unknown[] = typeof value === "string" ? value.split(",") : Array.isArray(value) ? value : [0];
  if (!words.every((word) => typeof word === "string" && !word.trim().includes(","))) return undefined;
  return (words as string[]).map((word) => word.trim()).join(",");
}

/**
 * The value that `text` (of the environment or an argument) spells for `key`.
 * @param place that the text is of
 * @throws {InputError} `M2M_CONFIG_INVALID` if it spells none
 */
export function parseText(key: ConfigKey, text: string, place?: string): ConfigScalar {
  const value = tryParseText(key, text);
  if (value === undefined) throw badValue(key, text, place === undefined ? undefined : { place });
  return value;
}

function tryParseText(key: ConfigKey, text: string): ConfigScalar | undefined {
  const { type } = specOf(key);
  if (type === "boolean") {
    const word = text.toLowerCase();
    if (word === "true" || word === "1") return true;
    return word === "false" || word === "0" ? false : undefined;
  }
  if (type !== "integer" && type !== "number") return tryParseValue(key, text);
  return /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i.test(text) ? tryParseValue(key, Number(text)) : undefined;
}

/** What `key` takes, for messages: `an integer from 0 to 11`. */
export function describeType(key: ConfigKey): string {
  const spec = specOf(key);
  if (spec.type === "boolean") return "true or false";
  if (spec.type === "path") return "a path";
  if (spec.type === "list") return "a list of words";
  if (spec.type === "text") return "a text of one line";
  if (spec.type === "enum") return `one of ${spec.options.join(", ")}`;
  return `${spec.type === "integer" ? "an integer" : "a number"} from ${spec.min} to ${spec.max}`;
}

/** The error for a value that `key` does not take. `where` is put before the message. */
export function badValue(
  key: ConfigKey,
  value: unknown,
  where?: { place: string; line?: number },
): InputError {
  const prefix = where ? `${where.place}: ` : "";
  const shown = typeof value === "string" ? JSON.stringify(value) : describeOther(value);
  const not = isSecret(key) ? "" : `, not ${shown}`;
  return new InputError("M2M_CONFIG_INVALID", `${prefix}${key} takes ${describeType(key)}${not}.`, {
    line: where?.line,
  });
}

function describeOther(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (value instanceof Date) return "a date";
  return typeof value === "object" ? "a table" : `${value as number}`;
}
