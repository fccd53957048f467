import { lazily } from "../../shared/lazy.js";

/** Value of `foldTable` for what separates words. */
export const SEPARATOR = 0;
/** Value of `foldTable` for what is no part of a word and does not end it: combining marks. */
export const TRANSPARENT = 1;

/** What a break between two words adds to the number of words between them. */
export const SENTENCE_WORDS = 4;
/** More than any gap or guard may reach: no phrase crosses a blank line. */
export const PARAGRAPH_WORDS = 100;

/** Latin, Greek, Cyrillic, Armenian; Vietnamese and polytonic Greek. */
const FOLDED: ReadonlyArray<readonly [first: number, last: number]> = [
  [0, 0x58f],
  [0x1e00, 0x1fff],
];

/**
 * For each UTF-16 unit the letter or digit it counts as: lower-case, without accents; or SEPARATOR or TRANSPARENT.
 * Exact for FOLDED; elsewhere every unit but punctuation, symbols and surrogates is a letter, as it stands.
 */
export const foldTable = lazily(() => {
  const table = new Uint16Array(0x10000);
  for (let unit = 0; unit < table.length; unit++) table[unit] = unit;
  for (const [first, last] of FOLDED)
    for (let unit = first; unit <= last; unit++) table[unit] = foldCharacter(String.fromCharCode(unit));
  for (const [first, last] of SEPARATORS) table.fill(SEPARATOR, first, last + 1);
  return table;
});

function foldCharacter(character: string): number {
  if (/[\p{L}\p{N}]/u.test(character)) return character.toLowerCase().normalize("NFD").charCodeAt(0);
  return /\p{M}/u.test(character) ? TRANSPARENT : SEPARATOR;
}

/** General punctuation to dingbats and beyond; CJK punctuation; surrogates and private use; half-width and full-width signs. */
const SEPARATORS: ReadonlyArray<readonly [first: number, last: number]> = [
  [0x2000, 0x2bff],
  [0x2e00, 0x2e7f],
  [0x3000, 0x3004],
  [0x3008, 0x3020],
  [0x30fb, 0x30fb],
  [0xd800, 0xf8ff],
  [0xfe10, 0xfe6f],
  [0xfeff, 0xff0f],
  [0xff1a, 0xff20],
  [0xff3b, 0xff40],
  [0xff5b, 0xff65],
  [0xfff0, 0xffff],
];

/** Whether a folded unit is a word of its own: kana and Han. Hangul is written with spaces and is not. */
export function isIdeograph(unit: number): boolean {
  return (
    unit >= 0x3040 &&
    (unit <= 0x30ff || (unit >= 0x3400 && unit <= 0x9fff) || (unit >= 0xf900 && unit <= 0xfaff))
  );
}

/** Whether a unit is an apostrophe, which joins two letters to one word. */
export function isApostrophe(unit: number): boolean {
  return unit === 0x27 || unit === 0x2019;
}

/** Whether a unit ends a sentence: at once, or if a blank or the end follows. */
export function endsSentence(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  if (unit === 0x3002 || unit === 0xff01 || unit === 0xff1f) return true;
  if (unit !== 0x2e && unit !== 0x21 && unit !== 0x3f) return false;
  const next = text.charCodeAt(at + 1);
  return Number.isNaN(next) || next === 0x20 || (next >= 9 && next <= 13);
}

/** The words of a rule's text, folded as the words of a scanned text are. */
export function foldWords(text: string): string[] {
  const fold = foldTable();
  const words: string[] = [];
  let word = "";
  const close = (): void => {
    if (word !== "") words.push(word);
    word = "";
  };
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    const folded = fold[unit];
    if (isIdeograph(folded)) {
      close();
      words.push(String.fromCharCode(folded));
    } else if (folded > TRANSPARENT) word += String.fromCharCode(folded);
    else if (word !== "" && isApostrophe(unit) && isLetter(fold[text.charCodeAt(at + 1)])) word += "'";
    else if (folded === SEPARATOR) close();
  }
  close();
  return words;
}

/** Whether a folded unit is part of a word of several letters. `undefined`: behind the end of the text. */
export function isLetter(folded: number | undefined): boolean {
  return folded !== undefined && folded > TRANSPARENT && !isIdeograph(folded);
}
