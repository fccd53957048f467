import { assertOptions } from "../shared/bounds.js";
import { InputError } from "../shared/errors.js";
import type { ModelCard } from "./card.js";

/** Tokens of one request, as providers report usage. */
export interface TokenUsage {
  /** All input tokens, cached ones included. */
  inputTokens: number;
  /** Those of `inputTokens` that came from the provider's prompt cache. */
  cachedInputTokens?: number;
  outputTokens?: number;
}

/**
 * What `usage` costs at the list price of `card`, in US dollars, or `undefined` where the price is unknown. Cached
 * input without a price of its own counts as ordinary input: never less than what is billed.
 * @throws {InputError} `M2M_USAGE` if a count is negative or no number, or more is cached than was put in.
 */
export function costUsd(card: ModelCard, usage: TokenUsage): number | undefined {
  assertOptions("A card", card);
  assertOptions("The usage", usage);
  const { inputTokens, cachedInputTokens = 0, outputTokens = 0 } = usage;
  for (const [name, count] of Object.entries({ inputTokens, cachedInputTokens, outputTokens })) {
    if (!(typeof count === "number" && count >= 0 && count < Infinity)) {
      throw new InputError("M2M_USAGE", `${name} is ${String(count)}; it counts tokens from 0.`);
    }
  }
  if (cachedInputTokens > inputTokens) {
    throw new InputError(
      "M2M_USAGE",
      `cachedInputTokens (${cachedInputTokens}) is over inputTokens (${inputTokens}).`,
    );
  }
  const price = card.price;
  if (!price) return undefined;
  if (outputTokens > 0 && price.outputUsdPerMillion === undefined) return undefined;
  const cachedPrice = price.cachedInputUsdPerMillion ?? price.inputUsdPerMillion;
  return (
    ((inputTokens - cachedInputTokens) * price.inputUsdPerMillion +
      cachedInputTokens * cachedPrice +
      outputTokens * (price.outputUsdPerMillion ?? 0)) /
    1e6
  );
}
