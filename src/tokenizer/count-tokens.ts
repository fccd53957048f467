import type { EncodingName } from "../shared/encodings.js";
import { decodeUtf8 } from "../shared/utf8.js";
import { chooseCounter, chooseTokenizer, type TokenizerChoice } from "./choose-tokenizer.js";
import type { Truncation } from "./tokenizer.js";

export interface TokenCount {
  readonly count: number;
  /** `false`: estimated, see `estimateTokens`. */
  readonly exact: boolean;
  readonly encoding: EncodingName;
}

/**
 * Number of tokens of `text`; an estimate where the tokenizer is not here (`countTokensDetailed` says which).
 * @throws {InputError} `M2M_MODEL_UNKNOWN`, `M2M_USAGE`
 * @throws {FormatError} `M2M_TEXT_LONE_SURROGATE`, `M2M_RANK_TABLE_INVALID` if the rank table is missing or damaged
 * @example countTokens("Hello, world", { model: "gpt-4o" }) // 3
 */
export function countTokens(text: string, options: TokenizerChoice = {}): number {
  return chooseCounter(options).count(text);
}

/** Number of tokens of `text`, whether it is exact, and in which encoding. @throws as `countTokens` */
export function countTokensDetailed(text: string, options: TokenizerChoice = {}): TokenCount {
  const { encoding, exact, count } = chooseCounter(options);
  return { count: count(text), exact, encoding };
}

/**
 * Token ids of `text`; special tokens in it are recognised, none is added.
 * @throws {InputError} `M2M_MODEL_UNKNOWN`, `M2M_USAGE`
 * @throws {UnsupportedError} `M2M_TOKENIZER_UNSUPPORTED` if the tokenizer is not here
 * @throws {FormatError} `M2M_TEXT_LONE_SURROGATE`, `M2M_RANK_TABLE_INVALID` if the rank table is missing or damaged
 */
export function encode(text: string, options: TokenizerChoice = {}): Uint32Array {
  return chooseTokenizer(options).encode(text);
}

/**
 * The text that `ids` stand for.
 * @throws {FormatError} `M2M_TK_TOKEN_UNKNOWN` with the index of the id, `M2M_UTF8_INVALID` if they cut a character,
 *   `M2M_RANK_TABLE_INVALID` if the rank table is missing or damaged
 * @throws {InputError} `M2M_MODEL_UNKNOWN`, `M2M_USAGE`
 * @throws {UnsupportedError} `M2M_TOKENIZER_UNSUPPORTED` if the tokenizer is not here
 */
export function decode(ids: ArrayLike<number>, options: TokenizerChoice = {}): string {
  return decodeUtf8(chooseTokenizer(options).decode(ids));
}

/** The start of `text` that has at most `maxTokens` tokens: see `Tokenizer.truncate`. @throws as `encode` */
export function truncate(text: string, maxTokens: number, options: TokenizerChoice = {}): Truncation<string> {
  return chooseTokenizer(options).truncate(text, maxTokens);
}
