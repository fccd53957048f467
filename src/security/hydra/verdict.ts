import { softmax } from "./ops.js";
import { invalid } from "./safetensors.js";
import type { HeadPrediction, HydraConfig, HydraEngineName, HydraLogits, HydraPrediction } from "./types.js";

/** What the network says of one window. */
export interface WindowScore {
  /** UTF-16 range in the text. */
  readonly start: number;
  readonly end: number;
  readonly logits: HydraLogits;
}

/**
 * One prediction from the scores of a text's windows, of which there is at least one.
 * @throws {FormatError} `M2M_WEIGHTS_INVALID` if the weights give no numbers
 */
export function combineWindows(
  scores: readonly WindowScore[],
  { labels }: HydraConfig,
  measured: { latencyMs: number; engine: HydraEngineName },
): HydraPrediction {
  const unsafest = mostAlarming(scores, ({ security }) => security, labels.security.indexOf("UNSAFE"), 1);
  const security = predictHead(labels.security, unsafest.logits.security);
  const compression = predictHead(labels.compression, scores[0].logits.compression);
  const common = { security, compression, windowCount: scores.length, ...measured };
  if (labels.threat === undefined) return { ...common, window: rangeOf(unsafest) };
  const deciding = mostAlarming(scores, ({ threat }) => threat!, labels.threat.indexOf("SAFE"), -1);
  const threat = predictHead(labels.threat, deciding.logits.threat!);
  return { ...common, threat, window: rangeOf(deciding) };
}

function rangeOf({ start, end }: WindowScore): { start: number; end: number } {
  return { start, end };
}

/** The window whose label `index` is the likeliest (`sign` 1) or the unlikeliest (-1) by its logits in one head. */
function mostAlarming(
  scores: readonly WindowScore[],
  head: (logits: HydraLogits) => Float32Array,
  index: number,
  sign: 1 | -1,
): WindowScore {
  let best = scores[0];
  let highest = -Infinity;
  for (const score of scores) {
    const alarm = sign * logOdds(head(score.logits), index);
    if (Number.isNaN(alarm)) throw invalid("The weights give results that are no numbers.");
    if (alarm > highest) [best, highest] = [score, alarm];
  }
  return best;
}

/** Natural-log odds of one label against all others. */
function logOdds(logits: Float32Array, index: number): number {
  let largest = -Infinity;
  for (let i = 0; i < logits.length; i++) if (i !== index && logits[i] > largest) largest = logits[i];
  let others = 0;
  for (let i = 0; i < logits.length; i++) if (i !== index) others += Math.exp(logits[i] - largest);
  return logits[index] - largest - Math.log(others);
}

function predictHead(labels: readonly string[], logits: Float32Array): HeadPrediction {
  const shares = softmax(logits);
  if (!shares.every(Number.isFinite)) throw invalid("The weights give results that are no numbers.");
  const probabilities = Object.fromEntries(labels.map((label, index) => [label, shares[index]]));
  return { label: labels[indexOfLargest(shares)], probabilities };
}

/** Index of the largest value, the first among equals. */
function indexOfLargest(values: ArrayLike<number>): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return best;
}
