import { LiteralAutomaton } from "./literal-automaton.js";
import { assertBoundedPattern } from "./pattern-bounds.js";

/** Characters that may be compared for one pattern in one text, and for all of them. */
const PATTERN_STEPS = 1 << 22;
const TEXT_STEPS = 1 << 25;

export interface PatternSource {
  readonly pattern: string;
  readonly owner: number;
}

/** A literal of a pattern, and where in a match it stands. */
interface LiteralUse {
  readonly pattern: number;
  readonly length: number;
  readonly minBefore: number;
  readonly maxBefore: number;
}

/**
 * Finds patterns: one pass finds their literals, and a pattern is tried only at the starts that an occurrence allows.
 * Each try is charged with its proved maximum of steps; a pattern that has used up its share of a text is not tried
 * again in it, so that the work is bounded whatever the text.
 */
export class PatternMatcher {
  readonly #owners: readonly number[];
  readonly #regexps: readonly RegExp[];
  readonly #steps: readonly number[];
  readonly #uses: readonly LiteralUse[];
  readonly #automaton: LiteralAutomaton;
  /** For each pattern the steps that are left in this text; for each use the first start that is not tried yet. */
  readonly #left: Float64Array;
  readonly #untried: Int32Array;

  /** @throws {InputError} `M2M_RULES_INVALID` if a pattern is not bounded */
  constructor(sources: readonly PatternSource[]) {
    const bounds = sources.map(({ pattern }) => assertBoundedPattern(pattern));
    this.#owners = sources.map(({ owner }) => owner);
    this.#regexps = sources.map(({ pattern }) => new RegExp(pattern, "imy"));
    this.#steps = bounds.map(({ maxSteps }) => maxSteps);
    const texts: string[] = [];
    this.#uses = bounds.flatMap(({ literals }, pattern) =>
      literals.map(({ text, minBefore, maxBefore }) => {
        texts.push(text);
        return { pattern, length: text.length, minBefore, maxBefore };
      }),
    );
    this.#automaton = new LiteralAutomaton(texts);
    this.#left = new Float64Array(sources.length);
    this.#untried = new Int32Array(this.#uses.length);
  }

  /** Calls `sink` with the owner of a pattern and the UTF-16 range of a match. Returns the steps charged. */
  match(text: string, sink: (owner: number, start: number, end: number) => void): number {
    this.#left.fill(PATTERN_STEPS);
    this.#untried.fill(0);
    let leftInText = TEXT_STEPS;
    this.#automaton.scan(text, (number, end) => {
      const { pattern, length, minBefore, maxBefore } = this.#uses[number];
      const regexp = this.#regexps[pattern];
      const steps = this.#steps[pattern];
      const literalStart = end - length;
      const last = literalStart - minBefore;
      for (let start = Math.max(literalStart - maxBefore, this.#untried[number]); start <= last; start++) {
        if (this.#left[pattern] < steps || leftInText < steps) return;
        this.#left[pattern] -= steps;
        leftInText -= steps;
        this.#untried[number] = start + 1;
        regexp.lastIndex = start;
        if (regexp.test(text)) {
          sink(this.#owners[pattern], start, regexp.lastIndex);
          // The next match begins behind this one.
          this.#untried[number] = regexp.lastIndex;
          break;
        }
      }
    });
    return TEXT_STEPS - leftInText;
  }
}
