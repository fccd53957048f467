import {
  CIPHER,
  EMPTY_HASH,
  hashPair,
  hashSlot,
  hashStep,
  PLAIN,
  REVERSED,
  REVERSED_PAIR,
  ROT13,
  vocabulary,
} from "./vocabulary.js";
import { blankEntityEnd } from "./blank-entities.js";
import { isAsciiWord, isLetter } from "./units.js";

/** A stretch of a text, in UTF-16 units. */
export interface Range {
  start: number;
  end: number;
}

/** What one pass over a text shows of disguises: what may be worth undoing. */
export interface Evidence {
  /** From the first to the last run of at least MIN_ENCODED_RUN characters of base64 or base64url; empty if there is none. */
  encoded: Range;
  /** There is a sign that escapes or markup begin with. */
  hasMarkup: boolean;
  /** From the first to the last word with capitals inside, as pieces of base64 are. */
  mixed: Range;
  mixedWords: number;
  /** Places where markup may stand inside a word. */
  cuts: number;
  /** Runs of words that are formatted one by one: `**a** **b**`, `<b>a</b><b>b</b>`, `a<br>b<br>c`, `a&nbsp;b`. */
  formatted: Range[];
  /** The unit that control sequences of terminals begin with. */
  hasControls: boolean;
  /** Longest run of groups of dots and dashes; a last one that the end of the text ends does not count. */
  morseRun: number;
  /** A word that announces a cipher. */
  hasCipher: boolean;
  /** Longest run of single letters with one unit between two. */
  spacedRun: number;
  /** Longest run of short words with digits. */
  numberRun: number;
  /** Words with digits or signs in place of letters that are words of the vocabulary. */
  leetWords: number;
  words: number;
  /** Pairs of words that stand in the wrong order. */
  reversedPairs: number;
  /** Where the words read as English after ROT13, and when read backwards. */
  rotated: Range[];
  reversed: Range[];
}

/** Per ASCII unit: the letter it is or stands for, in lower case; 0 if it is no part of a word. */
const LETTERS = new Uint8Array(128);
/** Bits per ASCII unit. */
const KINDS = new Uint16Array(128);
const LETTER = 1;
const DIGIT = 2;
const SIGN = 4;
const ENCODED = 8;
const MARKUP = 16;
const CAPITAL = 32;
/** A capital behind the first unit of a word. */
const INNER_CAPITAL = 64;
const SMALL = 128;
/** Signs of markup that may stand inside a word. */
const CUT = 256;
/** Begins a control sequence. */
const CONTROL = 512;

/** Shorter runs of base64 or hexadecimal digits hold no text. */
export const MIN_ENCODED_RUN = 16;

/** Digits and signs that stand for letters; 1 and | stand for i or l. */
export const LEET: Readonly<Record<string, string>> = {
  "0": "o",
  "1": "i",
  "3": "e",
  "4": "a",
  "5": "s",
  "6": "g",
  "7": "t",
  "8": "b",
  "9": "g",
  "@": "a",
  $: "s",
  "!": "i",
  "|": "i",
  "+": "t",
  "€": "e",
};

for (let unit = 0x61; unit <= 0x7a; unit++) {
  LETTERS[unit] = LETTERS[unit - 32] = unit;
  KINDS[unit] = LETTER | SMALL | ENCODED;
  KINDS[unit - 32] = LETTER | CAPITAL | ENCODED;
}
for (let unit = 0x30; unit <= 0x39; unit++) {
  LETTERS[unit] = unit;
  KINDS[unit] = DIGIT | ENCODED;
}
for (const sign of "@$!|") KINDS[sign.charCodeAt(0)] = SIGN;
for (const sign of "/-_") KINDS[sign.charCodeAt(0)] = ENCODED;
for (const sign of "%&\\<>=]") KINDS[sign.charCodeAt(0)] = MARKUP;
for (const sign of "*~`_<=-&") KINDS[sign.charCodeAt(0)] |= CUT;
KINDS[0x1b] = CONTROL;
KINDS[0x2b] = ENCODED | SIGN;
for (const [sign, letter] of Object.entries(LEET)) {
  if (sign.charCodeAt(0) < 128) LETTERS[sign.charCodeAt(0)] = letter.charCodeAt(0);
}

const DOT = 0x2e;
const DASH = 0x2d;
/** Dots and dashes of a letter, digit or sign. */
const LONGEST_MORSE = 6;
/** Shorter words of mixed case are no pieces of base64. */
const MIN_MIXED = 4;
const LEFT_ANGLE = 0x3c;
const EQUALS = 0x3d;
const UNDERSCORE = 0x5f;
const AMPERSAND = 0x26;
const RIGHT_ANGLE = 0x3e;
/** Signs of markup between the two halves of a word. */
const MAX_CUT = 3;
/** What stands before the last of several words in the same signs. */
const MAX_ENCLOSED = 24;
/** Words of tags and entities, and the one that they format, from one to the next with nothing between; and with a little. */
const TAGGED_WORDS = 3;
const MAX_TAGGED_WORDS = 6;
/** What words that are formatted one by one add up to before they count: five in a row, eight with others between. */
const ENOUGH_FORMATTED = 8;

const ONE = 0x31;
const BAR = 0x7c;
/** At the end of a word it is what it looks like. */
const EXCLAMATION = 0x21;
const LETTER_L = 0x6c;

/** What a word of the other order adds up to before it counts; a word that is in no order takes one off. */
const ENOUGH = 12;

/** One pass, a few nanoseconds a unit. */
export function collectEvidence(text: string): Evidence {
  const { slots } = vocabulary();
  const found: Evidence = {
    encoded: { start: 0, end: 0 },
    hasMarkup: false,
    mixed: { start: 0, end: 0 },
    mixedWords: 0,
    cuts: 0,
    formatted: [],
    hasControls: false,
    morseRun: 0,
    hasCipher: false,
    spacedRun: 0,
    numberRun: 0,
    leetWords: 0,
    words: 0,
    reversedPairs: 0,
    rotated: [],
    reversed: [],
  };
  const rotated = new Streak(found.rotated);
  const reversed = new Streak(found.reversed);
  /** Behind the last unit that is none of base64. */
  let encodedStart = 0;
  let signs = 0;
  let spaced = 0;
  let numbers = 0;
  let dots = 0;
  let morse = 0;
  let cut = 0;
  let formatted: Run | undefined;
  let hashBefore = 0;
  let wordEnd = -2;
  const { length } = text;
  let i = 0;
  while (i < length) {
    let unit = text.charCodeAt(i);
    let kind = unit < 128 ? KINDS[unit] : 0;
    if ((kind & (LETTER | DIGIT)) === 0 && ((kind & SIGN) === 0 || !isLetter(text.charCodeAt(i + 1)))) {
      if ((kind & ENCODED) === 0) {
        if (i - encodedStart >= MIN_ENCODED_RUN) widen(found.encoded, encodedStart, i);
        encodedStart = i + 1;
        signs |= kind;
      }
      if (unit === DOT || unit === DASH) dots++;
      else if (dots > 0) {
        morse = dots <= LONGEST_MORSE && isMorseGap(unit) ? morse + 1 : 0;
        dots = 0;
        if (morse > found.morseRun) found.morseRun = morse;
      }
      i++;
      continue;
    }
    const start = i;
    let hash = EMPTY_HASH;
    if (cut !== 0 && isCutTo(text, cut, wordEnd, start)) found.cuts++;
    morse = dots = 0;
    let wordKinds = kind;
    for (;;) {
      hash = hashStep(hash, LETTERS[unit]);
      if ((kind & ENCODED) === 0) {
        if (i - encodedStart >= MIN_ENCODED_RUN) widen(found.encoded, encodedStart, i);
        encodedStart = i + 1;
      }
      kind = 0;
      if (++i >= length) break;
      unit = text.charCodeAt(i);
      if (unit < 128) kind = KINDS[unit];
      if (
        (kind & (LETTER | DIGIT)) === 0 &&
        ((kind & SIGN) === 0 || (unit === EXCLAMATION && !isLetter(text.charCodeAt(i + 1))))
      ) {
        break;
      }
      wordKinds |= kind | ((kind & CAPITAL) << 1);
    }
    cut = (kind & CUT) === 0 ? 0 : unit;
    const wordLength = i - start;
    found.words++;
    if (cut !== 0) {
      const width = formattedWords(text, cut, start, i);
      if (width > 0) (formatted ??= new Run(found.formatted)).add(found.words, width, start, i);
    }
    if (wordLength === 1 && (wordKinds & LETTER) !== 0) {
      spaced = wordEnd + 1 === start ? spaced + 1 : 1;
      if (spaced > found.spacedRun) found.spacedRun = spaced;
    } else spaced = 0;
    if ((wordKinds & DIGIT) !== 0 && (wordLength <= 4 || wordLength === 7 || wordLength === 8)) {
      if (!separatesNumbers(text, wordEnd, start)) numbers = 0;
      if (++numbers > found.numberRun) found.numberRun = numbers;
    } else if (wordLength !== 2) numbers = 0;
    if ((wordKinds & (INNER_CAPITAL | SMALL)) === (INNER_CAPITAL | SMALL) && wordLength >= MIN_MIXED) {
      found.mixedWords++;
      widen(found.mixed, start, i);
    }
    const bits = slots[hashSlot(hash)];
    if ((bits & CIPHER) !== 0) found.hasCipher = true;
    if ((wordKinds & (DIGIT | SIGN)) === 0) {
      if (wordLength > 1) {
        if ((bits & PLAIN) !== 0) {
          rotated.reset(start, i);
          reversed.reset(start, i);
        } else {
          rotated.add((bits & ROT13) !== 0, wordLength);
          reversed.add((bits & REVERSED) !== 0, wordLength);
        }
      }
      if ((slots[hashSlot(hashPair(hashBefore, hash))] & REVERSED_PAIR) !== 0) found.reversedPairs++;
    } else if ((wordKinds & (LETTER | SIGN)) !== 0 && wordLength > 2) {
      if (((bits | slots[hashSlot(hashOfL(text, start, i))]) & PLAIN) !== 0) found.leetWords++;
    }
    hashBefore = hash;
    wordEnd = i;
  }
  if (length - encodedStart >= MIN_ENCODED_RUN) widen(found.encoded, encodedStart, length);
  found.hasMarkup = (signs & MARKUP) !== 0;
  found.hasControls = (signs & CONTROL) !== 0;
  rotated.reset(length, length);
  reversed.reset(length, length);
  return found;
}

/** Whether what stands between two words, from `wordEnd` on, may be inside a word: a tag, signs alone, or a line break. */
function isCutTo(text: string, cut: number, wordEnd: number, start: number): boolean {
  if (cut === LEFT_ANGLE) return true;
  if (cut === AMPERSAND) return false;
  if (cut === DASH || cut === EQUALS) return isLineBreak(text.charCodeAt(wordEnd + 1));
  const last = text.charCodeAt(start - 1);
  // One underscore is part of a name.
  return last === cut && start - wordEnd <= MAX_CUT && (cut !== UNDERSCORE || start - wordEnd > 1);
}

/**
 * How many words in a row the one from `start` to `end` makes with those before it, if it is formatted alone or with one or two of them,
 * its tags included: it stands behind a tag and in front of one, at the end of what signs of emphasis enclose, or in front of a
 * blank that is an entity. 0: it is not.
 */
function formattedWords(text: string, sign: number, start: number, end: number): number {
  if (sign === DASH || sign === EQUALS) return 0;
  if (sign === AMPERSAND) return blankEntityEnd(text, end) > end ? TAGGED_WORDS : 0;
  if (sign === LEFT_ANGLE) {
    const before = text.charCodeAt(start - 1);
    return (before <= 0x20 ? text.charCodeAt(start - 2) : before) === RIGHT_ANGLE ? TAGGED_WORDS : 0;
  }
  let behind = end + 1;
  while (behind - end < MAX_CUT && text.charCodeAt(behind) === sign) behind++;
  if (isAsciiWord(text.charCodeAt(behind))) return 0;
  for (let at = start - 1; at >= 0 && start - at <= MAX_ENCLOSED; at--) {
    if (text.charCodeAt(at) !== sign) continue;
    let before = at - 1;
    while (at - before < MAX_CUT && text.charCodeAt(before) === sign) before--;
    if (!isAsciiWord(text.charCodeAt(at + 1)) || isAsciiWord(text.charCodeAt(before))) return 0;
    return at === start - 1 ? 1 : 2;
  }
  return 0;
}

/** Whether `unit` stands between letters or words of Morse: a blank, a stroke, a line break. */
export function isMorseGap(unit: number): boolean {
  return unit === 0x20 || unit === 0x2f || unit === 0x7c || isLineBreak(unit) || unit === 0x09;
}

export function isLineBreak(unit: number): boolean {
  return unit === 0x0a || unit === 0x0d;
}

function widen(range: Range, start: number, end: number): void {
  if (range.end === 0) range.start = start;
  range.end = end;
}

/** The hash of the word from `start` to `end` if 1 and | stand for an l in it. */
function hashOfL(text: string, start: number, end: number): number {
  let hash = EMPTY_HASH;
  for (let i = start; i < end; i++) {
    const unit = text.charCodeAt(i);
    hash = hashStep(hash, unit === ONE || unit === BAR ? LETTER_L : LETTERS[unit]);
  }
  return hash;
}

/** Whether what stands between two words may stand between two items of a list of numbers. */
function separatesNumbers(text: string, from: number, to: number): boolean {
  if (to - from > MAX_SEPARATOR) return false;
  for (let i = Math.max(from, 0); i < to; i++) if (!isNumberSeparator(text.charCodeAt(i))) return false;
  return true;
}

/** Longest separator of two numbers. */
export const MAX_SEPARATOR = 3;

export function isNumberSeparator(unit: number): boolean {
  return unit === 0x20 || unit === 0x2c || unit === 0x3b || unit === 0x3a || (unit >= 9 && unit <= 13);
}

/** Adds up words that are in the vocabulary another way, between two words that are in it as they stand. */
export class Streak {
  readonly #ranges: Range[];
  #start = 0;
  #score = 0;
  #reached = false;

  constructor(ranges: Range[]) {
    this.#ranges = ranges;
  }

  add(known: boolean, length: number): void {
    if (known) {
      this.#score += length >= 6 ? 12 : length >= 3 ? 6 : 3;
      if (this.#score >= ENOUGH) this.#reached = true;
    } else if (this.#score > 0) this.#score--;
  }

  /** A plain word from `start` to `end`. */
  reset(start: number, end: number): void {
    if (this.#reached) this.#ranges.push({ start: this.#start, end: start });
    this.#reached = false;
    this.#score = 0;
    this.#start = end;
  }
}

/** Words that are formatted, as long as they are near one another. */
class Run {
  readonly #ranges: Range[];
  #score = 0;
  #last = 0;
  #start = 0;

  constructor(ranges: Range[]) {
    this.#ranges = ranges;
  }

  /** The word from `start` to `end`, the number-th of the text, the last of `width` that belong together. */
  add(number: number, width: number, start: number, end: number): void {
    const step = number - this.#last;
    const before = this.#score;
    if (step <= width) this.#score += 2;
    else if (step <= (width === TAGGED_WORDS ? MAX_TAGGED_WORDS : width + 1)) this.#score++;
    else {
      this.#score = 1;
      this.#start = start;
    }
    this.#last = number;
    if (this.#score < ENOUGH_FORMATTED) return;
    if (before < ENOUGH_FORMATTED) this.#ranges.push({ start: this.#start, end });
    else this.#ranges[this.#ranges.length - 1].end = end;
  }
}
