import type { CandidateTables } from "../binarisation/candidates.js";
import type { CodeTrees } from "../binarisation/code-trees.js";
import type { TextIndex } from "../dictionary/match-model.js";
import type { PredictorParameters } from "../modelling/predictor.js";
import { type PackedCounters, unpackCounters } from "./counter-states.js";
import { SlotTable } from "../modelling/slot-table.js";

/** Everything that was learnt, as views over the bytes of the prior file. Nothing in it is ever written. */
export interface Prior {
  /** Names it on the wire. */
  readonly hash: number;
  readonly text: Uint8Array;
  /** Of `text`; made on first use. */
  readonly index: TextIndex;
  readonly candidates: CandidateTables;
  readonly trees: CodeTrees;
  readonly parameters: PredictorParameters;
  readonly counters: PackedCounters;
}

/** A table with the counters that were learnt. */
export function createTable(prior: Prior): SlotTable {
  return new SlotTable(prior.counters.lineBits, (slots) => {
    unpackCounters(prior.counters, slots);
  });
}
