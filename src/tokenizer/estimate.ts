import { assertOptions } from "../shared/bounds.js";
import { assertText } from "../shared/content.js";

/**
 * Estimates of token counts for tokenizers whose vocabulary is closed (Claude, Gemini) or not among the encodings.
 * The base figure imitates cl100k_base without its table; what a provider says about its own tokenizer scales it.
 */

/**
 * Tokens per cl100k_base token, from what providers say about English text, where OpenAI says 4 characters a token
 * (help.openai.com, "What are tokens and how to count them?").
 */
const FACTORS: ReadonlyMap<string, number> = new Map([
  // Anthropic's glossary: a token is about 3.5 English characters.
  ["anthropic", 4 / 3.5],
  // Gemini API documentation, "Understand and count tokens": a token is about 4 characters.
  ["google", 1],
  // DeepSeek API documentation, "Token & Token Usage": an English character is about 0.3 token.
  ["deepseek", 4 * 0.3],
]);
/** For any other provider: the largest that is documented, since an estimate had better be too high than too low. */
const OTHER_FACTOR = Math.max(...FACTORS.values());

export interface EstimateOptions {
  /** Whose tokenizer is estimated, as model cards name it; `openai` gives the base figure. */
  provider?: string;
}

/**
 * Estimated number of tokens of `text`, at least 1 unless it is empty. How far off: docs/spec/tokenizers.md, "Estimates".
 * @throws {InputError} `M2M_USAGE` if it is no string
 */
export function estimateTokens(text: string, options: EstimateOptions = {}): number {
  assertText("What has tokens", text);
  assertOptions("The options", options);
  const factor = options.provider === "openai" ? 1 : (FACTORS.get(options.provider ?? "") ?? OTHER_FACTOR);
  return Math.ceil(estimateBase(text) * factor);
}

const SYMBOL = 0;
const BLANK = 1;
const DIGIT = 2;
const LOWERCASE = 3;
const UPPERCASE = 4;
const BEYOND_ASCII = 5;

function kindOf(unit: number): number {
  if (unit >= 0x61 && unit <= 0x7a) return LOWERCASE;
  if (unit >= 0x41 && unit <= 0x5a) return UPPERCASE;
  if (unit >= 0x30 && unit <= 0x39) return DIGIT;
  if (unit === 0x20 || (unit >= 0x09 && unit <= 0x0d)) return BLANK;
  return unit < 0x80 ? SYMBOL : BEYOND_ASCII;
}

/** The constants below are mean cl100k_base counts of such runs in LLM API traffic (test/bench/tokenizer-estimate.ts). */
function estimateBase(text: string): number {
  const { length } = text;
  let tokens = 0;
  let at = 0;
  while (at < length) {
    const start = at;
    const kind = kindOf(text.charCodeAt(at));
    at++;
    if (kind === LOWERCASE || kind === UPPERCASE) {
      let capitals = kind === UPPERCASE ? 1 : 0;
      let hump = at - 1;
      let humps = 0;
      let previous = kind;
      for (; at < length; at++) {
        const next = kindOf(text.charCodeAt(at));
        if (next !== LOWERCASE && next !== UPPERCASE) break;
        if (next === UPPERCASE) {
          capitals++;
          if (previous === LOWERCASE) {
            humps += humpTokens(at - hump);
            hump = at;
          }
        }
        previous = next;
      }
      const size = at - start;
      // A single symbol goes with the word behind it, which costs less than a token.
      const before = start === 0 ? BLANK : kindOf(text.charCodeAt(start - 1));
      if (before === SYMBOL) tokens += 0.15;
      if (humps > 0 || (capitals > 1 && capitals < size)) tokens += humps + humpTokens(at - hump);
      else if (before === DIGIT || (at < length && kindOf(text.charCodeAt(at)) === DIGIT)) {
        // Beside a digit: mostly hexadecimal and other identifiers.
        tokens += size === 1 ? 1 : 0.5 + 0.5 * size;
      } else tokens += wordTokens(size, capitals > 1);
    } else if (kind === BEYOND_ASCII) {
      tokens += beyondAsciiTokens(text.charCodeAt(start));
    } else {
      while (at < length && kindOf(text.charCodeAt(at)) === kind) at++;
      tokens += runTokens(kind, at - start, at < length ? kindOf(text.charCodeAt(at)) : -1);
    }
  }
  return tokens;
}

/** Part of a word in mixed case, from one capital to the next: short ones are mostly random letters. */
function humpTokens(size: number): number {
  return size === 1 ? 0.9 : size === 2 ? 1.6 : size === 3 ? 1.8 : size <= 8 ? 1.15 : 1.5;
}

function wordTokens(size: number, isCapitals: boolean): number {
  if (size === 1) return 1;
  if (isCapitals) return 0.75 + 0.27 * size;
  return size <= 7 ? 1.07 : size <= 13 ? 1.32 : 1.4 + (size - 13) * 0.3;
}

function beyondAsciiTokens(unit: number): number {
  if (unit < 0x250) return 0.6; // Latin
  if (unit < 0x530) return 0.75; // Greek, Cyrillic
  if (unit < 0x800) return 1.1; // Hebrew, Arabic
  if (unit < 0x2000) return 1.3; // Indic, Thai
  if (unit < 0x2070) return 1.1; // dashes, quotes
  if (unit < 0x2e80) return 1.7; // mathematics and other symbols
  // East Asian scripts; each half of a surrogate pair; compatibility forms.
  return unit < 0xd800 ? 1.15 : unit < 0xe000 ? 1.4 : 1.5;
}

/** @param behind kind of the character behind the run, -1 at the end of the text */
function runTokens(kind: number, size: number, behind: number): number {
  if (kind === DIGIT) return Math.ceil(size / 3);
  const isWord = behind === LOWERCASE || behind === UPPERCASE || behind === BEYOND_ASCII;
  if (kind === BLANK) {
    // One blank goes with what follows, unless that is a number.
    const attached = isWord || behind === SYMBOL;
    return size === 1 && attached ? 0 : 1 + size / 40;
  }
  if (size === 1) return isWord ? 0.1 : 1;
  return size <= 3 ? 1 : size <= 16 ? 1.15 + (size - 4) * 0.5 : 7.15 + (size - 16) / 8;
}
