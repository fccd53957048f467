import { quote } from "./quote.js";
import { assertText } from "./content.js";
import { InputError } from "./errors.js";

/** Encodings whose vocabulary is public: token ids are exact. */
export const BPE_ENCODINGS = ["cl100k_base", "o200k_base", "llama"] as const;
export type BpeEncodingName = (typeof BPE_ENCODINGS)[number];

/** `heuristic` estimates counts for tokenizers that are closed (Claude, Gemini) or not here (Mistral); it has no token ids. */
export const ENCODINGS = [...BPE_ENCODINGS, "heuristic"] as const;
export type EncodingName = (typeof ENCODINGS)[number];

/** Spellings of the encodings; `cl100k` and `cl100k_base` are the same. */
export const ENCODING_WORDS = ["cl100k", "o200k", "llama3", ...ENCODINGS] as const;
/** The same without `heuristic`, which has no token ids. */
export const BPE_ENCODING_WORDS = ["cl100k", "o200k", "llama3", ...BPE_ENCODINGS] as const;

const ALIASES: Readonly<Record<string, EncodingName>> = Object.freeze({
  cl100k: "cl100k_base",
  cl100kbase: "cl100k_base",
  o200k: "o200k_base",
  o200kbase: "o200k_base",
  llama3: "llama",
  llama_bpe: "llama",
});

/** The encoding that `name` means, aliases (`cl100k`, `o200k`, `llama3`) included, or `undefined`. */
function tryParseEncoding(name: string): EncodingName | undefined {
  const key = name.toLowerCase();
  if ((ENCODINGS as readonly string[]).includes(key)) return key as EncodingName;
  return Object.hasOwn(ALIASES, key) ? ALIASES[key] : undefined;
}

/** @throws {InputError} `M2M_USAGE` if `name` is no encoding. */
export function parseEncoding(name: string): EncodingName {
  assertText("The name of an encoding", name);
  const encoding = tryParseEncoding(name);
  if (encoding) return encoding;
  throw new InputError("M2M_USAGE", `There is no encoding ${quote(name)}.`, {
    hint: `Use one of ${ENCODINGS.join(", ")}.`,
  });
}

export function isBpeEncoding(encoding: EncodingName): encoding is BpeEncodingName {
  return encoding !== "heuristic";
}
