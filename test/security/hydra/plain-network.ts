import { dequantise, type Matrix } from "../../../src/security/hydra/floats.js";
import type { HydraConfig } from "../../../src/security/hydra/types.js";
import type { HydraWeights } from "../../../src/security/hydra/weights.js";

const product = ({ rows, cols, values }: Matrix, x: readonly number[]): number[] =>
  Array.from({ length: rows }, (_, row) =>
    x.reduce((sum, value, col) => sum + values[row * cols + col] * value, 0),
  );
const silu = (x: number): number => x / (1 + Math.exp(-x));

/** The network as its definition reads: every expert computed, full softmax, plain loops. Logits of one window. */
export function runPlainly(
  weights: HydraWeights,
  config: HydraConfig,
  ids: readonly number[],
  ngrams: readonly number[],
) {
  const embed = dequantise(weights.embed);
  const row = (id: number, j: number): number => embed.values[Math.min(id, embed.rows - 1) * embed.cols + j];
  let x = Array.from(
    { length: embed.cols },
    (_, j) => ids.reduce((sum, id) => sum + row(id, j), 0) / Math.max(1, ids.length),
  );
  for (const { gate, gateBias, experts } of weights.layers) {
    const logits = product(gate, x).map((value, expert) => value + gateBias[expert]);
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
    const shares = logits.map((logit) => Math.exp(logit) / total);
    const chosen = shares
      .map((share, expert) => ({ share, expert }))
      .sort((a, b) => b.share - a.share || a.expert - b.expert)
      .slice(0, config.topK);
    const kept = chosen.reduce((sum, { share }) => sum + share, 0);
    const outputs = experts.map((matrices) =>
      matrices.reduce((h, matrix, i) => product(matrix, i === 0 ? h : h.map(silu)), x),
    );
    x = x.map((value, j) =>
      chosen.reduce((sum, { share, expert }) => sum + (share / kept) * outputs[expert][j], value),
    );
  }
  const mean = x.reduce((a, b) => a + b, 0) / x.length;
  const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
  const normal = x.map(
    (value, j) =>
      ((value - mean) / Math.sqrt(variance + config.layerNormEpsilon)) * weights.normWeight[j] +
      weights.normBias[j],
  );
  const semantic = product(weights.semanticHead, normal);
  const linear = weights.ngram && dequantise(weights.ngram);
  const divisor =
    config.ngram?.pooling === "mean" ? Math.max(1, ngrams.length) : Math.sqrt(Math.max(1, ngrams.length));
  const branch = (label: number): number =>
    linear
      ? ngrams.reduce((sum, bucket) => sum + linear.values[bucket * linear.cols + label], 0) / divisor
      : 0;
  const security = product(weights.securityHead, semantic).map((value, label) => value + branch(label));
  return {
    security,
    threat:
      weights.threatHead &&
      product(weights.threatHead, semantic).map((value, label) => value + branch(security.length + label)),
    compression: product(weights.compressionHead, semantic),
  };
}
