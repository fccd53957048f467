import type { ObjectNode } from "../payload/index.js";
import type { SegmentContext } from "../types.js";
import { sentenceOfName } from "./names.js";

/** The part of a request that is looked at: nothing is known of it yet, or its context. */
export type Place = "envelope" | SegmentContext;

const ROLE_CONTEXTS: Readonly<Record<string, SegmentContext>> = {
  system: "system",
  developer: "system",
  user: "user",
  human: "user",
  assistant: "assistant",
  model: "assistant",
  ai: "assistant",
  bot: "assistant",
  tool: "tool_result",
  function: "tool_result",
};

/** Who speaks in a message of this role. Only a role that is spelled right is trusted as system. */
export function contextOfRole(role: string): SegmentContext {
  return Object.hasOwn(ROLE_CONTEXTS, role) ? ROLE_CONTEXTS[role] : "user";
}

/** Kinds of blocks and items (OpenAI's Responses, Anthropic's Messages) that are not what their message is. */
export function contextOfType(type: string): SegmentContext | undefined {
  if (type.endsWith("tool_result") || type.endsWith("_call_output")) return "tool_result";
  if (type.endsWith("tool_use") || type.endsWith("_call")) return "json";
  if (type === "document" || type === "search_result" || type === "resource") return "document";
  return type === "reasoning" || type === "output_text" ? "assistant" : undefined;
}

/**
 * What stands under these keys of a request, a response or a message, whatever it is in. None of them makes a text more
 * trusted than it was, so they hold anywhere.
 */
const INNER_KEYS: Readonly<Record<string, SegmentContext>> = {
  tool_calls: "json",
  function_call: "json",
  functionCall: "json",
  function_call_output: "tool_result",
  functionResponse: "tool_result",
  tool_result: "tool_result",
};

/** What stands under these keys of the outermost object. */
const ENVELOPE_KEYS: Readonly<Record<string, SegmentContext>> = {
  system: "system",
  instructions: "system",
  systemInstruction: "system",
  system_instruction: "system",
  tools: "document",
  functions: "document",
  documents: "document",
  prompt: "user",
  choices: "assistant",
  output: "assistant",
  output_text: "assistant",
  completion: "assistant",
  candidates: "assistant",
  metadata: "json",
};

/**
 * What stands under `key`, whoever says it; `undefined` if the key says nothing.
 * @param isEnvelope whether it is a key of the outermost object
 */
export function contextOfKey(key: string, isEnvelope: boolean): SegmentContext | undefined {
  if (isEnvelope && Object.hasOwn(ENVELOPE_KEYS, key)) return ENVELOPE_KEYS[key];
  return Object.hasOwn(INNER_KEYS, key) ? INNER_KEYS[key] : undefined;
}

/** Keys that only requests and responses of language models have side by side. */
export function isEnvelope(root: ObjectNode): boolean {
  const has = (key: string): boolean => root.keys.includes(key);
  if (has("messages") || has("contents") || has("choices") || has("candidates")) return true;
  if (isMessage(root)) return true;
  if (has("model") && (has("input") || has("prompt") || has("output") || has("system"))) return true;
  return has("input") && has("instructions");
}

/** Whether an object is a message: who, and what. */
export function isMessage({ keys }: ObjectNode): boolean {
  return (
    keys.includes("role") &&
    (keys.includes("content") || keys.includes("parts") || keys.includes("tool_calls"))
  );
}

/** Keys of the envelope whose values are settings, not text. */
const SETTINGS = new Set([
  "role",
  "type",
  "model",
  "id",
  "object",
  "finish_reason",
  "finishReason",
  "stop_reason",
  "tool_choice",
  "call_id",
  "tool_call_id",
  "tool_use_id",
  "status",
  "service_tier",
  "system_fingerprint",
  "created_at",
  "signature",
  "jsonrpc",
]);
const MAX_SETTING_UNITS = 64;
/** Names of models have fewer. */
const MIN_WORDS_OF_SETTING = 4;

/** Whether a string under `key` is a name of the interface, which says nothing. */
export function isSetting(key: string, text: string): boolean {
  return (
    SETTINGS.has(key) &&
    text.length <= MAX_SETTING_UNITS &&
    /^[\w.:+-]*$/u.test(text) &&
    sentenceOfName(text, MIN_WORDS_OF_SETTING) === undefined
  );
}
