import { LEET, type Range } from "../evidence.js";
import { clampRange, MappedTextBuilder } from "../mapped-text.js";
import { isLetter, unitsToText } from "../units.js";
import { BEGINNING, EMPTY_HASH, hashSlot, hashStep, isWordHash, PLAIN, vocabulary } from "../vocabulary.js";
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

/** Bits per ASCII unit of what a word of leet is made of. */
const KINDS = new Uint8Array(128);
const LETTER = 1;
const DIGIT = 2;
const SIGN = 4;
/** Per ASCII unit the letter that it stands for in leet, else itself. */
const SPELLED = new Uint8Array(128);
for (let unit = 0; unit < 128; unit++) {
  SPELLED[unit] = LEET[String.fromCharCode(unit)]?.charCodeAt(0) ?? unit;
  KINDS[unit] = isLetter(unit) ? LETTER : isDigit(unit) ? DIGIT : 0;
}
for (const sign of "@$!|+") KINDS[sign.charCodeAt(0)] = SIGN;
const EURO = 0x20ac;
const EXCLAMATION = 0x21;
const LOWER_L = 0x6c;
const SPACE = 0x20;

/** Digits and signs as letters, where this gives words: `1gn0r3 pr3v10us`. */
export const decodeLeet: Decoder = (text, { leetWords }) => {
  if (leetWords === 0) return [];
  const { length } = text;
  const units = new Uint16Array(length);
  let known = 0;
  for (let i = 0; i < length;) {
    const first = text.charCodeAt(i);
    if (leetKind(text, i, first, false) === 0) {
      units[i++] = first;
      continue;
    }
    const start = i;
    let kinds = 0;
    for (let kind; i < length; i++) {
      const unit = text.charCodeAt(i);
      if ((kind = leetKind(text, i, unit, i > start)) === 0) break;
      kinds |= kind;
      units[i] = unit;
    }
    if (kinds === LETTER || (kinds & LETTER) === 0 || i - start > LONGEST_WORD * 2) continue;
    known += spellWord(text, units, start, i);
  }
  if (known < MIN_LEET_LETTERS) return [];
  const toSource = (start: number, end: number): Range => clampRange(length, start, end);
  return [{ text: unitsToText(units), layer: "leet", toSource }];
};

/** Spells the word from `start` to `end` in `units`; gives its length if that makes a known word of it, else 0. */
function spellWord(text: string, units: Uint16Array, start: number, end: number): number {
  let hash = EMPTY_HASH;
  let hashL = EMPTY_HASH;
  let bars = 0;
  let hasTwoBars = false;
  for (let i = start; i < end; i++) {
    const unit = text.charCodeAt(i);
    const letter = unit === EURO ? LEET["€"].charCodeAt(0) : SPELLED[unit];
    const isBar = unit === 0x31 || unit === 0x7c;
    if (isBar) {
      hasTwoBars ||= bars > 0 && isBarUnit(text.charCodeAt(i - 1));
      bars++;
    }
    units[i] = letter;
    hash = hashStep(hash, letter | 32);
    hashL = hashStep(hashL, isBar ? LOWER_L : letter | 32);
  }
  let isKnown = isWordHash(hash);
  if (bars > 0 && !isKnown) {
    for (let i = start; i < end; i++) if (isBarUnit(text.charCodeAt(i))) units[i] = LOWER_L;
    isKnown = isWordHash(hashL);
    if (!isKnown && !hasTwoBars) {
      for (let i = start; i < end; i++) if (isBarUnit(text.charCodeAt(i))) units[i] = SPELLED[0x31];
    }
  }
  return isKnown && !isNumbered(text, start, end) ? end - start : 0;
}

/** "rule5" and "list1" are names with a number, not words in disguise. */
function isNumbered(text: string, start: number, end: number): boolean {
  let i = start;
  while (i < end && isLetter(text.charCodeAt(i))) i++;
  if (i === start || i === end) return false;
  while (i < end && isDigit(text.charCodeAt(i))) i++;
  return i === end;
}

function isBarUnit(unit: number): boolean {
  return unit === 0x31 || unit === 0x7c;
}

/** What `unit` is to a word of leet. A sign counts inside a word and before one; behind one all but the exclamation mark. */
function leetKind(text: string, at: number, unit: number, isInside: boolean): number {
  const kind = unit < 128 ? KINDS[unit] : unit === EURO ? SIGN : 0;
  if (kind !== SIGN) return kind;
  return isLetter(text.charCodeAt(at + 1)) || (isInside && unit !== EXCLAMATION) ? SIGN : 0;
}

/** Letters with a space, dot, dash or other sign between each two: `i g n o r e`, `i-g-n-o-r-e`. */
export const joinSpacedLetters: Decoder = (text, { spacedRun }) => {
  if (spacedRun < MIN_SPACED) return [];
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
    let at = i;
    for (const length of segmentLetters(text, i, count, 2)) {
      if (at > i) out.putUnit(SPACE, at - 1, at);
      out.putEvery(2, at, at + length * 2 - 1);
      at += length * 2;
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

/**
 * The lengths of the longest words of the vocabulary in a row of letters, from the left; what is none of them stays together.
 * @param stride units from one of the `count` letters to the next
 */
export function segmentLetters(text: string, start: number, count: number, stride: number): number[] {
  if (count > MAX_SEGMENTED) return [count];
  const { slots } = vocabulary();
  const lengths: number[] = [];
  let unknown = 0;
  let i = 0;
  while (i < count) {
    let hash = EMPTY_HASH;
    let end = 0;
    for (let k = i; k < count && k < i + LONGEST_WORD; k++) {
      hash = hashStep(hash, text.charCodeAt(start + k * stride) | 32);
      const bits = slots[hashSlot(hash)];
      if ((bits & BEGINNING) === 0) break;
      if (k > i && (bits & PLAIN) !== 0 && isWordHash(hash)) end = k + 1;
    }
    // Two letters inside other ones are rarely the word they spell.
    if (end === 0 || (end === i + 2 && unknown < i)) {
      i++;
      continue;
    }
    if (unknown < i) lengths.push(i - unknown);
    lengths.push(end - i);
    i = unknown = end;
  }
  if (unknown < count) lengths.push(count - unknown);
  return lengths;
}

function isWord(unit: number): boolean {
  return isLetter(unit) || isDigit(unit);
}

function isDigit(unit: number): boolean {
  return unit >= 0x30 && unit <= 0x39;
}
