import type { CandidateTables } from "../../src/codec/context/binarisation/candidates.js";
import { type CodeTrees, growTrees } from "../../src/codec/context/binarisation/code-trees.js";
import { indexText, type TextIndex } from "../../src/codec/context/dictionary/match-model.js";
import { ContextModel } from "../../src/codec/context/model.js";
import { createTable } from "../../src/codec/context/prior/prior.js";
import { type PredictorParameters } from "../../src/codec/context/modelling/predictor.js";
import { type PackedCounters } from "../../src/codec/context/prior/counter-states.js";
import type { PriorParts } from "../../src/codec/context/prior/prior-file.js";
import type { Prior } from "../../src/codec/context/prior/prior.js";
import { Calibrator, createParameters } from "./calibration.js";
import { learnCodeLengths } from "./code-lengths.js";
import { createRandom, type Message, shuffle } from "./corpus.js";
import { packCounters } from "./counters.js";
import { countNodes } from "./count-nodes.js";
import { learnCandidates } from "./likely-bytes.js";
import { learnEnds } from "./message-ends.js";
import { chooseText } from "./shipped-text.js";

export interface LearnOptions {
  readonly textBytes: number;
  readonly counters: number;
  readonly lineBits: number;
  /** Bytes of each message that are learnt from. */
  readonly messageBytes: number;
  readonly seed: number;
  readonly log: (line: string) => void;
}

export const DEFAULT_OPTIONS: LearnOptions = {
  textBytes: 393_216,
  counters: 1_300_000,
  lineBits: 17,
  messageBytes: 16_000,
  seed: 1,
  log: () => undefined,
};

export const TEXT_INDEX_BITS = 18;

/** What is learnt without looking at predictions. */
export interface Statistics {
  readonly index: TextIndex;
  readonly lengths: Uint8Array;
  readonly trees: CodeTrees;
  readonly candidates: CandidateTables;
  readonly counters: PackedCounters;
}

export interface Learnt extends Statistics {
  readonly parameters: PredictorParameters;
}

export function learn(messages: readonly Message[], options: LearnOptions): Learnt {
  const { known, unknown } = splitForCalibration(messages);
  const parameters = calibrateOn(gather(known, options), unknown, options);
  return { ...gather(messages, options), parameters };
}

/** Large repositories, and the many small ones that stand for what is not known yet. */
export function splitForCalibration(messages: readonly Message[]): { known: Message[]; unknown: Message[] } {
  const sizes = new Map<string, number>();
  let total = 0;
  for (const { repository, bytes, exact } of messages) {
    if (!exact) continue;
    const size = Math.min(bytes.length, 4096);
    sizes.set(repository, (sizes.get(repository) ?? 0) + size);
    total += size;
  }
  const small = new Set<string>();
  let sum = 0;
  for (const [repository, size] of [...sizes].sort((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1))) {
    sum += size;
    if (sum > total * CALIBRATION_SHARE) break;
    small.add(repository);
  }
  return {
    known: messages.filter(({ repository }) => !small.has(repository)),
    unknown: messages.filter(
      ({ repository, exact, bytes }) => exact && small.has(repository) && bytes.length <= 8192,
    ),
  };
}

/** Share of what is exact that calibrates. */
const CALIBRATION_SHARE = 0.35;

export function calibrateOn(
  statistics: Statistics,
  examples: readonly Message[],
  options: LearnOptions,
): PredictorParameters {
  const random = createRandom(options.seed);
  const parameters = createParameters();
  const calibrator = new Calibrator(parameters);
  parameters.ends.set(learnEnds(examples));
  for (const rate of [120, 60, 30, 12, 6]) {
    const share = calibrate(statistics, parameters, calibrator, shuffle([...examples], random), rate);
    options.log(`calibrated at ${rate}: ${share.toFixed(4)}`);
  }
  return parameters;
}

function calibrate(
  statistics: Statistics,
  parameters: PredictorParameters,
  calibrator: Calibrator,
  examples: readonly Message[],
  rate: number,
): number {
  const prior = toPrior({ ...statistics, parameters });
  const model = new ContextModel(toPrior({ ...statistics, parameters }), calibrator, createTable(prior), {
    mixer: rate,
    runBits: 6,
  });
  calibrator.predictor = model.predictor;
  calibrator.isLearning = true;
  calibrator.costBits = 0;
  let total = 0;
  for (const { bytes } of examples) {
    const part = bytes.subarray(0, 4096);
    model.predictor.table.restore();
    model.predictor.followers.forget();
    model.match.reset();
    model.startMessage();
    model.encode(part);
    total += part.length;
  }
  const { mixer, map, pairMap } = model.predictor;
  mixer.weights.forEach((weight, i) => {
    parameters.weights[i] = Math.max(-32768, Math.min(32767, weight));
  });
  parameters.map.set(map.curves);
  parameters.pairMap.set(pairMap.curves);
  parameters.runs.set(model.runs.probabilities);
  return calibrator.costBits / 8 / total;
}

export function gather(all: readonly Message[], options: LearnOptions): Statistics {
  const messages = shuffle([...all], createRandom(options.seed));
  const { messageBytes, log } = options;
  const { text, used } = chooseText(messages, options.textBytes, messageBytes);
  log(`text ${text.length} of ${used.size} messages`);
  const lengths = learnCodeLengths(messages, messageBytes);
  const trees = growTrees(lengths);
  const candidates = learnCandidates(messages, messageBytes);
  const index = indexText(text, TEXT_INDEX_BITS);
  const counts = countNodes(messages, { index, trees, candidates, used }, options);
  log(`counted ${counts.used} nodes`);
  const counters = packCounters(counts, options.lineBits, options.counters, (at) => {
    const spread = countBits(counts.repositories[at]);
    // What one source alone says is not learnt.
    if (spread < 2) return 0;
    const parent = counts.parents[at];
    const own = clip(counts.probabilities[at] / 65536);
    const base = parent < 0 ? 0.5 : clip(counts.probabilities[parent] / 65536);
    const divergence = own * Math.log2(own / base) + (1 - own) * Math.log2((1 - own) / (1 - base));
    return counts.messages[at] * (1 + 2 * Math.log2(spread)) * (divergence + CERTAINTY_WORTH);
  });
  log(`kept ${counters.states.length} counters`);
  return { index, lengths, trees, candidates, counters };
}

/** Bits that a counter is worth which only confirms a shorter context's. */
const CERTAINTY_WORTH = 0.06;

function clip(p: number): number {
  return Math.min(0.995, Math.max(0.005, p));
}

function countBits(value: number): number {
  let count = 0;
  for (let rest = value; rest !== 0; rest &= rest - 1) count++;
  return count;
}

export function toParts(learnt: Learnt): PriorParts {
  return {
    ...learnt.parameters,
    counters: learnt.counters,
    text: learnt.index.text,
    ...learnt.candidates,
    codeLengths: learnt.lengths,
  };
}

export function toPrior(learnt: Learnt): Prior {
  return {
    hash: 0,
    text: learnt.index.text,
    index: learnt.index,
    candidates: learnt.candidates,
    trees: learnt.trees,
    parameters: learnt.parameters,
    counters: learnt.counters,
  };
}
