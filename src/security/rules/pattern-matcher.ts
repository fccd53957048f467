import { LiteralAutomaton } from "./literal-automaton.js";
import type { PatternBounds } from "./pattern-bounds.js";

/** Characters that may be compared for one pattern in one text, and for all of them: what is proved is a hundred times what it takes. */
const PATTERN_STEPS = 1 << 27;
const TEXT_STEPS = 1 << 30;

/** A pattern, what is proved about it, and what its matches stand for. */
export interface PatternSource {
  readonly pattern: string;
  readonly bounds: PatternBounds;
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
  readonly #sources: readonly PatternSource[];
  /** Each is made when its literal is first found. */
  readonly #regexps: (RegExp | undefined)[];
  readonly #uses: readonly LiteralUse[];
  readonly #automaton: LiteralAutomaton;
  /** For each pattern the steps that are left in this text; for each use the first start that is not tried yet. */
  readonly #left: Float64Array;
  readonly #untried: Int32Array;

  constructor(sources: readonly PatternSource[]) {
    this.#sources = sources;
    this.#regexps = sources.map(() => undefined);
    const texts: string[] = [];
    this.#uses = sources.flatMap(({ bounds }, pattern) =>
      bounds.literals.map(({ text, minBefore, maxBefore }) => {
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
      const source = this.#sources[pattern];
      const steps = source.bounds.maxSteps;
      const regexp = (this.#regexps[pattern] ??= new RegExp(source.pattern, "imy"));
      const literalStart = end - length;
      const last = literalStart - minBefore;
      for (let start = Math.max(literalStart - maxBefore, this.#untried[number]); start <= last; start++) {
        if (this.#left[pattern] < steps || leftInText < steps) return;
        this.#left[pattern] -= steps;
        leftInText -= steps;
        this.#untried[number] = start + 1;
        regexp.lastIndex = start;
        if (regexp.test(text)) {
          sink(source.owner, start, regexp.lastIndex);
          // The next match begins behind this one.
          this.#untried[number] = regexp.lastIndex;
          break;
        }
      }
    });
    return TEXT_STEPS - leftInText;
  }
}
