import type { ModelRegistry } from "../../models/index.js";
import { readMembers } from "../providers/index.js";

/** What a request will take, as far as one can say before it is answered. */
export interface SpendEstimate {
  /** Of input and output. */
  readonly tokens: number;
  /** `undefined`: the price of the model is unknown. */
  readonly usd: number | undefined;
}

/** Of JSON in English; counting exactly would cost more than it tells, since the output is a guess anyway. */
const BYTES_PER_TOKEN = 4;
/** What is set aside for an answer that may be of any length: most are shorter. */
const DEFAULT_OUTPUT_TOKENS = 1024;

/** What a request says of the size of its answers. */
const SIZES = ["max_completion_tokens", "max_tokens", "max_output_tokens", "n"] as const;

/** Estimates a request of an API that the proxy understands, from above rather than from below. */
export function estimateSpend(
  registry: ModelRegistry,
  model: string | undefined,
  body: Buffer,
): SpendEstimate {
  const card = model === undefined ? undefined : registry.find(model);
  const found = readMembers(body, SIZES);
  const valueOf = (name: (typeof SIZES)[number]): number | undefined => {
    const value = found[name];
    return typeof value === "number" && value >= 1 ? Math.ceil(value) : undefined;
  };
  const asked = valueOf("max_completion_tokens") ?? valueOf("max_tokens") ?? valueOf("max_output_tokens");
  const most = card?.maxOutputTokens ?? Infinity;
  const answers = Math.min(valueOf("n") ?? 1, 128);
  const outputTokens =
    card?.kind === "embedding" ? 0 : Math.min(asked ?? DEFAULT_OUTPUT_TOKENS, most, 1e7) * answers;
  // Images are many bytes and few tokens.
  const inputTokens = Math.min(Math.ceil(body.length / BYTES_PER_TOKEN), card?.contextWindow ?? Infinity);
  return {
    tokens: inputTokens + outputTokens,
    usd: card && registry.costUsd(card, { inputTokens, outputTokens }),
  };
}
