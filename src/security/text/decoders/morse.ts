import { lazily } from "../../../shared/lazy.js";
import { isMorseGap } from "../evidence.js";
import { MappedTextBuilder } from "../mapped-text.js";
import type { Decoded, Decoder } from "./decoder.js";
import { segmentLetters } from "./letters.js";
import { readsAsEnglish } from "./order.js";

/** Letters in a row before dots and dashes count as Morse. */
const MIN_GROUPS = 8;
const LONGEST_GROUP = 6;
const MAX_LETTERS = 64 * 1024;

/** Recommendation ITU-R M.1677-1: letters, digits, and the signs that texts have. */
const CODES =
  "a.- b-... c-.-. d-.. e. f..-. g--. h.... i.. j.--- k-.- l.-.. m-- n-. o--- p.--. q--.- r.-. s... t- u..- v...- w.-- " +
  "x-..- y-.-- z--.. 1.---- 2..--- 3...-- 4....- 5..... 6-.... 7--... 8---.. 9----. 0----- ?..--.. ,--..-- :---... /-..-.";

/** By the bits of a group behind a leading 1, dash as 1. */
const letters = lazily(() => {
  const table = new Uint8Array(1 << (LONGEST_GROUP + 1));
  for (const code of CODES.split(" ")) table[keyOf(code, 1, code.length)] = code.charCodeAt(0);
  table[keyOf(".-.-.-", 0, 6)] = 0x2e;
  return table;
});

/** Runs of groups of dots and dashes, a blank between letters, and more, a stroke or a line break between words. */
export const decodeMorse: Decoder = (text, { morseRun }) => {
  if (morseRun + 1 < MIN_GROUPS) return [];
  const found: Decoded[] = [];
  for (let i = 0; i < text.length;) {
    if (!isMorse(text.charCodeAt(i))) {
      i++;
      continue;
    }
    const from = i;
    while (isMorse(text.charCodeAt(i))) i++;
    // Most dots and dashes stand alone.
    if (i - from > LONGEST_GROUP || !isMorse(text.charCodeAt(gapEnd(text, i)))) continue;
    const run = readRun(text, from);
    i = run.end;
    if (run.decoded && readsAsEnglish(run.decoded.text)) found.push(run.decoded);
  }
  return found;
};

interface Run {
  end: number;
  decoded?: Decoded;
}

function readRun(text: string, start: number): Run {
  const table = letters();
  const out = new MappedTextBuilder(text, 256);
  let word = "";
  let wordStart = start;
  let groups = 0;
  let i = start;
  const endWord = (end: number): void => {
    if (word === "") return;
    if (out.length > 0) out.put(" ", wordStart - 1, wordStart);
    // Where nothing stands between words, the vocabulary says where they end.
    const lengths = segmentLetters(word, 0, word.length, 1);
    let at = 0;
    out.put(lengths.map((length) => word.slice(at, (at += length))).join(" "), wordStart, end);
    word = "";
  };
  while (i < text.length && groups < MAX_LETTERS) {
    const from = i;
    while (i - from <= LONGEST_GROUP && isMorse(text.charCodeAt(i))) i++;
    const letter = i - from > LONGEST_GROUP ? 0 : table[keyOf(text, from, i)];
    if (letter === 0) {
      while (isMorse(text.charCodeAt(i))) i++;
      break;
    }
    if (word === "") wordStart = from;
    word += String.fromCharCode(letter);
    groups++;
    const end = i;
    const gap = gapEnd(text, i);
    if (!isMorse(text.charCodeAt(gap))) break;
    if (gap - end > 1 || text.charCodeAt(end) !== 0x20) endWord(end);
    i = gap;
  }
  endWord(i);
  if (groups < MIN_GROUPS) return { end: i };
  return { end: i, decoded: { ...out.finish(), layer: "morse" } };
}

/** Behind blanks, strokes and line breaks, a few at most. */
function gapEnd(text: string, at: number): number {
  let end = at;
  while (end - at < 8 && isMorseGap(text.charCodeAt(end))) end++;
  return end;
}

function keyOf(text: string, start: number, end: number): number {
  let key = 1;
  for (let i = start; i < end; i++) key = (key << 1) | (text.charCodeAt(i) === 0x2d ? 1 : 0);
  return key;
}

function isMorse(unit: number): boolean {
  return unit === 0x2e || unit === 0x2d;
}
