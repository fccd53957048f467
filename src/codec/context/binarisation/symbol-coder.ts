import type { MatchModel } from "../dictionary/match-model.js";
import type { ByteContexts } from "../modelling/byte-contexts.js";
import type { Candidates } from "./candidates.js";
import { Stage } from "./candidates.js";
import type { StringHabits } from "../modelling/string-habits.js";
import { type CodeTrees, RANDOM_TREE } from "./code-trees.js";

/** What no node of a tree is. */
const NO_CHILD = 256;

/** Writes or reads a decision. */
export interface BitCoder {
  /** Reading, bytes are missing. */
  readonly isStarved?: boolean;
  /** @returns the decision; -1 if bytes are missing that it hangs on */
  code(bit: number, probability: number): number;
}

/** Gives the probability of each decision and is told what it came to. */
export interface DecisionModel {
  startByte(isRandom: boolean): void;
  /** @param first what the byte is known not to be; -1: nothing */
  startTree(tree: number, first: number, second: number): void;
  predict(node: number, stage: number, depth: number, failed: number): number;

  update(bit: number): void;
}

/** Codes bytes as decisions: is it what is guessed, is it the second guess, else by the tree of the previous byte. */
export class SymbolCoder {
  /** A bit for each of the last bytes, the last one lowest: it was not guessed. */
  #descents = 0;
  /** Whether the last byte was taken for one of a random text. */
  isRandom = false;
  /** Decisions of the byte at hand that were taken before bytes were missing, the first lowest: they are not asked again. */
  #taken = 0;
  #takenCount = 0;
  #asked = 0;

  readonly bits: BitCoder;
  readonly predictor: DecisionModel;
  readonly contexts: ByteContexts;
  readonly match: MatchModel;
  readonly candidates: Candidates;
  readonly trees: CodeTrees;
  readonly strings: StringHabits | undefined;

  constructor(
    bits: BitCoder,
    predictor: DecisionModel,
    contexts: ByteContexts,
    match: MatchModel,
    candidates: Candidates,
    trees: CodeTrees,
    strings?: StringHabits,
  ) {
    this.bits = bits;
    this.predictor = predictor;
    this.contexts = contexts;
    this.match = match;
    this.candidates = candidates;
    this.trees = trees;
    this.strings = strings;
  }

  reset(): void {
    this.#descents = this.#takenCount = 0;
  }

  /**
   * @param byte what is written; -1 when reading
   * @param failed bytes within which the repetition is known to end; 0: nothing is known
   * @returns the byte; if bytes were missing, nothing: the next call goes on with it
   */
  code(byte: number, failed: number): number {
    const descents = this.#descents;
    this.#asked = 0;
    if (this.#takenCount === 0) this.#taken = 0;
    const coded = this.#choose(byte, failed);
    if (this.bits.isStarved === true) this.#descents = descents;
    else this.#takenCount = 0;
    return coded;
  }

  #choose(byte: number, failed: number): number {
    const { candidates, contexts, match } = this;
    const isRandom =
      ((this.#descents & 15) === 15 && match.length === 0 && contexts.isMixed) ||
      (this.strings !== undefined &&
        (match.length === 0 || contexts.valueBytes === 0) &&
        this.strings.startsRandom(contexts));
    this.isRandom = isRandom;
    this.predictor.startByte(isRandom);
    if (isRandom) return this.#descend(byte, -1, -1, RANDOM_TREE);
    candidates.guess(contexts, match);
    const { first, second } = candidates;
    if (first >= 0) {
      if (failed === 1) {
        // It ends here: nothing to ask.
      } else if (
        this.#decide(
          byte === first ? 1 : 0,
          first,
          failed > 1 ? Stage.failing : candidates.firstStage,
          0,
          failed,
        ) !== 0
      )
        return this.#guessed(first);
      if (second >= 0 && this.#decide(byte === second ? 1 : 0, second, candidates.secondStage, 0, 0) !== 0)
        return this.#guessed(second);
    }
    return this.#descend(byte, first, second, contexts.last4 & 255);
  }

  #guessed(byte: number): number {
    this.#descents <<= 1;
    return byte;
  }

  #descend(byte: number, first: number, second: number, tree: number): number {
    this.#descents = (this.#descents << 1) | 1;
    this.predictor.startTree(tree, first, second);
    const { zeroes, ones, codes, lengths } = this.trees;
    const base = tree << 8;
    const code = byte < 0 ? 0 : codes[base + byte];
    const bits = byte < 0 ? 0 : lengths[base + byte];
    // Leaves of refuted guesses; a value that no leaf has where there was no guess.
    const notFirst = first < 0 ? NO_CHILD : -1 - first;
    const notSecond = second < 0 ? NO_CHILD : -1 - second;
    let node = 0;
    let path = 1;
    for (let depth = 0; ; depth++) {
      const zero = zeroes[base + node];
      const one = ones[base + node];
      let bit: number;
      if (zero === notFirst || zero === notSecond) bit = 1;
      else if (one === notFirst || one === notSecond) bit = 0;
      else bit = this.#decide((code >>> (bits - 1 - depth)) & 1, path, Stage.tree, depth, 0);
      path = (path << 1) | bit;
      node = bit === 0 ? zero : one;
      if (node < 0) return -1 - node;
    }
  }

  #decide(bit: number, node: number, stage: number, depth: number, failed: number): number {
    const { bits, predictor } = this;
    if (this.#asked < this.#takenCount) return (this.#taken >>> this.#asked++) & 1;
    if (bits.isStarved === true) return 0;
    const decided = bits.code(bit, predictor.predict(node, stage, depth, failed));
    if (decided < 0) return 0;
    predictor.update(decided);
    this.#taken |= decided << this.#takenCount++;
    this.#asked++;
    return decided;
  }
}
