import { parsePhrase } from "./phrase-syntax.js";
import { WordTrie } from "./word-trie.js";

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
  /** Word to steps. Steps of one word come in the order in which they must be taken (see `PhraseMatcher`). */
  readonly trie: WordTrie;
  readonly stateCount: number;
  /** State in front of each step, -1 for the first word of a phrase. */
  readonly from: Int32Array;
  readonly gap: Int32Array;
  readonly to: Int32Array;
  /** What the step completes: the owner of a phrase, `~owner` of a guard, or `INCOMPLETE`. */
  readonly completes: Int32Array;
}

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
  const words: Array<{ word: string; isPrefix: boolean; item: number }> = [];
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
      const inner = slot.alternatives.reduce((sum, { words: { length } }) => sum + length - 1, 0);
      const done = stateCount + inner;
      for (const { words: parts, isPrefix } of slot.alternatives) {
        let from = entries;
        parts.forEach((word, part) => {
          const isLast = part === parts.length - 1;
          const to = isLast ? done : stateCount++;
          const completes = isLast && index === slots.length - 1 ? end : INCOMPLETE;
          for (const { state, gap } of from) {
            words.push({ word, isPrefix: isPrefix && isLast, item: steps.length });
            steps.push({ from: state, gap, to, completes });
          }
          from = [{ state: to, gap: 0 }];
        });
      }
      stateCount = done + 1;
      before = [...(slot.isOptional ? entries : []), { state: done, gap: 0 }];
    });
  }
  const rank = ({ completes }: Step): number => (completes < 0 ? 0 : 1);
  const order = (a: number, b: number): number =>
    rank(steps[a]) - rank(steps[b]) || steps[b].from - steps[a].from || a - b;
  const column = (read: (step: Step) => number): Int32Array => Int32Array.from(steps, read);
  return {
    trie: new WordTrie(words, order),
    stateCount,
    from: column((step) => step.from),
    gap: column((step) => step.gap),
    to: column((step) => step.to),
    completes: column((step) => step.completes),
  };
}
