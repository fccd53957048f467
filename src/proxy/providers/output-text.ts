import { isJsonObject, listOf, member } from "../../shared/json-value.js";
import type { ProviderApi } from "./api.js";

/** The texts that an event of a stream adds to the answer: what it says, thinks, and hands to tools. */
export function deltasOf(api: ProviderApi, event: Record<string, unknown>): string[] {
  switch (api) {
    case "openai-chat":
      return listOf(event.choices).flatMap((choice) => messageTexts(member(choice, "delta")));
    case "openai-completions":
      return listOf(event.choices).flatMap((choice) => texts(member(choice, "text")));
    case "openai-responses":
      // `response.output_text.delta`, `response.function_call_arguments.delta` and their like.
      return typeof event.type === "string" && event.type.endsWith(".delta") ? texts(event.delta) : [];
    case "anthropic-messages":
      return [...blockTexts(event.content_block), ...blockTexts(event.delta)];
    case "openai-embeddings":
    case "other":
      return [];
  }
}

/** The same of a whole response. */
export function outputsOf(api: ProviderApi, response: unknown): string[] {
  switch (api) {
    case "openai-chat":
      return listOf(member(response, "choices")).flatMap((choice) => messageTexts(member(choice, "message")));
    case "openai-completions":
      return listOf(member(response, "choices")).flatMap((choice) => texts(member(choice, "text")));
    case "openai-responses":
      return listOf(member(response, "output")).flatMap((item) => [
        ...texts(member(item, "name")),
        ...texts(member(item, "arguments")),
        ...listOf(member(item, "content")).flatMap((part) => texts(member(part, "text"))),
      ]);
    case "anthropic-messages":
      return listOf(member(response, "content")).flatMap(blockTexts);
    case "openai-embeddings":
    case "other":
      return [];
  }
}

function messageTexts(message: unknown): string[] {
  if (!isJsonObject(message)) return [];
  const calls = listOf(message.tool_calls).map((call) => member(call, "function"));
  return [
    ...texts(message.content),
    ...texts(message.reasoning_content),
    ...texts(message.refusal),
    ...calls.flatMap((call) => [...texts(member(call, "name")), ...texts(member(call, "arguments"))]),
  ];
}

function blockTexts(block: unknown): string[] {
  if (!isJsonObject(block)) return [];
  const input =
    isJsonObject(block.input) && Object.keys(block.input).length > 0 ? [JSON.stringify(block.input)] : [];
  return [
    ...texts(block.text),
    ...texts(block.thinking),
    ...texts(block.name),
    ...texts(block.partial_json),
    ...input,
  ];
}

function texts(value: unknown): string[] {
  return typeof value === "string" && value !== "" ? [value] : [];
}
