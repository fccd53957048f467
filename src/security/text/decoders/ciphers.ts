import { Streak, type Range } from "../evidence.js";
import { isLetter, unitsToText } from "../units.js";
import { EMPTY_HASH, hashSlot, hashStep, isWordHash, PLAIN, vocabulary } from "../vocabulary.js";
import { wholeRange, type Decoder } from "./decoder.js";
import { readsAsEnglish } from "./order.js";

/** Letters at the start of a text that shifts are tried on. */
const MAX_SAMPLE_UNITS = 4096;
const MAX_DECODED_UNITS = 64 * 1024;
/** All but 0; 13 is looked for in every text. */
const SHIFTS = Array.from({ length: 25 }, (_, index) => index + 1).filter((shift) => shift !== 13);

/** Letters that are numbered from 0, in another order. */
type Cipher = (letter: number) => number;

const CIPHERS: readonly { layer: string; decode: Cipher }[] = [
  ...SHIFTS.map((shift) => ({ layer: "caesar", decode: (letter: number) => (letter + shift) % 26 })),
  { layer: "atbash", decode: (letter) => 25 - letter },
];

/** Caesar's shifts and Atbash, in a text that announces a cipher, where this gives English. */
export const decodeCiphers: Decoder = (text, { hasCipher }) => {
  if (!hasCipher) return [];
  const words = findWords(text);
  for (const { layer, decode } of CIPHERS) {
    const ranges: Range[] = [];
    const streak = new Streak(ranges);
    for (const { start, end, isPlain } of words) {
      if (isPlain) streak.reset(start, end);
      else streak.add(isWordHash(hashOf(text, start, end, decode)), end - start);
    }
    streak.reset(text.length, text.length);
    for (const { start, end } of ranges) {
      const behind = Math.min(end, start + MAX_DECODED_UNITS);
      const decoded = decodeLetters(text, start, behind, decode);
      // One is enough: texts with several ciphers are puzzles.
      if (readsAsEnglish(decoded)) return [wholeRange(decoded, layer, start, behind)];
    }
  }
  return [];
};

interface Word extends Range {
  /** It is in the vocabulary as it stands. */
  isPlain: boolean;
}

/** Words of two letters and more. */
function findWords(text: string): Word[] {
  const { slots } = vocabulary();
  const words: Word[] = [];
  const limit = Math.min(text.length, MAX_SAMPLE_UNITS);
  for (let i = 0; i < limit; i++) {
    const start = i;
    let hash = EMPTY_HASH;
    for (let unit; isLetter((unit = text.charCodeAt(i))) && i < limit; i++) hash = hashStep(hash, unit | 32);
    if (i - start > 1) words.push({ start, end: i, isPlain: (slots[hashSlot(hash)] & PLAIN) !== 0 });
  }
  return words;
}

function hashOf(text: string, start: number, end: number, decode: Cipher): number {
  let hash = EMPTY_HASH;
  for (let i = start; i < end; i++) hash = hashStep(hash, 0x61 + decode((text.charCodeAt(i) | 32) - 0x61));
  return hash;
}

function decodeLetters(text: string, start: number, end: number, decode: Cipher): string {
  const units = new Uint16Array(end - start);
  for (let i = start; i < end; i++) {
    const unit = text.charCodeAt(i);
    const first = (unit & 32) + 0x41;
    units[i - start] = isLetter(unit) ? first + decode(unit - first) : unit;
  }
  return unitsToText(units);
}
