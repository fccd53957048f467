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
  const security = scores.map(({ logits }) => predictHead(labels.security, logits.security));
  const unsafe = security.map(({ probabilities }) => probabilities.UNSAFE);
  const deciding = indexOfLargest(unsafe);
  const { start, end } = scores[deciding];
  return {
    security: security[deciding],
    threat: predictThreat(scores, labels.threat),
    compression: predictHead(labels.compression, scores[0].logits.compression),
    window: { start, end },
    windowCount: scores.length,
    ...measured,
  };
}

function predictThreat(
  scores: readonly WindowScore[],
  labels: readonly string[] | undefined,
): HeadPrediction | undefined {
  if (labels === undefined) return undefined;
  const threats = scores.flatMap(({ logits }) => (logits.threat ? [predictHead(labels, logits.threat)] : []));
  return threats[indexOfLargest(threats.map(({ probabilities }) => -probabilities.SAFE))];
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
