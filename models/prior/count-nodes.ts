import { Candidates, type CandidateTables } from "../../src/codec/context/binarisation/candidates.js";
import type { CodeTrees } from "../../src/codec/context/binarisation/code-trees.js";
import { SymbolCoder } from "../../src/codec/context/binarisation/symbol-coder.js";
import { MatchModel, type TextIndex } from "../../src/codec/context/dictionary/match-model.js";
import { ByteContexts, CONTEXTS } from "../../src/codec/context/modelling/byte-contexts.js";
import type { Message } from "./corpus.js";
import { NodeCounts, NodeNames } from "./counting.js";

/** Bytes that each context looks back at. */
const SPANS: readonly number[] = [2, 3, 4, 5, 1, 1];

/** What the nodes depend on. */
export interface Binarisation {
  readonly index: TextIndex;
  readonly trees: CodeTrees;
  readonly candidates: CandidateTables;
  /** Messages that the text was taken from: they would find themselves. */
  readonly used: ReadonlySet<Message>;
}

/** Counts what came of the decisions of all messages, in each context that several repositories have. */
export function countNodes(
  messages: readonly Message[],
  { index, trees, candidates, used }: Binarisation,
  { lineBits, messageBytes }: { readonly lineBits: number; readonly messageBytes: number },
): NodeCounts {
  const repositories = [...new Set(messages.map(({ repository }) => repository))].sort();
  const counts = new NodeCounts();
  const contexts = new ByteContexts();
  const match = new MatchModel(index);
  const places = new Int32Array(CONTEXTS);
  const isLearnt = new Uint8Array(CONTEXTS);
  let isMarking = true;
  const names = new NodeNames(contexts, lineBits, (bit) => {
    for (let i = 0; i < CONTEXTS; i++) {
      places[i] = -1;
      if (isLearnt[i] === 0 || (names.isRandom && i > 0 && i < 4)) continue;
      if (isMarking) {
        counts.mark(names.keys[i]);
        continue;
      }
      const shorter = i < 4 ? i - 1 : places[1] >= 0 ? 1 : 0;
      places[i] = counts.add(names.keys[i], bit, i, shorter < 0 ? -1 : places[shorter]);
    }
  });
  const symbols = new SymbolCoder(
    { code: (bit) => bit },
    names,
    contexts,
    match,
    new Candidates(candidates),
    trees,
  );
  const visit = (message: Message, number: number): void => {
    counts.startMessage(number, repositories.indexOf(message.repository));
    contexts.reset();
    symbols.reset();
    match.reset();
    const part = message.bytes.subarray(0, messageBytes);
    match.reserve(part.length);
    const isMatching = !used.has(message);
    for (let at = 0; at < part.length; at++) {
      markLearnt(message, at, isLearnt);
      if (!isMatching) match.drop();
      symbols.code(part[at], 0);
      contexts.append(part[at]);
      match.append(part[at], contexts);
    }
  };
  messages.forEach(visit);
  isMarking = false;
  messages.forEach(visit);
  return counts;
}

/** Which contexts of a byte may be learnt from: of a rebuilt message those that lie in its string. */
function markLearnt({ spans }: Message, at: number, isLearnt: Uint8Array): void {
  if (spans === undefined) {
    isLearnt.fill(1);
    return;
  }
  const span = spans[at];
  for (let i = 0; i < CONTEXTS; i++) isLearnt[i] = span !== 0 && Math.abs(span) >= SPANS[i] ? 1 : 0;
  // Behind which key another stands is order.
  if (span < 0) isLearnt[4] = isLearnt[5] = 0;
}
