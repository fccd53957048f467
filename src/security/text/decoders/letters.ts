import { LEET } from "../evidence.js";
import { MappedTextBuilder } from "../mapped-text.js";
import { vocabulary } from "../vocabulary.js";
import type { Decoder } from "./decoder.js";

/** Single letters in a row before they count as a word that was pulled apart. */
const MIN_SPACED = 4;
/** Letters of known words that leet has to give. */
const MIN_LEET_LETTERS = 5;
/** A longer run of letters is not cut into words any more. */
const MAX_SEGMENTED = 500;
/** Beside such a word, shorter ones are pulled apart too. */
const MIN_SPACED_BESIDE = 2;
const LONGEST_WORD = 16;

/** Digits and signs as letters, where this gives words: `1gn0r3 pr3v10us`. */
export const decodeLeet: Decoder = (text, { leetWords }) => {
  if (leetWords === 0) return [];
  const { words } = vocabulary();
  const out = new MappedTextBuilder(text);
  let copied = 0;
  let known = 0;
  for (let i = 0; i < text.length; i++) {
    if (!isLeet(text, i)) continue;
    const start = i;
    let letters = 0;
    let signs = 0;
    for (; i < text.length && isLeet(text, i); i++) {
      if (isLetter(text.charCodeAt(i))) letters++;
      else signs++;
    }
    if (letters === 0 || signs === 0 || i - start > LONGEST_WORD * 2) continue;
    const word = text.slice(start, i);
    const plain = readLeet(word, words);
    out.copy(copied, start);
    out.put(plain, start, i);
    copied = i;
    // "rule5" and "list1" are names with a number, not words in disguise.
    if (isLetter(word.charCodeAt(0)) && /^[a-z]+\d+$/iu.test(word)) continue;
    if (words.has(plain.toLowerCase())) known += plain.length;
  }
  if (known < MIN_LEET_LETTERS) return [];
  out.copy(copied, text.length);
  return [{ ...out.finish(), layer: "leet" }];
};

function readLeet(word: string, words: ReadonlySet<string>): string {
  const plain = spell(word, "i");
  if (!(word.includes("1") || word.includes("|")) || words.has(plain.toLowerCase())) return plain;
  const other = spell(word, "l");
  return words.has(other.toLowerCase()) || /[1|]{2}/u.test(word) ? other : plain;
}

/** The letters that `word` stands for; `bar` is what 1 and | are. */
function spell(word: string, bar: string): string {
  let letters = "";
  for (let i = 0; i < word.length; i++) {
    const unit = word[i];
    letters +=
      unit === "1" || unit === "|" ? bar : isLetter(word.charCodeAt(i)) ? unit : (LEET[unit] ?? unit);
  }
  return letters;
}

const SIGNS = "@$!|+€";

/** A sign counts inside a word and before one; behind one all but the exclamation mark. */
function isLeet(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  if (isWord(unit)) return true;
  if (!SIGNS.includes(text[at])) return false;
  if (isLetter(text.charCodeAt(at + 1))) return true;
  return unit !== 0x21 && at > 0 && (isWord(text.charCodeAt(at - 1)) || SIGNS.includes(text[at - 1]));
}

/** Letters with a space, dot, dash or other sign between each two: `i g n o r e`, `i-g-n-o-r-e`. */
export const joinSpacedLetters: Decoder = (text, { spacedRun }) => {
  if (spacedRun < MIN_SPACED) return [];
  const { words } = vocabulary();
  const out = new MappedTextBuilder(text);
  let copied = 0;
  let i = 0;
  let changed = false;
  while (i < text.length) {
    const end = isSingle(text, i) ? spacedEnd(text, i) : i + 1;
    const count = (end - i + 1) / 2;
    if (count < MIN_SPACED_BESIDE) {
      i = Math.max(end, i + 1);
      continue;
    }
    out.copy(copied, i);
    let letters = "";
    for (let k = i; k < end; k += 2) letters += text[k];
    let at = i;
    for (const piece of segment(letters, words)) {
      if (at > i) out.put(" ", at - 1, at);
      out.put(piece, at, at + piece.length * 2 - 1);
      at += piece.length * 2;
    }
    copied = i = end;
    changed = true;
  }
  if (!changed) return [];
  out.copy(copied, text.length);
  return [{ ...out.finish(), layer: "spaced" }];
};

/** Where the run of single letters with the same kind of separator ends, behind its last letter. */
function spacedEnd(text: string, start: number): number {
  let end = start + 1;
  const separator = text[end];
  while (text[end] === separator && isSingle(text, end + 1)) end += 2;
  return end;
}

/** A letter that stands alone. */
function isSingle(text: string, at: number): boolean {
  return (
    isLetter(text.charCodeAt(at)) && !isWord(text.charCodeAt(at - 1)) && !isWord(text.charCodeAt(at + 1))
  );
}

/** `letters` cut into the longest words of the vocabulary from the left; what is none of them stays together. */
function segment(letters: string, words: ReadonlySet<string>): string[] {
  if (letters.length > MAX_SEGMENTED) return [letters];
  const lower = letters.toLowerCase();
  const pieces: string[] = [];
  let unknown = 0;
  let i = 0;
  while (i < lower.length) {
    let length = Math.min(LONGEST_WORD, lower.length - i);
    while (length > 1 && !words.has(lower.slice(i, i + length))) length--;
    // Two letters inside other ones are rarely the word they spell.
    if (length < 2 || (length === 2 && unknown < i)) {
      i++;
      continue;
    }
    if (unknown < i) pieces.push(letters.slice(unknown, i));
    pieces.push(letters.slice(i, i + length));
    i += length;
    unknown = i;
  }
  if (unknown < letters.length) pieces.push(letters.slice(unknown));
  return pieces;
}

function isLetter(unit: number): boolean {
  const lower = unit | 32;
  return lower >= 0x61 && lower <= 0x7a;
}

function isWord(unit: number): boolean {
  return isLetter(unit) || (unit >= 0x30 && unit <= 0x39);
}
