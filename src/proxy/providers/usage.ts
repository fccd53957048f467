import type { ModelRegistry, TokenUsage } from "../../models/index.js";
import { isJsonObject, member, textOf } from "../../shared/json-value.js";
import { readMembers } from "./json-members.js";

/** Tokens of one request. */
export interface Usage extends TokenUsage {
  /** All input, cached and written to the cache included. */
  readonly inputTokens: number;
  /** Those of `inputTokens` that were read from the provider's prompt cache. */
  readonly cachedInputTokens: number;
  /** Those of `inputTokens` that were written to it at a surcharge: Anthropic's, for five minutes and for an hour. */
  readonly cacheWriteTokens: number;
  readonly cacheWrite1hTokens: number;
  readonly outputTokens: number;
  /** Those of `outputTokens` that are thoughts. */
  readonly reasoningTokens: number;
  /** Who counted: the provider, or this package where the provider told nothing. */
  readonly source: "provider" | "counted";
}

/** What the answer says of itself. */
export interface ResponseFacts {
  readonly id?: string;
  /** The model that answered, often a dated snapshot of the one that was asked. */
  readonly model?: string;
  readonly usage?: Usage;
}

const RESPONSE_MEMBERS = ["id", "model", "usage"] as const;

/** Surcharge for cache writes, over the price of input (docs.anthropic.com, prompt caching: 1.25 and 2 times it). */
const WRITE_SURCHARGE = 0.25;
const WRITE_1H_SURCHARGE = 1;

/** Reads a whole response; only the members that matter are parsed. */
export function readResponse(body: Buffer): ResponseFacts {
  const { id, model, usage } = readMembers(body, RESPONSE_MEMBERS);
  return { id: textOf(id), model: textOf(model), usage: readUsage(usage) };
}

/** Usage as OpenAI's two spellings and Anthropic's have it; `undefined` if `value` is none of them. */
export function readUsage(value: unknown): Usage | undefined {
  if (!isJsonObject(value)) return undefined;
  if (isCount(value.prompt_tokens)) {
    return usageOf({
      input: value.prompt_tokens,
      output: value.completion_tokens,
      cached: member(value.prompt_tokens_details, "cached_tokens"),
      reasoning: member(value.completion_tokens_details, "reasoning_tokens"),
    });
  }
  if (!isCount(value.input_tokens) && !isCount(value.output_tokens)) return undefined;
  const read = countOf(value.cache_read_input_tokens);
  const written = countOf(value.cache_creation_input_tokens);
  // Anthropic counts cached input beside `input_tokens`, OpenAI within it.
  return usageOf({
    input: countOf(value.input_tokens) + read + written,
    output: value.output_tokens,
    cached: read > 0 ? read : member(value.input_tokens_details, "cached_tokens"),
    written,
    written1h: member(value.cache_creation, "ephemeral_1h_input_tokens"),
    reasoning:
      member(value.output_tokens_details, "reasoning_tokens") ??
      member(value.output_tokens_details, "thinking_tokens"),
  });
}

/**
 * What `usage` costs at the list price of the model, in US dollars.
 * @param models names of the model, the best known first
 * @returns `undefined` if no name is known, or its price is not
 */
export function usageCostUsd(
  registry: ModelRegistry,
  models: ReadonlyArray<string | undefined>,
  usage: Usage,
): number | undefined {
  for (const name of models) {
    const card = name === undefined ? undefined : registry.find(name);
    const cost = card && registry.costUsd(card, usage);
    if (!card?.price || cost === undefined) continue;
    const surcharge =
      (usage.cacheWriteTokens - usage.cacheWrite1hTokens) * WRITE_SURCHARGE +
      usage.cacheWrite1hTokens * WRITE_1H_SURCHARGE;
    return cost + (surcharge * card.price.inputUsdPerMillion) / 1e6;
  }
  return undefined;
}

interface Counts {
  readonly input: unknown;
  readonly output: unknown;
  readonly cached: unknown;
  readonly reasoning?: unknown;
  readonly written?: unknown;
  readonly written1h?: unknown;
}

/** Parts are never more than what they are part of, whatever a provider says: money is computed with them. */
function usageOf({ input, output, cached, reasoning, written, written1h }: Counts): Usage {
  const inputTokens = countOf(input);
  const outputTokens = countOf(output);
  const cachedInputTokens = Math.min(countOf(cached), inputTokens);
  const cacheWriteTokens = Math.min(countOf(written), inputTokens - cachedInputTokens);
  return {
    inputTokens,
    cachedInputTokens,
    cacheWriteTokens,
    cacheWrite1hTokens: Math.min(countOf(written1h), cacheWriteTokens),
    outputTokens,
    reasoningTokens: Math.min(countOf(reasoning), outputTokens),
    source: "provider",
  };
}

function isCount(value: unknown): value is number {
  return typeof value === "number" && value >= 0 && Number.isSafeInteger(value);
}

function countOf(value: unknown): number {
  return isCount(value) ? value : 0;
}
