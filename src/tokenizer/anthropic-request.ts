/** Requests of Anthropic's Messages API in the words of OpenAI's chat completions. */
import { isJsonObject, listOf } from "../shared/json-value.js";
import { spellJson } from "./spell-json.js";

/** What chat completions have no word for. */
const PARTS: ReadonlySet<unknown> = new Set(["tool_use", "tool_result"]);

/** Whether `request`, which has `messages`, says something that only Anthropic's API has. */
export function isAnthropicRequest({ messages, system, tools }: Record<string, unknown>): boolean {
  return (
    typeof system === "string" ||
    Array.isArray(system) ||
    listOf(tools).some((tool) => isJsonObject(tool) && isJsonObject(tool.input_schema)) ||
    listOf(messages).some((message) => partsOf(message).some((part) => PARTS.has(part.type)))
  );
}

/** The messages of an Anthropic request, `system` first. */
export function readAnthropicMessages({ messages, system }: Record<string, unknown>): unknown[] {
  const isGiven = typeof system === "string" || Array.isArray(system);
  return [
    ...(isGiven ? [{ role: "system", content: system as unknown }] : []),
    ...listOf(messages).map(readMessage),
  ];
}

/** Its tools as functions; those that run at the provider have a name alone. */
export function readAnthropicTools(tools: unknown): unknown[] {
  return listOf(tools).map((tool) => {
    if (!isJsonObject(tool)) return tool;
    const { description, input_schema: parameters, name } = tool;
    return { type: "function", function: { name, description, parameters } };
  });
}

function readMessage(message: unknown): unknown {
  const parts = partsOf(message);
  if (!isJsonObject(message) || !parts.some(({ type }) => PARTS.has(type))) return message;
  const calls = parts.filter(({ type }) => type === "tool_use");
  return {
    role: message.role,
    content: listOf(message.content).flatMap((part) => {
      if (!isJsonObject(part) || !PARTS.has(part.type)) return [part];
      return part.type === "tool_result" ? resultOf(part.content) : [];
    }),
    tool_calls: calls.map(({ input, name }) => ({ function: { name, arguments: spellJson(input) ?? "" } })),
  };
}

/** What a tool has answered: a text, or parts. */
function resultOf(content: unknown): unknown[] {
  return typeof content === "string" ? [content] : listOf(content);
}

function partsOf(message: unknown): Record<string, unknown>[] {
  return isJsonObject(message) ? listOf(message.content).filter(isJsonObject) : [];
}
