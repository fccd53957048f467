import { InputError } from "../../shared/errors.js";
import { quote } from "../../shared/quote.js";
import { foldWords, isIdeograph } from "./words.js";

/** One way to fill a slot: words that stand side by side; the last may be the beginning of a longer word. */
export interface PhraseAlternative {
  readonly words: readonly string[];
  readonly isPrefix: boolean;
}

export interface PhraseSlot {
  readonly alternatives: readonly PhraseAlternative[];
  readonly isOptional: boolean;
  /** Words that may stand between this slot and the one before; 0 for the first. */
  readonly gap: number;
}

/** Upper bounds of what a phrase may ask for: they bound the work for a word of the text. */
const MAX_GAP = 20;
const MAX_SLOTS = 12;
const MAX_ALTERNATIVES = 128;
const MIN_PREFIX = 3;

/**
 * The slots of a phrase, such as `ignore|disregard the? <3> previous|prior instruction*`: words with `|` between
 * alternatives, `_` between the words of one alternative, `*` behind the beginning of a word, `?` behind a slot that may
 * be missing, and `<N>` for at most N other words between two slots (none without it).
 * @throws {InputError} `M2M_RULES_INVALID`, the message without a place
 */
export function parsePhrase(phrase: string): PhraseSlot[] {
  const slots: PhraseSlot[] = [];
  let gap: number | undefined;
  for (const token of phrase.split(/\s+/).filter((part) => part !== "")) {
    if (token.startsWith("<")) {
      if (slots.length === 0) throw invalid(phrase, "begins with a gap");
      if (gap !== undefined) throw invalid(phrase, "has two gaps side by side");
      gap = parseGap(phrase, token);
    } else {
      slots.push(parseSlot(phrase, token, gap ?? 0));
      gap = undefined;
    }
  }
  if (slots.length === 0) throw invalid(phrase, "has no words");
  if (slots.length > MAX_SLOTS) throw invalid(phrase, `has more than ${MAX_SLOTS} slots`);
  if (gap !== undefined) throw invalid(phrase, "ends with a gap");
  if (slots[0].isOptional || slots[slots.length - 1].isOptional)
    throw invalid(phrase, "begins or ends with an optional slot, which says nothing");
  return slots;
}

/** @throws {InputError} `M2M_RULES_INVALID` if a phrase has more than one slot */
export function assertSlot(phrase: string): void {
  if (parsePhrase(phrase).length > 1) throw invalid(phrase, "has more than one slot");
}

function parseGap(phrase: string, token: string): number {
  const digits = /^<(\d{1,3})>$/.exec(token)?.[1];
  const gap = digits === undefined ? NaN : Number(digits);
  if (gap >= 1 && gap <= MAX_GAP) return gap;
  throw invalid(phrase, `has the gap ${quote(token)}; a gap is <1> to <${MAX_GAP}>`);
}

function parseSlot(phrase: string, token: string, gap: number): PhraseSlot {
  const isOptional = token.endsWith("?");
  const parts = (isOptional ? token.slice(0, -1) : token).split("|");
  if (parts.length > MAX_ALTERNATIVES)
    throw invalid(phrase, `has a slot of more than ${MAX_ALTERNATIVES} alternatives`);
  return { alternatives: parts.map((part) => parseAlternative(phrase, part)), isOptional, gap };
}

function parseAlternative(phrase: string, text: string): PhraseAlternative {
  const isPrefix = text.endsWith("*");
  const body = isPrefix ? text.slice(0, -1) : text;
  // Most are plain words, which need no folding.
  const words = /^[a-z]+$/.test(body) ? [body] : foldWords(body.replaceAll("_", " "));
  if (words.length === 0 || !/^(?:[a-z_]+|[\p{L}\p{N}\p{M}'\u2019_]+)$/u.test(body))
    throw invalid(phrase, `has ${quote(text)}, which is no word`);
  const last = words[words.length - 1];
  if (isPrefix && isIdeograph(last.charCodeAt(0)))
    throw invalid(phrase, `has ${quote(text)}: each character is a word of its own and takes no *`);
  if (isPrefix && last.length < MIN_PREFIX && last.charCodeAt(0) < 0x80)
    throw invalid(phrase, `has ${quote(text)}; in front of * stand at least ${MIN_PREFIX} letters`);
  return { words, isPrefix };
}

function invalid(phrase: string, why: string): InputError {
  return new InputError("M2M_RULES_INVALID", `The phrase ${quote(phrase)} ${why}.`);
}
