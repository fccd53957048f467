import { parsePhrase, type PhraseAlternative } from "./phrase-syntax.js";
import { buildTrie, type TrieTables } from "./word-trie.js";

/** A phrase to compile and what its completion stands for. */
export interface PhraseSource {
  readonly phrase: string;
  /** A guard is noted before the phrases that look at it are completed by the same word. */
  readonly isGuard: boolean;
  readonly owner: number;
}

/**
 * All phrases as one table of steps. A step says: this word, at most `gap` words behind the state `from`, reaches the
 * state `to`. States of a phrase are numbered along it, so `from < to`.
 */
export interface PhraseProgram {
  /** Word to ranges of `steps`. Steps of one word come in the order in which they must be taken (see `PhraseMatcher`). */
  readonly trie: TrieTables;
  readonly stateCount: number;
  /**
   * Four numbers for each item of the trie's lists: `from` (-1 for the first word of a phrase), `gap`, `to`, and what the step
   * completes: the owner of a phrase, `~owner` of a guard, or `INCOMPLETE`.
   */
  readonly steps: Int32Array;
}

/** Numbers of a step. */
export const STEP = 4;

export const INCOMPLETE = 0x7fffffff;

interface Step {
  readonly from: number;
  readonly gap: number;
  readonly to: number;
  readonly completes: number;
}

/**
 * Compiles phrases.
 * @throws {InputError} `M2M_RULES_INVALID` if a phrase is none
 */
export function compilePhrases(sources: readonly PhraseSource[]): PhraseProgram {
  const steps: Step[] = [];
  const words = new Map<string, number[]>();
  let stateCount = 0;
  for (const { phrase, isGuard, owner } of sources) {
    const slots = parsePhrase(phrase);
    const end = isGuard ? ~owner : owner;
    /** Slots in front that the next one may follow: the last one, and those before it if it is optional. */
    let before: Array<{ state: number; gap: number }> = [];
    slots.forEach((slot, index) => {
      const entries =
        index === 0
          ? [{ state: -1, gap: 0 }]
          : before.map(({ state, gap }) => ({ state, gap: gap + slot.gap }));
      const rests = restsOf(slot.alternatives);
      const firstState = stateCount;
      const done = firstState + rests.length;
      const link = (word: string, from: typeof entries, rest: string): void => {
        const to = rest === "" ? done : firstState + rests.indexOf(rest);
        const completes = to === done && index === slots.length - 1 ? end : INCOMPLETE;
        let items = words.get(word);
        if (items === undefined) words.set(word, (items = []));
        for (const { state, gap } of from) {
          items.push(steps.length);
          steps.push({ from: state, gap, to, completes });
        }
      };
      for (const alternative of slot.alternatives) {
        const [word, rest] = splitFirst(textOf(alternative));
        link(word, entries, rest);
      }
      rests.forEach((text, number) => {
        const [word, rest] = splitFirst(text);
        link(word, [{ state: firstState + number, gap: 0 }], rest);
      });
      stateCount = done + 1;
      before = [...(slot.isOptional ? entries : []), { state: done, gap: 0 }];
    });
  }
  const rank = ({ completes }: Step): number => (completes < 0 ? 0 : 1);
  const order = (a: number, b: number): number =>
    rank(steps[a]) - rank(steps[b]) || steps[b].from - steps[a].from || a - b;
  const { trie, items } = buildTrie(words, order);
  const table = new Int32Array(items.length * STEP);
  items.forEach((number, item) => {
    const step = steps[number];
    table[item * STEP] = step.from;
    table[item * STEP + 1] = step.gap;
    table[item * STEP + 2] = step.to;
    table[item * STEP + 3] = step.completes;
  });
  return { trie, stateCount, steps: table };
}

/**
 * What can be left of the alternatives of a slot behind their first words, the longest first. Alternatives with the same
 * rest share its state: `able_to|free_to` asks one question at the word `to`, not two.
 */
function restsOf(alternatives: readonly PhraseAlternative[]): string[] {
  const rests = new Set<string>();
  for (const alternative of alternatives) {
    for (let [, rest] = splitFirst(textOf(alternative)); rest !== ""; [, rest] = splitFirst(rest))
      rests.add(rest);
  }
  if (rests.size < 2) return [...rests];
  const lengthOf = (rest: string): number => rest.split(" ").length;
  return [...rests].sort((a, b) => lengthOf(b) - lengthOf(a));
}

/** The words with blanks between, and a `*` if the last is a beginning. */
function textOf({ words, isPrefix }: PhraseAlternative): string {
  const text = words.length === 1 ? words[0] : words.join(" ");
  return isPrefix ? `${text}*` : text;
}

function splitFirst(text: string): [word: string, rest: string] {
  const blank = text.indexOf(" ");
  return blank < 0 ? [text, ""] : [text.slice(0, blank), text.slice(blank + 1)];
}
