/** Requests of Anthropic's Messages API in the words of OpenAI's chat completions. */
import { isJsonObject, listOf, textOf } from "../shared/json-value.js";
import { spellJson } from "./spell-json.js";

type Part = Readonly<Record<string, unknown>>;

/** Parts that are calls of tools. */
const CALLS: ReadonlySet<unknown> = new Set(["tool_use", "mcp_tool_use", "server_tool_use"]);

/** The other parts that chat completions have no word for, and the parts that they come to. */
const READERS: ReadonlyMap<unknown, (part: Part) => unknown[]> = new Map([
  ["tool_result", ({ content }: Part) => partsIn(content)],
  ["mcp_tool_result", ({ content }: Part) => partsIn(content)],
  ["thinking", ({ thinking }: Part) => partsIn(thinking)],
  ["document", readDocument],
  ["search_result", ({ content, source, title }: Part) => [...textsOf(title, source), ...partsIn(content)]],
]);

/** Parts within parts that are read; nothing real is deeper. */
const MAX_DEPTH = 8;

/** Whether `request`, which has `messages`, says something that only Anthropic's API has. */
export function isAnthropicRequest({ messages, system, tools }: Record<string, unknown>): boolean {
  return (
    typeof system === "string" ||
    Array.isArray(system) ||
    listOf(tools).some((tool) => isJsonObject(tool) && isJsonObject(tool.input_schema)) ||
    listOf(messages).some((message) => partsOf(message).some(isOwnPart))
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
  if (!isJsonObject(message) || !parts.some(isOwnPart)) return message;
  const calls = parts.filter(({ type }) => CALLS.has(type));
  return {
    role: message.role,
    content: listOf(message.content).flatMap((part) => readPart(part)),
    tool_calls: calls.map(({ input, name }) => ({ function: { name, arguments: spellJson(input) ?? "" } })),
  };
}

/** The parts that a part comes to. Calls of a message are read apart. */
function readPart(part: unknown, depth = 0): unknown[] {
  if (!isJsonObject(part)) return [part];
  if (CALLS.has(part.type)) return depth === 0 ? [] : [part];
  const read = READERS.get(part.type);
  if (!read || depth > MAX_DEPTH) return [part];
  return read(part).flatMap((inner) => (inner === part ? [part] : readPart(inner, depth + 1)));
}

/** The text of a document, or its parts. Files, and what stands elsewhere, are a part that is not counted. */
function readDocument(document: Part): unknown[] {
  const { context, source, title } = document;
  const { content, data, type } = isJsonObject(source) ? source : {};
  const text = type === "text" ? textsOf(data) : type === "content" ? partsIn(content) : [document];
  return [...textsOf(title, context), ...text];
}

/** A text, or parts. */
function partsIn(content: unknown): unknown[] {
  return typeof content === "string" ? [content] : listOf(content);
}

function textsOf(...values: readonly unknown[]): string[] {
  return values.map(textOf).filter((text) => text !== undefined);
}

function isOwnPart({ type }: Part): boolean {
  return CALLS.has(type) || READERS.has(type);
}

function partsOf(message: unknown): Record<string, unknown>[] {
  return isJsonObject(message) ? listOf(message.content).filter(isJsonObject) : [];
}
