import { Stage } from "../binarisation/candidates.js";
import type { CodeTrees } from "../binarisation/code-trees.js";
import type { MatchModel } from "../dictionary/match-model.js";
import { MAP_POINTS, ProbabilityMap } from "../mixing/probability-map.js";
import { Mixer } from "../mixing/mixer.js";
import { type ByteContexts, CONTEXT_PARENTS, CONTEXTS, JSON_STATES, JsonState } from "./byte-contexts.js";
import { Followers, FOLLOWERS, HABITS } from "./followers.js";
import { checkOf, groupOf, hashOfNode, lineOf, placeOf } from "./node-place.js";
import { CHECK_MASK, COUNT_MASK, type SlotTable } from "./slot-table.js";

/** Of the contexts, of the repetition, a constant, and of the followers. */
export const INPUTS = CONTEXTS + 2 + FOLLOWERS;
const FIRST_FOLLOWER = CONTEXTS + 2;
/** Curves of one context's confidence: by whether it is a candidate's decision, by count, by probability. */
export const COUNT_STEPS = 16;
export const PROBABILITY_STEPS = 64;
const CURVES = COUNT_STEPS * PROBABILITY_STEPS;
export const CONFIDENCE_VALUES = 2 * CONTEXTS * CURVES;

export const LENGTH_STEPS = 23;
const FAILING_STEPS = 10;
export const MATCH_VALUES = LENGTH_STEPS * 8 + 17 + FAILING_STEPS * 16;

/** Weight sets, by what the decision is, by which contexts are known, by where it stands. */
const TREE_SETS = LENGTH_STEPS * 2;
const STAGE_SETS = TREE_SETS + 16;
const LOST_SETS = STAGE_SETS + 10;
const FAILING_SETS = LOST_SETS + 17;
const KNOWN_SETS = FAILING_SETS + FAILING_STEPS;
const PLACE_SETS = KNOWN_SETS + 80;
const TEXT_SETS = PLACE_SETS + JSON_STATES * 16;
export const WEIGHT_SETS = TEXT_SETS + 256;

const TREE_MAPS = 768;
export const MAP_VALUES = (256 + TREE_MAPS) * MAP_POINTS;
const PAIR_MAP_BITS = 11;
export const PAIR_MAP_VALUES = (1 << PAIR_MAP_BITS) * MAP_POINTS;

export const MAX_COUNT = 60;
/** Bytes that repeat from which on the longer contexts have little to add: time matters more. */
const CERTAIN_LENGTH = 16;
const LOWEST = 24;
const HIGHEST = 65512;
/** Marks the nodes of the tree of random text. */
export const RANDOM = 1 << 27;
/** Marks the node of a candidate. */
export const CANDIDATE = 1 << 28;

/** What was learnt of prediction. */
export interface PredictorParameters {
  readonly stretch: Int16Array;
  readonly squash: Uint16Array;
  /** `[candidate?, contexts, COUNT_STEPS, PROBABILITY_STEPS]`, stretched */
  readonly confidence: Int16Array;
  /** `[LENGTH_STEPS, 4 misses, 2 sources]`, then `[17]` by misses since it was lost; stretched */
  readonly matchConfidence: Int16Array;
  /** `[FOLLOWERS, 16 counts, 2, 16 kinds]`, stretched */
  readonly followerConfidence: Int16Array;
  /** `[WEIGHT_SETS, INPUTS]` */
  readonly weights: Int16Array;
  /** `[256 + 768, MAP_POINTS]` */
  readonly map: Uint16Array;
  readonly pairMap: Uint16Array;
  /** `[RUN_VALUES]`, in 65536ths */
  readonly runs: Uint16Array;
  /** `[END_VALUES]`, in 65536ths */
  readonly ends: Uint16Array;
}

/** Predicts each decision from the counters of all contexts, and learns from what came. */
export class Predictor {
  readonly mixer: Mixer;
  readonly map: ProbabilityMap;
  readonly pairMap: ProbabilityMap;
  /** Of the decision at hand, by context: its slot, -1 where the context was not looked up; and its place in `confidence`. */
  readonly slotOf = new Int32Array(CONTEXTS);
  readonly curveOf = new Int32Array(CONTEXTS);
  /** Place in `matchConfidence`, or -1. */
  matchValue = -1;
  /** By follower: its place in `followerConfidence`, or -1; and 1 where it expects a 1 or a guess, else -1. */
  readonly followerValues = new Int32Array(FOLLOWERS);
  readonly followerSigns = new Int32Array(FOLLOWERS);
  readonly #valueOf = new Int32Array(CONTEXTS);
  readonly #isKnown = new Uint8Array(CONTEXTS);
  readonly #parents = Int8Array.from(CONTEXT_PARENTS);
  readonly #lines = new Int32Array(CONTEXTS);
  readonly #countSteps = createCountSteps();
  readonly #rates = createRates();
  readonly #probabilitySteps: Uint8Array;
  readonly #lengthSteps = createLengthSteps();
  readonly #stretch: Int16Array;
  readonly #squash: Uint16Array;
  readonly #shift: number;
  #mixed = 0;
  #isRandom = false;
  /** Contexts that have a shorter one are not asked. */
  #isShort = false;
  #lastClass = 0;

  readonly parameters: PredictorParameters;
  readonly contexts: ByteContexts;
  readonly match: MatchModel;
  readonly table: SlotTable;
  readonly followers = new Followers();
  readonly #trees: CodeTrees;
  /** Of the byte at hand: its tree, and what it is known not to be. */
  #tree = 0;
  #notFirst = -1;
  #notSecond = -1;

  constructor(
    parameters: PredictorParameters,
    contexts: ByteContexts,
    match: MatchModel,
    table: SlotTable,
    trees: CodeTrees,
    rate: number,
  ) {
    this.parameters = parameters;
    this.contexts = contexts;
    this.match = match;
    this.table = table;
    this.#trees = trees;
    this.#stretch = parameters.stretch;
    this.#squash = parameters.squash;
    this.mixer = new Mixer(parameters.weights, INPUTS, rate);
    this.map = new ProbabilityMap(parameters.map, 20);
    this.pairMap = new ProbabilityMap(parameters.pairMap, 20);
    this.#shift = 32 - table.lineBits;
    this.#probabilitySteps = Uint8Array.from(this.#stretch, (value) => (value + 2048) >> 6);
  }

  restore(): void {
    this.table.restore();
    this.mixer.restore();
    this.map.restore();
    this.pairMap.restore();
    this.followers.forget();
  }

  /** Makes ready for the decisions of the next byte. */
  startByte(isRandom: boolean): void {
    const { contexts } = this;
    contexts.hash(isRandom);
    this.followers.find(contexts);
    this.#isRandom = isRandom;
    this.#isShort = isRandom || this.match.length >= CERTAIN_LENGTH;
    const { hashes } = contexts;
    const lines = this.#lines;
    const shift = this.#shift;
    for (let i = 0; i < CONTEXTS; i++) {
      lines[i] = lineOf(hashes[i], 0, shift);
    }
    this.#lastClass = contexts.classes[contexts.last4 & 255];
  }

  /** Makes ready for the decisions of a tree. @param first what the byte is known not to be; -1: nothing */
  startTree(tree: number, first: number, second: number): void {
    this.#tree = tree;
    this.#notFirst = first;
    this.#notSecond = second;
  }

  /**
   * @param node which decision of this byte it is
   * @param depth decisions in the tree before it
   * @returns probability of a 1, in 65536ths
   */
  predict(node: number, stage: number, depth: number, failed: number): number {
    const { slotOf, curveOf } = this;
    const lines = this.#lines;
    const seeds = this.contexts.hashes;
    const isKnown = this.#isKnown;
    const valueOf = this.#valueOf;
    const { slots } = this.table;
    const { confidence } = this.parameters;
    const { inputs } = this.mixer;
    const isTree = stage === Stage.tree;
    const nodeHash = hashOfNode(isTree ? (this.#isRandom ? node | RANDOM : node) : node | CANDIDATE);
    const group = isTree ? groupOf(node, depth) : 0;
    const bank = isTree ? 0 : CONTEXTS * CURVES;
    const isShort = this.#isShort;
    let known = this.#isRandom ? 16 : 0;
    for (let i = 0; i < CONTEXTS; i++) {
      const parent = this.#parents[i];
      if ((parent >= 0 && isKnown[parent] === 0) || (isShort && parent >= 0)) {
        slotOf[i] = -1;
        inputs[i] = 0;
        isKnown[i] = 0;
        continue;
      }
      const line = group === 0 ? lines[i] : lineOf(seeds[i], group, this.#shift);
      const place = placeOf(seeds[i], nodeHash);
      const bucket = line + ((place & 3) << 2);
      const check = checkOf(place);
      let slot = bucket;
      let value = slots[slot];
      if ((value & CHECK_MASK) !== check) {
        value = slots[++slot];
        if ((value & CHECK_MASK) !== check) {
          value = slots[++slot];
          if ((value & CHECK_MASK) !== check) {
            value = slots[++slot];
            if ((value & CHECK_MASK) !== check) {
              // The slot that was seen least gives way if this one is written.
              slot = bucket;
              let least = slots[bucket] & COUNT_MASK;
              for (let other = bucket + 1; other < bucket + 4; other++) {
                const count = slots[other] & COUNT_MASK;
                if (count < least) {
                  least = count;
                  slot = other;
                }
              }
              value = (0x8000 << 16) | check;
            }
          }
        }
      }
      const count = value & COUNT_MASK;
      slotOf[i] = slot;
      valueOf[i] = value;
      const curve =
        bank + ((i << 10) | (this.#countSteps[count] << 6) | this.#probabilitySteps[value >>> 20]);
      curveOf[i] = curve;
      inputs[i] = confidence[curve];
      if (count !== 0) {
        isKnown[i] = 1;
        known += i < 4 ? 1 : i === 4 ? 5 : 10;
      } else isKnown[i] = 0;
    }
    const { match, contexts } = this;
    this.#follow(node, stage, depth);
    let own = 0;
    this.matchValue = -1;
    inputs[CONTEXTS] = 0;
    if (stage === Stage.match) {
      const step = this.#lengthSteps[match.length > 127 ? 127 : match.length];
      this.matchValue = (step * 4 + match.misses) * 2 + match.source;
      own = step * 2 + match.source;
    } else if (stage === Stage.lost) {
      this.matchValue = LENGTH_STEPS * 8 + match.lost;
      own = LOST_SETS + match.lost;
    } else if (stage === Stage.failing) {
      const left = failingStep(failed);
      this.matchValue = LENGTH_STEPS * 8 + 17 + left * 16 + contexts.classes[match.buffer[match.pointer]];
      own = FAILING_SETS + left;
    } else if (isTree) own = TREE_SETS + (match.length > 0 ? 8 : 0) + (depth > 7 ? 7 : depth);
    else own = STAGE_SETS + stage;
    if (this.matchValue >= 0) inputs[CONTEXTS] = this.parameters.matchConfidence[this.matchValue];
    inputs[CONTEXTS + 1] = 256;
    const stretched = this.mixer.mix(own, KNOWN_SETS + known * 2 + (isTree ? 0 : 1), this.#placeSet());
    const mixed = this.#squash[stretched + 2048];
    this.#mixed = mixed;
    const last = contexts.last4 & 255;
    const curve = isTree
      ? 256 + ((((nodeHash ^ Math.imul(last, 0x85ebca6b)) >>> 22) * TREE_MAPS) >>> 10)
      : last;
    const pair = Math.imul((contexts.last4 & 0xffff) ^ nodeHash, 0x9e3779b1) >>> (32 - PAIR_MAP_BITS);
    const refined =
      (mixed * 2 + this.map.refine(curve, stretched) + this.pairMap.refine(pair, stretched)) >> 2;
    return refined < LOWEST ? LOWEST : refined > HIGHEST ? HIGHEST : refined;
  }

  /** What the followers say of a decision, as inputs. */
  #follow(node: number, stage: number, depth: number): void {
    const { followers, followerValues, followerSigns } = this;
    const { inputs } = this.mixer;
    for (let i = 0; i < FOLLOWERS; i++) {
      followerValues[i] = -1;
      inputs[FIRST_FOLLOWER + i] = 0;
      const byte = followers.bytes[i];
      if (byte < 0 || (this.#isRandom && i !== HABITS)) continue;
      followerSigns[i] = 1;
      if (stage !== Stage.tree) followerValues[i] = followers.guessValue(i, byte === node, stage);
      else {
        if (byte === this.#notFirst || byte === this.#notSecond) continue;
        const code = this.#trees.codes[(this.#tree << 8) + byte];
        const rest = this.#trees.lengths[(this.#tree << 8) + byte] - depth;
        if (rest <= 0 || ((1 << depth) | (code >>> rest)) !== node) continue;
        if (((code >>> (rest - 1)) & 1) === 0) followerSigns[i] = -1;
        followerValues[i] = followers.treeValue(i, depth);
      }
      inputs[FIRST_FOLLOWER + i] = followerSigns[i] * this.parameters.followerConfidence[followerValues[i]];
    }
  }

  /** The weight set of where it stands: in text by the last two characters. */
  #placeSet(): number {
    const { contexts } = this;
    if (contexts.jsonState !== JsonState.inText)
      return PLACE_SETS + contexts.jsonState * 16 + this.#lastClass;
    return TEXT_SETS + this.#lastClass * 16 + contexts.classes[(contexts.last4 >>> 8) & 255];
  }

  /** Learns what the decision that was predicted last came to. */
  update(bit: number): void {
    const { slotOf, table } = this;
    const valueOf = this.#valueOf;
    const rates = this.#rates;
    for (let i = 0; i < CONTEXTS; i++) {
      const slot = slotOf[i];
      if (slot < 0) continue;
      const value = valueOf[i];
      let probability = value >>> 16;
      const count = value & COUNT_MASK;
      const rate = rates[count];
      if (bit !== 0) probability += Math.imul(65535 - probability, rate) >> 15;
      else probability -= Math.imul(probability, rate) >> 15;
      table.set(slot, (probability << 16) | (value & CHECK_MASK) | (count < MAX_COUNT ? count + 1 : count));
    }
    const error = (bit << 16) - this.#mixed;
    if (error > 200 || error < -200) this.mixer.update(error);
    this.map.update(bit);
    this.pairMap.update(bit);
  }
}

function failingStep(left: number): number {
  return left < 8 ? left : left < 16 ? 8 : 9;
}

/** By count: 0 to 5 apart, then ever wider steps. */
export function createCountSteps(): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, count) => {
    if (count < 6) return count;
    return 6 + [8, 11, 15, 20, 27, 36, 46].filter((from) => count >= from).length;
  });
}

/** How far, in 32768ths, a counter moves to what came, by count: 1 / (count + 1.6), at least 1 / 16. */
export function createRates(): Int32Array {
  return Int32Array.from({ length: 256 }, (_, count) =>
    Math.max(Math.floor(327680 / (10 * count + 16)), Math.floor(32768 / 16)),
  );
}

/** By bytes that repeat: 0 to 15 apart, then ever wider steps. */
export function createLengthSteps(): Uint8Array {
  return Uint8Array.from({ length: 128 }, (_, length) => {
    if (length < 16) return length;
    return 16 + [20, 24, 28, 32, 48, 96].filter((from) => length >= from).length;
  });
}
