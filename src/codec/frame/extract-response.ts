import { member } from "../../shared/json-value.js";
import { estimateCostUsd } from "./cost.js";
import { RESPONSE_FLAGS } from "./flags.js";
import type { ResponseHeader } from "./header.js";
import { count, has, items, shortText } from "./json-value.js";
import { FINISH_REASONS, type FinishReason } from "./layout.js";

/** A response header and the flags that go with it. */
export interface Response {
  header: ResponseHeader;
  flags: number;
}

/**
 * What a response's, embedding response's or error's JSON says of itself. Never fails: a field of a wrong type is as
 * good as absent.
 * @param estimatesCost the protocol's price table is about chat models
 */
export function extractResponse(json: unknown, estimatesCost: boolean): Response {
  const choice = items(member(json, "choices"))[0];
  const message = member(choice, "message");
  const finishReason = parseFinishReason(member(choice, "finish_reason") ?? member(json, "stop_reason"));
  let flags = 0;
  if (has(message, "tool_calls")) flags |= RESPONSE_FLAGS.toolCalls;
  if (typeof member(message, "refusal") === "string") flags |= RESPONSE_FLAGS.refusal;
  if (finishReason === "content_filter") flags |= RESPONSE_FLAGS.contentFiltered;
  if (finishReason === "length") flags |= RESPONSE_FLAGS.truncated;

  const usage = member(json, "usage");
  const header: ResponseHeader = {
    id: shortText(member(json, "id")),
    model: shortText(member(json, "model")),
    finishReason,
    promptTokens: count(member(usage, "prompt_tokens") ?? member(usage, "input_tokens")) ?? 0,
    completionTokens: count(member(usage, "completion_tokens") ?? member(usage, "output_tokens")) ?? 0,
  };
  const promptDetails = member(usage, "prompt_tokens_details") ?? member(usage, "input_tokens_details");
  const cached = count(member(promptDetails, "cached_tokens") ?? member(usage, "cache_read_input_tokens"));
  if (cached) {
    header.cachedTokens = cached;
    flags |= RESPONSE_FLAGS.cachedTokens;
  }
  const completionDetails =
    member(usage, "completion_tokens_details") ?? member(usage, "output_tokens_details");
  const reasoning = count(member(completionDetails, "reasoning_tokens"));
  if (reasoning) {
    header.reasoningTokens = reasoning;
    flags |= RESPONSE_FLAGS.reasoningTokens;
  }
  if (usage !== undefined) {
    flags |= RESPONSE_FLAGS.usage;
    if (estimatesCost) {
      header.estCostUsd = estimateCostUsd(header.model, header.promptTokens, header.completionTokens);
      flags |= RESPONSE_FLAGS.costEstimate;
    }
  }
  return { header, flags };
}

/** Anthropic's `stop_reason`, in the words of the format. */
const STOP_REASONS: readonly (readonly [stopReason: string, reason: FinishReason])[] = [
  ["end_turn", "stop"],
  ["stop_sequence", "stop"],
  ["max_tokens", "length"],
  ["tool_use", "tool_calls"],
  ["refusal", "content_filter"],
];

function parseFinishReason(value: unknown): FinishReason {
  const stopReason = STOP_REASONS.find(([name]) => name === value)?.[1];
  return stopReason ?? FINISH_REASONS.find((reason) => reason === value) ?? "unknown";
}
