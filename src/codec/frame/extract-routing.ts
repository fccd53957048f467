import { member } from "../../shared/json-value.js";
import { utf8Length } from "../../shared/utf8.js";
import { ASSUMED_COMPLETION_TOKENS, estimateCostUsd, assumedTokens } from "./cost.js";
import { REQUEST_FLAGS } from "./flags.js";
import type { RoutingHeader } from "./header.js";
import { count, has, items, shortText } from "./json-value.js";
import { MAX_ROUTED_MESSAGES, type FrameRole } from "./layout.js";

/** A routing header whose fields are all known, and the flags that go with it. */
export interface Routing {
  header: RoutingHeader & { roles: FrameRole[]; contentHint: number; estCostUsd: number };
  flags: number;
}

/** Request keys whose presence, whatever the value, sets a flag. */
const PRESENCE_FLAGS: readonly (readonly [key: string, flag: number])[] = [
  ["tools", REQUEST_FLAGS.tools],
  ["functions", REQUEST_FLAGS.tools],
  ["tool_choice", REQUEST_FLAGS.toolChoice],
  ["function_call", REQUEST_FLAGS.toolChoice],
  ["response_format", REQUEST_FLAGS.responseFormat],
  ["reasoning_effort", REQUEST_FLAGS.reasoningEffort],
  ["service_tier", REQUEST_FLAGS.serviceTier],
  ["seed", REQUEST_FLAGS.seed],
  ["logprobs", REQUEST_FLAGS.logprobs],
  ["user", REQUEST_FLAGS.user],
  ["temperature", REQUEST_FLAGS.temperature],
  ["top_p", REQUEST_FLAGS.topP],
  ["stop", REQUEST_FLAGS.stop],
];

/** What a chat request's JSON says of itself. Never fails: a field of a wrong type is as good as absent. */
export function extractRouting(json: unknown): Routing {
  const messages = items(member(json, "messages"));
  const roles: FrameRole[] = [];
  let flags = 0;
  let contentHint = 0;
  for (const message of messages) {
    const role = roleOf(message);
    if (roles.length < MAX_ROUTED_MESSAGES) roles.push(role);
    if (role === "system") flags |= REQUEST_FLAGS.systemPrompt;
    const content = member(message, "content");
    contentHint += textLength(content);
    for (const part of items(content)) {
      contentHint += textLength(member(part, "text"));
      if (member(part, "type") === "image_url") flags |= REQUEST_FLAGS.images;
    }
  }
  for (const [key, flag] of PRESENCE_FLAGS) if (has(json, key)) flags |= flag;
  if (member(json, "stream") === true) flags |= REQUEST_FLAGS.stream;
  // The flag promises a number in the header, so it is not set for a null or a string.
  const maxTokens = count(member(json, "max_tokens")) ?? count(member(json, "max_completion_tokens"));
  if (maxTokens !== undefined) flags |= REQUEST_FLAGS.maxTokens;
  const model = shortText(member(json, "model"));
  const estCostUsd = estimateCostUsd(
    model,
    assumedTokens(contentHint),
    maxTokens ?? ASSUMED_COMPLETION_TOKENS,
  );
  return { header: { model, msgCount: roles.length, roles, contentHint, maxTokens, estCostUsd }, flags };
}

/** What an embedding request's JSON says of itself: its model and the size of its input; nothing is completed. */
export function extractEmbeddingRouting(json: unknown): Routing {
  const input = member(json, "input");
  const contentHint = items(input).reduce<number>((sum, item) => sum + textLength(item), textLength(input));
  const model = shortText(member(json, "model"));
  const estCostUsd = estimateCostUsd(model, assumedTokens(contentHint), 0);
  const flags = has(json, "user") ? REQUEST_FLAGS.user : 0;
  return { header: { model, msgCount: 0, roles: [], contentHint, maxTokens: undefined, estCostUsd }, flags };
}

/**
 * Every message gets a role, because a reader takes two bits for each: a message without a role that the format has a
 * code for counts as the user's, the one with the least authority beside the tool's.
 */
function roleOf(message: unknown): FrameRole {
  switch (member(message, "role")) {
    case "system":
    case "developer":
      return "system";
    case "assistant":
      return "assistant";
    case "tool":
    case "function":
      return "tool";
    default:
      return "user";
  }
}

function textLength(value: unknown): number {
  return typeof value === "string" ? utf8Length(value) : 0;
}
