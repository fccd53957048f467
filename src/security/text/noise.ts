import { encodedRunEnd } from "./decoders/base64.js";
import type { Range } from "./evidence.js";
import { MappedTextBuilder, type MappedText } from "./mapped-text.js";
import { EMPTY_HASH, hashSlot, hashStep, PLAIN, vocabulary } from "./vocabulary.js";

/** Shorter runs are names, keys and paths. */
const MIN_RUN = 256;
const BLOCK = 64;
/** Letters of one case in a row that a word may be; of random base64 a twelfth stands in such. */
const MIN_WORD = 4;
const MIN_WORDS_SHARE = 0.4;
/** Different letters in the words of a block; bytes that repeat themselves are encoded as fewer. */
const MIN_LETTERS = 9;
/** Different words of the vocabulary, of this length and more, that a block of text has; one is found by chance. */
const MIN_KNOWN_WORDS = 2;
const MIN_KNOWN_WORD = 5;
/** Of a run that is data, few blocks look as if they could be words. */
const MOST_WORDLIKE_SHARE = 0.3;

/**
 * `text` without long data in base64 that is no text: pictures, sound, what is compressed. A reader of language makes of a megabyte of
 * letters what he likes. What stands in such data and has words is left. `undefined` if there is none.
 */
export function cutNoise(text: string, encoded: Range): MappedText | undefined {
  if (encoded.end - encoded.start < MIN_RUN) return undefined;
  let out: MappedTextBuilder | undefined;
  let copied = 0;
  for (let i = encoded.start; i < encoded.end; i++) {
    const start = i;
    i = encodedRunEnd(text, i);
    if (i - start < MIN_RUN) continue;
    for (const block of noiseIn(text, start, i)) {
      out ??= new MappedTextBuilder(text, encoded.start + 1024);
      out.copy(copied, block.start);
      // One blank for all that is cut in a row.
      if (copied < block.start || copied === 0) out.put(" ", block.start, block.end);
      copied = block.end;
    }
  }
  out?.copy(copied, text.length);
  return out?.finish();
}

/** The blocks without words of the run from `start` to `end`; none if it looks as if it could be words. */
function noiseIn(text: string, start: number, end: number): readonly Range[] {
  const noise: Range[] = [];
  let wordlike = 0;
  let count = 0;
  for (const block of blocksOf(start, end)) {
    const { share, letters, known } = wordsOf(text, block);
    if (share >= MIN_WORDS_SHARE && letters >= MIN_LETTERS) wordlike++;
    if (known < MIN_KNOWN_WORDS) noise.push(block);
    count++;
  }
  return wordlike <= count * MOST_WORDLIKE_SHARE ? noise : [];
}

/** What is left over belongs to the last block. */
function* blocksOf(start: number, end: number): Generator<Range> {
  while (start < end) {
    const next = end - start < 2 * BLOCK ? end : start + BLOCK;
    yield { start, end: next };
    start = next;
  }
}

interface Words {
  /** Of a block, what are letters of one case in a row. */
  readonly share: number;
  /** How many different letters those are. */
  readonly letters: number;
  /** How many of them are in the vocabulary; what is repeated counts once. */
  readonly known: number;
}

function wordsOf(text: string, { start, end }: Range): Words {
  const { slots } = vocabulary();
  let inWords = 0;
  let lettersOfWords = 0;
  let letters = 0;
  let known = 0;
  let lastKnown = EMPTY_HASH;
  let length = 0;
  let hash = EMPTY_HASH;
  let wordCase = 0;
  for (let i = start; i <= end; i++) {
    const unit = i < end ? text.charCodeAt(i) : 0;
    const small = unit | 32;
    const isLetter = small >= 0x61 && small <= 0x7a;
    // A capital may begin a word.
    const goesOn = isLetter && ((unit & 32) === wordCase || (length === 1 && wordCase === 0));
    if (!goesOn) {
      // Zeroes are encoded as A.
      if (length >= MIN_WORD && !text.slice(i - length, i).includes("AAA")) {
        inWords += length;
        lettersOfWords |= letters;
      }
      if (length >= MIN_KNOWN_WORD && hash !== lastKnown && (slots[hashSlot(hash)] & PLAIN) !== 0) {
        known++;
        lastKnown = hash;
      }
      length = letters = 0;
      hash = EMPTY_HASH;
    }
    if (!isLetter) continue;
    wordCase = unit & 32;
    length++;
    letters |= 1 << (small - 0x61);
    hash = hashStep(hash, small);
  }
  return { share: inWords / (end - start), letters: countBits(lettersOfWords), known };
}

function countBits(bits: number): number {
  let count = 0;
  for (; bits !== 0; bits &= bits - 1) count++;
  return count;
}
