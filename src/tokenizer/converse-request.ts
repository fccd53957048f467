/** Requests of Amazon Bedrock's Converse API in the words of OpenAI's chat completions. */
import { isGiven, isJsonObject, listOf, textOf } from "../shared/json-value.js";
import { spellJson } from "./spell-json.js";

/** Members that Converse alone has; `modelId` mostly stands in the address. */
const MEMBERS = ["modelId", "toolConfig", "inferenceConfig", "guardrailConfig"];
/** A block is an object with the one member that says what it is. */
const BLOCKS = ["toolUse", "toolResult", "guardContent", "reasoningContent", "cachePoint"];

/** Whether `request`, which has `messages`, says something that only Converse has. */
export function isConverseRequest(request: Record<string, unknown>): boolean {
  return (
    MEMBERS.some((name) => isGiven(request[name])) ||
    listOf(request.messages).some((message) =>
      blocksOf(message).some((block) => BLOCKS.some((name) => name in block)),
    )
  );
}

/** The messages of a Converse request, `system` first. */
export function readConverseMessages({ messages, system }: Record<string, unknown>): unknown[] {
  const before = isGiven(system) ? [{ role: "system", content: listOf(system).flatMap(readBlock) }] : [];
  return [...before, ...listOf(messages).map(readMessage)];
}

/** Its tools as functions. */
export function readConverseTools(toolConfig: unknown): unknown[] {
  const tools = isJsonObject(toolConfig) ? listOf(toolConfig.tools) : [];
  return tools
    .filter((tool) => !(isJsonObject(tool) && "cachePoint" in tool))
    .map((tool) => {
      const spec = isJsonObject(tool) && isJsonObject(tool.toolSpec) ? tool.toolSpec : {};
      const { description, inputSchema, name } = spec;
      const parameters = isJsonObject(inputSchema) ? inputSchema.json : undefined;
      return { type: "function", function: { name, description, parameters } };
    });
}

function readMessage(message: unknown): unknown {
  if (!isJsonObject(message)) return message;
  const calls = blocksOf(message)
    .map(({ toolUse }) => toolUse)
    .filter(isJsonObject);
  return {
    role: message.role,
    content: Array.isArray(message.content) ? message.content.flatMap(readBlock) : message.content,
    tool_calls: calls.map(({ input, name }) => ({ function: { name, arguments: spellJson(input) ?? "" } })),
  };
}

/** The parts that a block comes to. */
function readBlock(block: unknown): unknown[] {
  if (!isJsonObject(block) || "toolUse" in block || "cachePoint" in block)
    return isJsonObject(block) ? [] : [block];
  const { guardContent, json, reasoningContent, text, toolResult } = block;
  if (isJsonObject(toolResult)) return listOf(toolResult.content).flatMap(readBlock);
  if (isJsonObject(guardContent)) return [guardContent.text];
  if (isJsonObject(reasoningContent)) return [reasoningContent.reasoningText];
  if (text === undefined && json !== undefined) return [{ text: spellJson(json) }];
  return [textOf(text) === undefined ? block : { text }];
}

function blocksOf(message: unknown): Record<string, unknown>[] {
  return isJsonObject(message) ? listOf(message.content).filter(isJsonObject) : [];
}
