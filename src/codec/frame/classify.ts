import { member } from "../../shared/json-value.js";
import { has, items } from "./json-value.js";
import type { FrameSchema } from "./layout.js";

/**
 * What a parsed JSON text is, by the keys of the common APIs. Anything that is not recognised is a request, as in the
 * published implementation; it also labels stream chunks, errors and embeddings so, which have their own labels here.
 *
 * This is the protocol's label: its rules stand in docs/spec/frame.md, and a change would change bytes on the wire. What
 * `Content.kind` says is for people, has more words (the API, JSON-RPC, event streams) and may change freely; so neither
 * is built on the other.
 */
export function classify(json: unknown): Exclude<FrameSchema, "custom" | "unknown"> {
  if (has(json, "messages") && has(json, "model")) return "request";
  if (member(json, "object") === "chat.completion.chunk") return "stream";
  if (has(json, "choices") || isChatCompletionId(member(json, "id")) || isOtherResponse(json))
    return "response";
  if (isEmbeddingRequest(json)) return "embedding-request";
  if (member(items(member(json, "data"))[0], "object") === "embedding") return "embedding-response";
  if (isError(member(json, "error"))) return "error";
  return "request";
}

function isChatCompletionId(id: unknown): boolean {
  return typeof id === "string" && id.startsWith("chatcmpl-");
}

/** A response of OpenAI's Responses API or of Anthropic's Messages API. */
function isOtherResponse(json: unknown): boolean {
  if (typeof member(json, "id") !== "string") return false;
  return (
    member(json, "object") === "response" || (member(json, "type") === "message" && has(json, "content"))
  );
}

/** `input` alone is also a request of the Responses API, so a key or a model of embeddings has to be there too. */
function isEmbeddingRequest(json: unknown): boolean {
  if (!has(json, "input")) return false;
  if (has(json, "encoding_format") || has(json, "dimensions")) return true;
  const model = member(json, "model");
  return typeof model === "string" && model.toLowerCase().includes("embed");
}

function isError(error: unknown): boolean {
  return typeof error === "string" || typeof member(error, "message") === "string";
}
