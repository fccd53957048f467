import type { BitCoder } from "../../src/codec/context/binarisation/symbol-coder.js";
import { END_VALUES } from "../../src/codec/context/binarisation/end-coder.js";
import { RUN_VALUES } from "../../src/codec/context/binarisation/run-coder.js";
import { MAP_POINTS } from "../../src/codec/context/mixing/probability-map.js";
import { CONTEXTS } from "../../src/codec/context/modelling/byte-contexts.js";
import { FOLLOWER_VALUES, FOLLOWERS } from "../../src/codec/context/modelling/followers.js";
import {
  CONFIDENCE_VALUES,
  COUNT_STEPS,
  INPUTS,
  MAP_VALUES,
  MATCH_VALUES,
  PAIR_MAP_VALUES,
  type Predictor,
  type PredictorParameters,
  PROBABILITY_STEPS,
  WEIGHT_SETS,
} from "../../src/codec/context/modelling/predictor.js";

const toStretch = (p: number): number =>
  Math.max(-2047, Math.min(2047, Math.round(256 * Math.log(p / (1 - p)))));
const toProbability = (stretched: number): number => 1 / (1 + Math.exp(-stretched / 256));

/** Parameters before anything was learnt. */
export function createParameters(): PredictorParameters {
  const curves = (values: number): Uint16Array =>
    Uint16Array.from({ length: values }, (_, i) =>
      Math.round(65535 * toProbability(Math.min(2047, ((i % MAP_POINTS) * 4096) / (MAP_POINTS - 1) - 2048))),
    );
  return {
    stretch: Int16Array.from({ length: 4096 }, (_, i) => toStretch((i + 0.5) / 4096)),
    squash: Uint16Array.from({ length: 4096 }, (_, i) =>
      Math.max(24, Math.min(65512, Math.round(65536 * toProbability(i - 2048)))),
    ),
    confidence: Int16Array.from({ length: CONFIDENCE_VALUES }, (_, i) => {
      const count = Math.floor(i / PROBABILITY_STEPS) % COUNT_STEPS;
      const stretched = (i % PROBABILITY_STEPS) * 64 - 2016;
      return count === 0 ? 0 : Math.round(stretched * Math.min(1, 0.5 + 0.1 * count));
    }),
    matchConfidence: Int16Array.from({ length: MATCH_VALUES }, () => toStretch(0.85)),
    // A follower agrees with a guess, or it does not.
    followerConfidence: Int16Array.from({ length: FOLLOWER_VALUES }, (_, i) => ((i >> 4) & 1 ? 128 : -64)),
    weights: Int16Array.from({ length: WEIGHT_SETS * INPUTS }, (_, i) =>
      i % INPUTS < CONTEXTS + 2 ? 1600 : 333,
    ),
    map: curves(MAP_VALUES),
    pairMap: curves(PAIR_MAP_VALUES),
    runs: new Uint16Array(RUN_VALUES).fill(58000),
    ends: new Uint16Array(END_VALUES).fill(32768),
  };
}

/** Learns what each confidence is worth, beside what the predictor learns itself, and adds up what messages cost. */
export class Calibrator implements BitCoder {
  predictor!: Predictor;
  isLearning = false;
  costBits = 0;
  readonly #confidence: Float64Array;
  readonly #seen = new Uint16Array(CONFIDENCE_VALUES).fill(12);
  readonly #match: Float64Array;
  readonly #follower: Float64Array;

  constructor(parameters: PredictorParameters) {
    this.#confidence = Float64Array.from(parameters.confidence, toProbability);
    this.#match = Float64Array.from(parameters.matchConfidence, toProbability);
    this.#follower = Float64Array.from(parameters.followerConfidence, toProbability);
  }

  code(bit: number, probability: number): number {
    this.costBits -= Math.log2((bit === 0 ? 65536 - probability : probability) / 65536);
    if (this.isLearning) this.#learn(bit);
    return bit;
  }

  #learn(bit: number): void {
    const { slotOf, curveOf, matchValue, parameters } = this.predictor;
    for (let i = 0; i < CONTEXTS; i++) {
      if (slotOf[i] < 0) continue;
      const curve = curveOf[i];
      const seen = this.#seen[curve];
      this.#confidence[curve] += (bit - this.#confidence[curve]) / (seen + 1.5);
      if (seen < 1000) this.#seen[curve]++;
      parameters.confidence[curve] = toStretch(this.#confidence[curve]);
    }
    const { followerValues, followerSigns } = this.predictor;
    for (let i = 0; i < FOLLOWERS; i++) {
      const value = followerValues[i];
      if (value < 0) continue;
      const goal = followerSigns[i] > 0 ? bit : 1 - bit;
      this.#follower[value] += (goal - this.#follower[value]) * 0.004;
      parameters.followerConfidence[value] = toStretch(this.#follower[value]);
    }
    if (matchValue < 0) return;
    this.#match[matchValue] += (bit - this.#match[matchValue]) * 0.004;
    parameters.matchConfidence[matchValue] = toStretch(this.#match[matchValue]);
  }
}
