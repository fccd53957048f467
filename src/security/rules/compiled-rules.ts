import { SEGMENT_CONTEXTS, type SegmentContext } from "../types.js";
import { assertBoundedPattern, type PatternBounds } from "./pattern-bounds.js";
import { PatternMatcher } from "./pattern-matcher.js";
import { PhraseMatcher } from "./phrase-matcher.js";
import { parsePhrase } from "./phrase-syntax.js";
import { compilePhrases, type PhraseProgram, type PhraseSource } from "./phrase-program.js";
import type { Rule, RuleHit } from "./types.js";

/** Hits of one rule in one text. More would say nothing new and cost memory on hostile input. */
const MAX_HITS = 16;

/** What is worked out about rules before a text can be matched. */
export interface RuleProgram {
  readonly phrases: PhraseProgram;
  /** Of the patterns of all rules, in their order. */
  readonly patterns: readonly PatternBounds[];
}

/** @throws {InputError} `M2M_RULES_INVALID` if a phrase or pattern is not acceptable */
export function compileRules(rules: readonly Rule[]): RuleProgram {
  const sources: PhraseSource[] = [
    ...rules.flatMap(({ phrases }, owner) => phrases.map((phrase) => ({ phrase, isGuard: false, owner }))),
    ...[...numberGuards(rules)].map(([phrase, owner]) => ({ phrase, isGuard: true, owner })),
  ];
  return {
    phrases: compilePhrases(sources),
    patterns: rules.flatMap(({ patterns }) => patterns.map(assertBoundedPattern)),
  };
}

/** The number of each phrase of `unless`; one that several rules have counts once. */
function numberGuards(rules: readonly Rule[]): ReadonlyMap<string, number> {
  const phrases = new Set(rules.flatMap(({ unless = [] }) => unless));
  return new Map([...phrases].map((phrase, number) => [phrase, number]));
}

/** Rules made ready to match. Holds scratch state: one call at a time. */
export class CompiledRules {
  readonly #rules: readonly Rule[];
  readonly #numbers: ReadonlyMap<Rule, number>;
  readonly #phrases: PhraseMatcher;
  readonly #patterns: PatternMatcher;
  /** For each rule a bit a context that it applies in, and the numbers of its guards. */
  readonly #contexts: Int32Array;
  readonly #guards: ReadonlyArray<readonly number[]>;
  /** For each rule what matches the words right behind a hit that call it off. */
  readonly #exceptions: ReadonlyArray<RegExp | undefined>;
  /** For each rule: the pass over a text in which it was hit last, how often there, and the last hit. */
  readonly #hitIn: Float64Array;
  readonly #hitCount: Int32Array;
  readonly #hitStart: Int32Array;
  readonly #hitEnd: Int32Array;
  #pass = 0;

  /** @param program what `compileRules` makes of `rules` */
  constructor(rules: readonly Rule[], { phrases, patterns }: RuleProgram) {
    this.#rules = rules;
    this.#numbers = new Map(rules.map((rule, owner) => [rule, owner]));
    const guards = numberGuards(rules);
    this.#guards = rules.map(({ unless = [] }) => unless.map((phrase) => guards.get(phrase)!));
    this.#exceptions = rules.map(({ except }) => except && exceptionsOf(except));
    this.#phrases = new PhraseMatcher(phrases, guards.size);
    let at = 0;
    this.#patterns = new PatternMatcher(
      rules.flatMap(({ patterns: own }, owner) =>
        own.map((pattern) => ({ pattern, owner, bounds: patterns[at++] })),
      ),
    );
    this.#contexts = Int32Array.from(rules, ({ contexts = SEGMENT_CONTEXTS }) =>
      contexts.reduce((bits, context) => bits | contextBit(context), 0),
    );
    this.#hitIn = new Float64Array(rules.length);
    this.#hitCount = new Int32Array(rules.length);
    this.#hitStart = new Int32Array(rules.length);
    this.#hitEnd = new Int32Array(rules.length);
  }

  match(text: string, context: SegmentContext): RuleHit[] {
    const found: RuleHit[] = [];
    const bit = contextBit(context);
    this.#pass++;
    this.#phrases.match(text, (owner, startWord, start, end) => {
      if ((this.#contexts[owner] & bit) === 0) return;
      if (this.#guards[owner].some((guard) => this.#phrases.isGuarded(guard, startWord))) return;
      if (isFollowed(text, end, this.#exceptions[owner])) return;
      if (this.#isNew(owner, start, end)) found.push({ rule: this.#rules[owner], start, end });
    });
    this.#pass++;
    this.#patterns.match(text, (owner, start, end) => {
      if ((this.#contexts[owner] & bit) !== 0 && this.#isNew(owner, start, end))
        found.push({ rule: this.#rules[owner], start, end });
    });
    if (found.length === 0) return found;
    this.#pass++;
    return found
      .sort((a, b) => a.start - b.start || b.end - a.end)
      .filter(({ rule, start, end }) => this.#isNew(this.#numbers.get(rule) as number, start, end));
  }

  /** Whether a hit, in this pass, does not overlap the last one of the rule, and the rule has not enough; notes it. */
  #isNew(owner: number, start: number, end: number): boolean {
    if (this.#hitIn[owner] !== this.#pass) {
      this.#hitIn[owner] = this.#pass;
      this.#hitCount[owner] = 0;
    } else {
      const overlaps = start < this.#hitEnd[owner] && end > this.#hitStart[owner];
      if (overlaps || this.#hitCount[owner] >= MAX_HITS) return false;
    }
    this.#hitCount[owner]++;
    this.#hitStart[owner] = start;
    this.#hitEnd[owner] = end;
    return true;
  }
}

/** What matches one of the words of `slots` and what separates it from the word before: never the end of a sentence. */
function exceptionsOf(slots: readonly string[]): RegExp {
  const words = slots
    .flatMap((slot) => parsePhrase(slot)[0].alternatives)
    .map(
      ({ words: parts, isPrefix }) =>
        parts.join("[^\\p{L}\\p{N}\\n]{1,3}") + (isPrefix ? "" : "(?![\\p{L}\\p{N}])"),
    );
  return new RegExp(`(?:\\.|[^\\p{L}\\p{N}.!?\\n]{1,3})(?:${words.join("|")})`, "iuy");
}

function isFollowed(text: string, end: number, exceptions: RegExp | undefined): boolean {
  if (exceptions === undefined) return false;
  exceptions.lastIndex = end;
  return exceptions.test(text);
}

function contextBit(context: SegmentContext): number {
  return 1 << SEGMENT_CONTEXTS.indexOf(context);
}
