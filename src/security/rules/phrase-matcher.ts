import { INCOMPLETE, type PhraseProgram, STEP } from "./phrase-program.js";
import {
  endsSentence,
  foldTable,
  isApostrophe,
  isIdeograph,
  isLetter,
  PARAGRAPH_WORDS,
  SENTENCE_WORDS,
  SEPARATOR,
  TRANSPARENT,
} from "./words.js";
import { type TrieTables, WordTrie } from "./word-trie.js";

/** How many words in front of a match a guard may end and still call it off. */
export const GUARD_REACH = 6;

/** Word numbers go on from text to text; long before they leave 32 bits they start again. */
const LAST_POSITION = 0x3fffffff;
const NEVER = -0x3fffffff;

/** Bits of a gap in a link: it spans twelve slots at most, each 20 words behind the one before. */
const GAP_BITS = 8;
const MAX_GAP = 2 ** GAP_BITS - 1;
/** The link of a step that begins a phrase. */
const FIRST_WORD = -1;

/** Takes a completed phrase. `startWord` is the number of its first word, the offsets are UTF-16. */
export type PhraseSink = (owner: number, startWord: number, start: number, end: number) => void;

/**
 * Finds phrases in one pass over a text: the work for a word is the number of steps that begin with it, whatever the
 * text, so the whole is linear with a constant that the rules alone decide.
 *
 * For each state only the **latest** place where it was reached is kept. That loses nothing: gaps have upper bounds only,
 * so whatever may follow an earlier place may follow the latest too. It also gives the shortest match. Steps of one word
 * are taken from the last slot of a phrase to the first, so that a word never fills two slots.
 *
 * Places are word numbers, which grow from text to text: what an earlier text left is out of reach by the distance
 * alone, and nothing is cleared or allocated for a text.
 */
export class PhraseMatcher {
  readonly #tables: TrieTables;
  readonly #trie: WordTrie;
  /**
   * Of each step: the state `from` and the gap in one number, or FIRST_WORD; the state it reaches; and what it completes. Apart,
   * because of most steps of a word only the first is read.
   */
  readonly #links: Int32Array;
  readonly #targets: Int32Array;
  readonly #completed: Int32Array;
  /** For each state: number of the last word of the latest match so far, number and offset of its first word. */
  readonly #ends: Int32Array;
  readonly #startWords: Int32Array;
  readonly #starts: Int32Array;
  /** For each guard the number of the last word of its latest match. */
  readonly #guards: Int32Array;
  #position = 0;

  constructor(program: PhraseProgram, guardCount: number) {
    this.#tables = program.trie;
    this.#trie = new WordTrie(program.trie);
    const { steps } = program;
    const count = steps.length / STEP;
    this.#links = new Int32Array(count);
    this.#targets = new Int32Array(count);
    this.#completed = new Int32Array(count);
    for (let step = 0, at = 0; step < count; step++, at += STEP) {
      this.#links[step] = steps[at] < 0 ? FIRST_WORD : (steps[at] << GAP_BITS) | steps[at + 1];
      this.#targets[step] = steps[at + 2];
      this.#completed[step] = steps[at + 3];
    }
    this.#ends = new Int32Array(program.stateCount).fill(NEVER);
    this.#startWords = new Int32Array(program.stateCount);
    this.#starts = new Int32Array(program.stateCount);
    this.#guards = new Int32Array(guardCount).fill(NEVER);
  }

  /** Whether the guard ended at most GUARD_REACH words in front of the word `startWord` or behind that. */
  isGuarded(guard: number, startWord: number): boolean {
    return this.#guards[guard] >= startWord - GUARD_REACH;
  }

  match(text: string, sink: PhraseSink): void {
    const { endAt, leaveAt } = this.#tables;
    const trie = this.#trie;
    const fold = foldTable();
    const { length } = text;
    if (this.#position > LAST_POSITION - length * (PARAGRAPH_WORDS + 1)) this.#forget();
    let position = this.#position + PARAGRAPH_WORDS;
    let isLineEmpty = false;
    let at = 0;
    while (at < length) {
      const unit = text.charCodeAt(at);
      let folded = fold[unit];
      if (folded <= TRANSPARENT) {
        if (unit === 0x0a) {
          if (isLineEmpty) position += PARAGRAPH_WORDS;
          isLineEmpty = !isLineEmpty;
        } else if (unit > 0x20) {
          isLineEmpty = false;
          if (unit === 0x5c && isLineEscape(text.charCodeAt(at + 1))) at++;
          else if (endsSentence(text, at)) position += SENTENCE_WORDS;
        }
        at++;
        continue;
      }
      isLineEmpty = false;
      position++;
      const start = at;
      let node = 0;
      let last = 0;
      let isInside = true;
      const isSingle = isIdeograph(folded);
      for (;;) {
        if (isInside) {
          last = node;
          node = trie.child(node, folded);
          if (node === 0) isInside = false;
        }
        at++;
        if (isSingle || at >= length) break;
        const next = text.charCodeAt(at);
        folded = fold[next];
        if (folded === TRANSPARENT) {
          do folded = fold[text.charCodeAt(++at)];
          while (folded === TRANSPARENT);
          if (at >= length) break;
        }
        if (folded === SEPARATOR) {
          if (!isApostrophe(next) || !isLetter(fold[text.charCodeAt(at + 1)])) break;
          folded = 0x27;
        } else if (isIdeograph(folded)) break;
      }
      const ranges = isInside ? endAt : leaveAt;
      const list = isInside ? node : last;
      if (ranges[list * 2] < ranges[list * 2 + 1])
        this.#take(ranges[list * 2], ranges[list * 2 + 1], position, start, at, sink);
    }
    this.#position = position;
  }

  /** Takes the steps of one word, those of the items `first` to `last`. */
  #take(first: number, last: number, position: number, start: number, end: number, sink: PhraseSink): void {
    const links = this.#links;
    const ends = this.#ends;
    const startWords = this.#startWords;
    const starts = this.#starts;
    for (let step = first; step < last; step++) {
      const link = links[step];
      let startWord = position;
      let startOffset = start;
      if (link !== FIRST_WORD) {
        const from = link >> GAP_BITS;
        if (position - ends[from] - 1 > (link & MAX_GAP)) continue;
        startWord = startWords[from];
        startOffset = starts[from];
      }
      const to = this.#targets[step];
      // Another alternative reached the state with the same word: the shorter match stays.
      if (ends[to] === position && startWords[to] >= startWord) continue;
      ends[to] = position;
      startWords[to] = startWord;
      starts[to] = startOffset;
      const owner = this.#completed[step];
      if (owner === INCOMPLETE) continue;
      if (owner < 0) this.#guards[~owner] = position;
      else sink(owner, startWord, startOffset, end);
    }
  }

  #forget(): void {
    this.#position = 0;
    this.#ends.fill(NEVER);
    this.#guards.fill(NEVER);
  }
}

/** Whether a backslash in front of `unit` is an escaped blank of JSON or source text: `\n`, `\r`, `\t`. */
function isLineEscape(unit: number): boolean {
  return unit === 0x6e || unit === 0x72 || unit === 0x74;
}
