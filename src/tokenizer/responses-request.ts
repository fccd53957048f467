/** Requests of OpenAI's Responses API in the words of its chat completions. */
import { isGiven, isJsonObject, listOf, textOf } from "../shared/json-value.js";
import { spellJson } from "./spell-json.js";

/** Whether `request`, which has neither `messages` nor `contents`, is one of `POST /v1/responses`. */
export function isResponsesRequest({ input, instructions, prompt }: Record<string, unknown>): boolean {
  return (
    Array.isArray(input) ||
    typeof input === "string" ||
    typeof instructions === "string" ||
    (isJsonObject(prompt) && typeof prompt.id === "string")
  );
}

/** The messages of a request, its instructions first. */
export function readResponsesMessages({ input, instructions, prompt }: Record<string, unknown>): unknown[] {
  const items = typeof input === "string" ? [{ role: "user", content: input }] : listOf(input);
  return [
    ...readVariables(prompt),
    ...(typeof instructions === "string" ? [{ role: "system", content: instructions }] : []),
    ...items.map(readItem),
  ];
}

/** Its tools as functions: their members stand beside the type, not within. */
export function readResponsesTools(tools: unknown): unknown[] {
  return listOf(tools).map((tool) => ({ type: "function", function: tool }));
}

/** What it refers to and the provider keeps: what was said before, and a prompt. */
export function countAbsentParts({
  conversation,
  previous_response_id,
  prompt,
}: Record<string, unknown>): number {
  const isFollowUp = isGiven(conversation) || isGiven(previous_response_id);
  return Number(isFollowUp) + Number(isGiven(prompt));
}

/** What is put into a prompt that the provider keeps: texts, and parts as messages have them. */
function readVariables(prompt: unknown): unknown[] {
  const variables = isJsonObject(prompt) && isJsonObject(prompt.variables) ? prompt.variables : {};
  const content = Object.values(variables);
  return content.length > 0 ? [{ content }] : [];
}

/** Ids and states of items are no text of the prompt. */
function readItem(item: unknown): unknown {
  if (!isJsonObject(item)) return item;
  const { content, output, role, summary, type } = item;
  switch (type) {
    case "function_call":
      return callOf(item.name, item.arguments);
    case "custom_tool_call":
      return callOf(item.name, item.input);
    case "local_shell_call":
      return callOf("local_shell", spellJson(item.action));
    case "function_call_output":
    case "custom_tool_call_output":
    case "local_shell_call_output":
      return { role: "tool", content: output };
    case "mcp_call":
      // The provider has made the call: what came of it stands beside it.
      return {
        ...callOf(item.name, item.arguments),
        content: output ?? textOf(item.error) ?? spellJson(item.error),
      };
    case "reasoning":
      return { role: "assistant", content: [...listOf(summary), ...listOf(content)] };
    default:
      // What else there is has its contents elsewhere: it is one part that is not counted.
      return textOf(role) === undefined ? { content: [item] } : { role, content };
  }
}

function callOf(name: unknown, args: unknown): Record<string, unknown> {
  return { role: "assistant", tool_calls: [{ function: { name, arguments: args } }] };
}
