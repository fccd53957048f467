import { SEGMENT_CONTEXTS, type SegmentContext } from "../types.js";
import { PatternMatcher } from "./pattern-matcher.js";
import { PhraseMatcher } from "./phrase-matcher.js";
import { compilePhrases, type PhraseSource } from "./phrase-program.js";
import type { Rule, RuleHit } from "./types.js";

/** Hits of one rule in one text. More would say nothing new and cost memory on hostile input. */
const MAX_HITS = 16;

/** Rules made ready to match. Holds scratch state: one call at a time. */
export class CompiledRules {
  readonly #rules: readonly Rule[];
  readonly #phrases: PhraseMatcher;
  readonly #patterns: PatternMatcher;
  /** For each rule a bit a context that it applies in, and the numbers of its guards. */
  readonly #contexts: Int32Array;
  readonly #guards: ReadonlyArray<readonly number[]>;
  /** For each rule: the text in which it was hit last, how often there, and the end of the last hit. */
  readonly #hitIn: Int32Array;
  readonly #hitCount: Int32Array;
  readonly #hitEnd: Int32Array;
  #text = 0;

  /** @throws {InputError} `M2M_RULES_INVALID` if a phrase or pattern is not acceptable */
  constructor(rules: readonly Rule[]) {
    this.#rules = rules;
    const guards = new Map<string, number>();
    this.#guards = rules.map(({ unless = [] }) =>
      unless.map((phrase) => {
        const number = guards.get(phrase) ?? guards.size;
        guards.set(phrase, number);
        return number;
      }),
    );
    const sources: PhraseSource[] = [
      ...rules.flatMap(({ phrases }, owner) => phrases.map((phrase) => ({ phrase, isGuard: false, owner }))),
      ...[...guards].map(([phrase, owner]) => ({ phrase, isGuard: true, owner })),
    ];
    this.#phrases = new PhraseMatcher(compilePhrases(sources), guards.size);
    this.#patterns = new PatternMatcher(
      rules.flatMap(({ patterns }, owner) => patterns.map((pattern) => ({ pattern, owner }))),
    );
    this.#contexts = Int32Array.from(rules, ({ contexts = SEGMENT_CONTEXTS }) =>
      contexts.reduce((bits, context) => bits | contextBit(context), 0),
    );
    this.#hitIn = new Int32Array(rules.length).fill(-1);
    this.#hitCount = new Int32Array(rules.length);
    this.#hitEnd = new Int32Array(rules.length);
  }

  match(text: string, context: SegmentContext): RuleHit[] {
    const hits: RuleHit[] = [];
    const bit = contextBit(context);
    this.#text = (this.#text + 1) & 0x3fffffff;
    this.#phrases.match(text, (owner, startWord, start, end) => {
      if ((this.#contexts[owner] & bit) === 0) return;
      if (this.#guards[owner].some((guard) => this.#phrases.isGuarded(guard, startWord))) return;
      this.#add(hits, owner, start, end);
    });
    this.#patterns.match(text, (owner, start, end) => {
      if ((this.#contexts[owner] & bit) !== 0) this.#add(hits, owner, start, end);
    });
    return hits.sort((a, b) => a.start - b.start || a.end - b.end);
  }

  /** Adds a hit unless it overlaps with the last one of the rule, or the rule has enough. */
  #add(hits: RuleHit[], owner: number, start: number, end: number): void {
    if (this.#hitIn[owner] !== this.#text) {
      this.#hitIn[owner] = this.#text;
      this.#hitCount[owner] = 0;
    } else if (this.#hitCount[owner] >= MAX_HITS || start < this.#hitEnd[owner]) return;
    this.#hitCount[owner]++;
    this.#hitEnd[owner] = end;
    hits.push({ rule: this.#rules[owner], start, end });
  }
}

function contextBit(context: SegmentContext): number {
  return 1 << SEGMENT_CONTEXTS.indexOf(context);
}
