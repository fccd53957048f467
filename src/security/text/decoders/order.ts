import type { Range } from "../evidence.js";
import { MappedTextBuilder } from "../mapped-text.js";
import { unitsToText } from "../units.js";
import { rotate13, vocabulary } from "../vocabulary.js";
import { wholeRange, type Decoded, type Decoder } from "./decoder.js";

/** Letters of words of the vocabulary, of all letters, from which a text reads as English. */
const MIN_KNOWN_SHARE = 0.3;
const MIN_KNOWN_LETTERS = 6;
/** Pairs in the wrong order; one may be chance, and so may a few in many words. */
const MIN_REVERSED_PAIRS = 2;
const MAX_WORDS_A_PAIR = 15;
const MAX_WORD_ORDER_UNITS = 100_000;
/** Longer stretches are undone up to here: a text that is disguised over pages shows it on the first. */
const MAX_REVERSED_UNITS = 256 * 1024;
const MAX_SAMPLE_UNITS = 16 * 1024;

/** ROT13, where the rotated words are English and the words that stand there are not. */
export const decodeRot13: Decoder = (text, { rotated }) =>
  rotated.flatMap(({ start, end: behind }) => {
    const end = Math.min(behind, start + MAX_REVERSED_UNITS);
    const decoded = rotate13(text.slice(start, end));
    return readsAsEnglish(decoded) ? [wholeRange(decoded, "rot13", start, end)] : [];
  });

/** Text written backwards, as a whole or word by word, and words in reversed order. */
export const decodeReversed: Decoder = (text, { reversed, reversedPairs, words }) => {
  const found = reversed.flatMap((range) => decodeBackwards(text, range));
  const isDense = reversedPairs >= MIN_REVERSED_PAIRS && reversedPairs * MAX_WORDS_A_PAIR >= words;
  if (isDense && text.length <= MAX_WORD_ORDER_UNITS) found.push(reverseWords(text));
  return found;
};

function decodeBackwards(text: string, { start, end: behind }: Range): Decoded[] {
  const end = Math.min(behind, start + MAX_REVERSED_UNITS);
  const decoded = reverseUnits(text.slice(start, end));
  if (!readsAsEnglish(decoded)) return [];
  const whole: Decoded = {
    text: decoded,
    layer: "reversed",
    toSource(from, to) {
      const { length } = decoded;
      const first = Math.min(Math.max(from, 0), length);
      const last = Math.min(Math.max(to, first), length);
      return { start: end - last, end: end - first };
    },
  };
  const words = text.slice(start, end).replace(/[^\s]+/gu, reverseUnits);
  return [whole, wholeRange(words, "reversed-words", start, end)];
}

function reverseWords(text: string): Decoded {
  const out = new MappedTextBuilder(text);
  let end = text.length;
  for (let i = text.length - 1; i >= -1; i--) {
    if (i >= 0 && !isSpace(text.charCodeAt(i))) continue;
    if (end > i + 1) {
      if (out.length > 0) out.put(" ", i + 1, i + 2);
      out.copy(i + 1, end);
    }
    end = i;
  }
  return { ...out.finish(), layer: "reversed-order" };
}

/** Pairs of surrogates stay pairs. */
function reverseUnits(text: string): string {
  const { length } = text;
  const units = new Uint16Array(length);
  for (let i = 0; i < length; i++) units[length - 1 - i] = text.charCodeAt(i);
  for (let i = 0; i + 1 < length; i++) {
    if ((units[i] & 0xfc00) !== 0xdc00 || (units[i + 1] & 0xfc00) !== 0xd800) continue;
    const low = units[i];
    units[i] = units[i + 1];
    units[++i] = low;
  }
  return unitsToText(units);
}

/** The exact form of what the evidence only guesses from hashes. */
export function readsAsEnglish(text: string): boolean {
  const { words } = vocabulary();
  let letters = 0;
  let known = 0;
  for (const [word] of text
    .slice(0, MAX_SAMPLE_UNITS)
    .toLowerCase()
    .matchAll(/[a-z]+/gu)) {
    letters += word.length;
    if (word.length > 1 && words.has(word)) known += word.length;
  }
  return known >= MIN_KNOWN_LETTERS && known >= letters * MIN_KNOWN_SHARE;
}

function isSpace(unit: number): boolean {
  return unit === 0x20 || (unit >= 0x09 && unit <= 0x0d);
}
