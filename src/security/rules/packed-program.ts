import type { RuleProgram } from "./compiled-rules.js";
import { packNumbers, PackedNumbers } from "./packed-numbers.js";
import type { PatternBounds, PatternLiteral } from "./pattern-bounds.js";
import { INCOMPLETE, STEP, type PhraseProgram } from "./phrase-program.js";
import type { TrieTables } from "./word-trie.js";

/** Added to UTF-16 units, so that letters are small numbers. */
const UNIT_SHIFT = 0x10000 - 0x61;

/** `program` as a text of ASCII characters, which is read in a tenth of the time that compiling takes. */
export function packProgram({ phrases, patterns }: RuleProgram): string {
  return packNumbers([...phraseNumbers(phrases), ...patternNumbers(patterns)]);
}

/** The program that `packProgram` packed. */
export function unpackProgram(packed: string): RuleProgram {
  const numbers = new PackedNumbers(packed);
  return { phrases: readPhrases(numbers), patterns: readPatterns(numbers) };
}

/** States; steps that differ, sorted by their targets; which of them each item is; the trie. */
function* phraseNumbers({ stateCount, steps, trie }: PhraseProgram): Generator<number> {
  const rows = Array.from({ length: steps.length / STEP }, (_, item) =>
    Array.from(steps.subarray(item * STEP, (item + 1) * STEP)),
  );
  const distinct = new Map(rows.map((row) => [row.join(), row]));
  const sorted = [...distinct].sort(([, a], [, b]) => a[2] - b[2] || a[0] - b[0] || a[1] - b[1]);
  yield stateCount;
  yield sorted.length;
  let target = 0;
  for (const [, [from, gap, to, completes]] of sorted) {
    yield to - target;
    yield from < 0 ? 0 : to - from;
    yield gap;
    yield completes === INCOMPLETE ? 0 : completes < 0 ? 2 + ~completes * 2 : 1 + completes * 2;
    target = to;
  }
  const numberOf = new Map(sorted.map(([key], number) => [key, number]));
  yield rows.length;
  for (const row of rows) yield numberOf.get(row.join())!;
  yield* trieNumbers(trie);
}

/** For each node where it hangs, and the lengths of lists of its own; it shares those of its parent where it has none. */
function* trieNumbers({ parents, units, leaveAt, endAt }: TrieTables): Generator<number> {
  yield parents.length;
  let listed = 0;
  for (let node = 0; node < parents.length; node++) {
    if (node > 0) {
      yield node - parents[node];
      yield (units[node] + UNIT_SHIFT) & 0xffff;
    }
    for (const [from, to] of [leaveAt.subarray(node * 2), endAt.subarray(node * 2)]) {
      const isOwn = from === listed && to > from;
      yield isOwn ? to - from : 0;
      if (isOwn) listed = to;
    }
  }
}

function readPhrases(numbers: PackedNumbers): PhraseProgram {
  const stateCount = numbers.next();
  const distinct = new Int32Array(numbers.next() * STEP);
  let target = 0;
  for (let at = 0; at < distinct.length; at += STEP) {
    target += numbers.next();
    const back = numbers.next();
    distinct[at] = back === 0 ? -1 : target - back;
    distinct[at + 1] = numbers.next();
    distinct[at + 2] = target;
    const code = numbers.next();
    distinct[at + 3] = code === 0 ? INCOMPLETE : code % 2 === 0 ? ~(code / 2 - 1) : (code - 1) / 2;
  }
  const steps = new Int32Array(numbers.next() * STEP);
  for (let at = 0; at < steps.length; at += STEP) {
    const row = numbers.next() * STEP;
    for (let k = 0; k < STEP; k++) steps[at + k] = distinct[row + k];
  }
  return { stateCount, steps, trie: readTrie(numbers) };
}

function readTrie(numbers: PackedNumbers): TrieTables {
  const count = numbers.next();
  const parents = new Int32Array(count);
  const units = new Uint16Array(count);
  const leaveAt = new Int32Array(count * 2);
  const endAt = new Int32Array(count * 2);
  let listed = 0;
  for (let node = 0; node < count; node++) {
    if (node > 0) {
      parents[node] = node - numbers.next();
      units[node] = numbers.next() - UNIT_SHIFT;
    }
    const parent = parents[node] * 2;
    const leaving = numbers.next();
    leaveAt[node * 2] = leaving > 0 ? listed : leaveAt[parent];
    leaveAt[node * 2 + 1] = leaving > 0 ? listed + leaving : leaveAt[parent + 1];
    listed += leaving;
    const ending = numbers.next();
    endAt[node * 2] = ending > 0 ? listed : leaveAt[node * 2];
    endAt[node * 2 + 1] = ending > 0 ? listed + ending : leaveAt[node * 2 + 1];
    listed += ending;
  }
  return { parents, units, leaveAt, endAt };
}

function* patternNumbers(patterns: readonly PatternBounds[]): Generator<number> {
  yield patterns.length;
  for (const { maxSteps, literals } of patterns) {
    yield maxSteps;
    yield literals.length;
    for (const { text, minBefore, maxBefore } of literals) {
      yield minBefore;
      yield maxBefore;
      yield text.length;
      for (let at = 0; at < text.length; at++) yield text.charCodeAt(at);
    }
  }
}

function readPatterns(numbers: PackedNumbers): PatternBounds[] {
  return Array.from({ length: numbers.next() }, () => ({
    maxSteps: numbers.next(),
    literals: Array.from({ length: numbers.next() }, () => readLiteral(numbers)),
  }));
}

function readLiteral(numbers: PackedNumbers): PatternLiteral {
  const minBefore = numbers.next();
  const maxBefore = numbers.next();
  let text = "";
  for (let left = numbers.next(); left > 0; left--) text += String.fromCharCode(numbers.next());
  return { text, minBefore, maxBefore };
}
