import { InputError } from "../../shared/errors.js";
import { quote } from "../../shared/quote.js";
import { CharSet } from "./char-set.js";
import { parsePattern, type PatternNode } from "./pattern-syntax.js";

/** A text that each match of a pattern holds (one of several), in lower case. */
export interface PatternLiteral {
  readonly text: string;
  /** Characters between the start of the match and the literal: from `minBefore` to `maxBefore`. */
  readonly minBefore: number;
  readonly maxBefore: number;
}

/** What is proved about a pattern. */
export interface PatternBounds {
  /** Each match holds one of them, where it says. */
  readonly literals: readonly PatternLiteral[];
  /** Upper bound of the characters that are compared for an attempt at one start. */
  readonly maxSteps: number;
}

const MIN_LITERAL = 3;
const MAX_LITERALS = 64;
/** Starts that may have to be tried for an occurrence of a literal. */
const MAX_STARTS = 48;
const MAX_STEPS = 1 << 16;
const NOTHING = CharSet.none();

/**
 * Proves that a pattern is cheap, or refuses it: an attempt at one start ends after `maxSteps` characters at most, and
 * only starts near an occurrence of one of `literals` have to be tried.
 *
 * The proof counts the ways in which backtracking can divide a text among the parts. A repetition whose character can
 * not also begin what follows it has one way: giving back a character fails at once. Any other has as many ways as
 * lengths. Ways multiply along a sequence; branches that can begin alike add up. Each way costs every character of the
 * pattern, repetitions written out and all branches tried, twice: to go and to come back.
 * @throws {InputError} `M2M_RULES_INVALID`, the message without a place
 */
export function assertBoundedPattern(source: string): PatternBounds {
  const node = parsePattern(source);
  const { size, ways } = measure(node, NOTHING);
  const invalid = (why: string): InputError =>
    new InputError("M2M_RULES_INVALID", `The pattern ${quote(source)} ${why}.`);
  const maxSteps = ways * size * 2;
  if (maxSteps > MAX_STEPS)
    throw invalid(
      `may take ${maxSteps} steps at one place (at most ${MAX_STEPS}); ` +
        "let what follows a repetition begin with a character that the repetition does not take",
    );
  const literals = literalsOf(node);
  if (literals === undefined || literals.length > MAX_LITERALS)
    throw invalid(`holds no text of ${MIN_LITERAL} characters or more that each match must have`);
  if (literals.some(({ minBefore, maxBefore }) => maxBefore - minBefore >= MAX_STARTS))
    throw invalid(`has more than ${MAX_STARTS} ways to begin in front of its literal text`);
  return { literals, maxSteps };
}

interface Measure {
  readonly min: number;
  readonly max: number;
  /** Characters that one way compares at most. */
  readonly size: number;
  readonly ways: number;
  /** Characters it can begin with. */
  readonly first: CharSet;
}

/** @param follow characters that can stand behind the node */
function measure(node: PatternNode, follow: CharSet): Measure {
  switch (node.kind) {
    case "set":
      return { min: 1, max: 1, size: 1, ways: 1, first: node.set };
    case "assertion":
      return { min: 0, max: 0, size: 0, ways: 1, first: NOTHING };
    case "sequence":
      return measureSequence(node.items, follow);
    case "choice":
      return measureChoice(node.branches, follow);
    case "repeat": {
      const { item, min, max } = node;
      const once = measure(item, follow);
      const inner = max > 1 && item.kind !== "set" ? measure(item, follow.or(once.first)) : once;
      const lengths = inner.first.meets(follow) || inner.min === 0 ? max - min + 1 : 1;
      return {
        min: inner.min * min,
        max: inner.max * max,
        size: inner.size * max,
        ways: lengths * inner.ways ** max,
        first: inner.first,
      };
    }
  }
}

function measureSequence(items: readonly PatternNode[], follow: CharSet): Measure {
  let total: Measure = { min: 0, max: 0, size: 0, ways: 1, first: NOTHING };
  let behind = follow;
  for (const item of items.toReversed()) {
    const part = measure(item, behind);
    const isSkippable = part.min === 0;
    total = {
      min: total.min + part.min,
      max: total.max + part.max,
      size: total.size + part.size,
      ways: total.ways * part.ways,
      first: isSkippable ? part.first.or(total.first) : part.first,
    };
    behind = isSkippable ? part.first.or(behind) : part.first;
  }
  return total;
}

function measureChoice(branches: readonly PatternNode[], follow: CharSet): Measure {
  const parts = branches.map((branch) => measure(branch, follow));
  const beginnings = branches.map(beginningOf);
  // Branches that match at one place are pairwise alike, so all of them are alike to the first of them.
  const ways = beginnings.map((beginning) =>
    parts.reduce((sum, part, index) => sum + (areAlike(beginning, beginnings[index]) ? part.ways : 0), 0),
  );
  return {
    min: Math.min(...parts.map((part) => part.min)),
    max: Math.max(...parts.map((part) => part.max)),
    size: parts.reduce((sum, part) => sum + part.size, 0),
    ways: Math.max(...ways),
    first: parts.reduce((set, part) => set.or(part.first), NOTHING),
  };
}

/** The characters that stand at fixed places at the start of a node. */
function beginningOf(node: PatternNode): readonly CharSet[] {
  const sets: CharSet[] = [];
  for (const item of flatten([node])) {
    if (item.kind === "set") sets.push(item.set);
    else if (item.kind !== "assertion") break;
  }
  return sets;
}

/** Whether one text can have both beginnings. */
function areAlike(one: readonly CharSet[], other: readonly CharSet[]): boolean {
  return one.every((set, index) => index >= other.length || set.meets(other[index]));
}

/** Literals of which each match of `node` holds one; `undefined` if there are none that are long enough. */
function literalsOf(node: PatternNode): readonly PatternLiteral[] | undefined {
  switch (node.kind) {
    case "set":
    case "assertion":
      return undefined;
    case "repeat":
      return node.min > 0 ? literalsOf(node.item) : undefined;
    case "choice": {
      const lists = node.branches.map(literalsOf);
      return lists.includes(undefined) ? undefined : (lists as PatternLiteral[][]).flat();
    }
    case "sequence":
      return literalsOfSequence(node.items);
  }
}

function literalsOfSequence(items: readonly PatternNode[]): readonly PatternLiteral[] | undefined {
  let best: readonly PatternLiteral[] | undefined;
  const offer = (literals: readonly PatternLiteral[] | undefined, min: number, max: number): void => {
    if (literals === undefined) return;
    const moved = literals.map(({ text, minBefore, maxBefore }) => ({
      text,
      minBefore: minBefore + min,
      maxBefore: maxBefore + max,
    }));
    if (best === undefined || cost(moved) < cost(best)) best = moved;
  };
  let min = 0;
  let max = 0;
  let run = "";
  const closeRun = (): void => {
    if (run.length >= MIN_LITERAL)
      offer([{ text: run, minBefore: 0, maxBefore: 0 }], min - run.length, max - run.length);
    run = "";
  };
  for (const item of flatten(items)) {
    const literal = item.kind === "set" ? item.set.literal : undefined;
    if (literal === undefined && item.kind !== "assertion") {
      closeRun();
      offer(literalsOf(item), min, max);
    }
    const size = measure(item, NOTHING);
    min += size.min;
    max += size.max;
    run += literal ?? "";
  }
  closeRun();
  return best;
}

/** Items with the sequences in them opened. */
function flatten(items: readonly PatternNode[]): readonly PatternNode[] {
  return items.flatMap((item) => (item.kind === "sequence" ? flatten(item.items) : [item]));
}

/** Few starts and long texts are cheap. */
function cost(literals: readonly PatternLiteral[]): number {
  const starts = Math.max(...literals.map(({ minBefore, maxBefore }) => maxBefore - minBefore + 1));
  const shortest = Math.min(...literals.map(({ text }) => text.length));
  return starts * 4 + literals.length - Math.min(shortest, 8) * 3;
}
