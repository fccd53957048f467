import {
  ALGORITHM_NAMES,
  LEVEL_NAMES,
  POLICY_NAMES,
  type AlgorithmName,
  type PolicyName,
} from "../shared/algorithms.js";
import { assertName, assertNumbers, assertOptions } from "../shared/bounds.js";
import { DEFAULT_ROUTER_THRESHOLDS, type RouterThresholds } from "../shared/defaults.js";
import { ENCODINGS } from "../shared/encodings.js";
import { resolveLimits } from "../shared/limits.js";
import { assertKey } from "../shared/keys.js";
import { parseBrotliQuality } from "./brotli/index.js";
import { SECURITY_MODES } from "./frame/index.js";
import type { CodecOptions } from "./types.js";

/** Settings that one message may have of its own. */
interface MessageOptions extends Pick<CodecOptions, "encoding" | "key" | "level" | "quality" | "security"> {
  /** How `auto` chooses. Default `published`. */
  policy?: PolicyName;
  /** Above this many bytes `published` takes brotli. Default 1024. */
  brotliThresholdBytes?: number;
  /** Milliseconds after the first wire in which `smallest` begins with further candidates. Default 20. */
  timeBudgetMs?: number;
}

export interface EngineOptions extends MessageOptions, CodecOptions {
  router?: Partial<RouterThresholds>;
}

export interface CompressOptions extends MessageOptions {
  /** Default `auto`. */
  algorithm?: AlgorithmName | "auto";
  /** Give the binary wire instead of text. */
  binary?: boolean;
  /** The wire must be one line: a text wire with a line feed (of `none`) is refused, and never chosen by `auto`. */
  singleLine?: boolean;
  /** First drop whitespace and request parameters that equal the defaults of OpenAI's API (`optimize`) where the content is JSON. */
  dropDefaults?: boolean;
}

export interface AnalyzeOptions extends CompressOptions {
  /** Counts the tokens of a text in place of the vocabulary `encoding`: for a model that has another tokenizer. */
  countTokens?(text: string | Uint8Array): number;
}

export interface DecompressOptions extends Pick<CodecOptions, "key" | "allowUnsecured"> {
  /** Most bytes of the content, if that is less than the engine allows. */
  maxOutputBytes?: number;
}

export type Settings = EngineOptions & CompressOptions;

const CHOICES = ["auto", ...ALGORITHM_NAMES] as const;

/** By name, since most messages have none or one of them. */
const CHECKS: ReadonlyMap<string, (value: never) => unknown> = new Map<string, (value: never) => unknown>([
  ["algorithm", (algorithm) => assertName("algorithm", algorithm, CHOICES)],
  ["limits", resolveLimits],
  ["brotliThresholdBytes", (brotliThresholdBytes) => assertNumbers({ brotliThresholdBytes }, 0)],
  ["timeBudgetMs", (timeBudgetMs) => assertNumbers({ timeBudgetMs }, 0)],
  ["key", assertKey],
  ["quality", parseBrotliQuality],
  ["policy", (policy) => assertName("policy", policy, POLICY_NAMES)],
  ["level", (level) => assertName("level", level, LEVEL_NAMES)],
  ["security", (security) => assertName("frame security", security, SECURITY_MODES)],
  ["encoding", (encoding) => assertName("encoding", encoding, ENCODINGS)],
  ["router", assertRouter],
]);

/**
 * Settings of an engine or of one message; what is `undefined` is not given. What only one codec reads it checks too, but a setting is
 * wrong whichever codec is taken.
 * @throws {InputError} `M2M_USAGE`; `M2M_KEY_INVALID`
 */
export function assertSettings(options: Settings): void {
  assertOptions("The options", options);
  for (const name of Object.keys(options)) {
    const value = options[name as keyof Settings];
    if (value !== undefined) CHECKS.get(name)?.(value as never);
  }
}

/** @throws {InputError} `M2M_USAGE` for a threshold that is no number from 0, or has another name */
function assertRouter(router: Partial<RouterThresholds>): void {
  assertOptions("The option router", router);
  const names = Object.keys(DEFAULT_ROUTER_THRESHOLDS);
  for (const name of Object.keys(router)) assertName("threshold of the router", name, names);
  assertNumbers({ ...router }, 0);
}
