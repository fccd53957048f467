/** The requests that are counted as chats: OpenAI chat completions, and what other APIs say in their own words. */
import { isJsonObject, listOf, textOf } from "../shared/json-value.js";
import { isAnthropicRequest, readAnthropicMessages, readAnthropicTools } from "./anthropic-request.js";
import { isConverseRequest, readConverseMessages, readConverseTools } from "./converse-request.js";
import { isNothing } from "./count-tool-tokens.js";
import { spellJson } from "./spell-json.js";

export interface ChatRequest {
  readonly messages: readonly unknown[];
  /** As chat completions declare them. */
  readonly tools: readonly unknown[];
  /** What the request refers to and does not have in it. */
  readonly absentParts: number;
  /** It says nothing but what the published rules of framing are about. */
  readonly isPlain: boolean;
}

/** The chat in the parsed JSON of a request; `undefined` if it is none of these. */
export function readChatRequest(request: Record<string, unknown>): ChatRequest | undefined {
  if (Array.isArray(request.messages) && isConverseRequest(request)) {
    const tools = readConverseTools(request.toolConfig);
    return { messages: readConverseMessages(request), tools, absentParts: 0, isPlain: false };
  }
  if (Array.isArray(request.messages) && isAnthropicRequest(request)) {
    const tools = readAnthropicTools(request.tools);
    return { messages: readAnthropicMessages(request), tools, absentParts: 0, isPlain: false };
  }
  if (Array.isArray(request.messages)) {
    const functions = listOf(request.functions).map((declared) => ({ type: "function", function: declared }));
    const tools = [...listOf(request.tools), ...functions];
    return { messages: request.messages, tools, absentParts: 0, isPlain: isPlainRequest(request) };
  }
  if (Array.isArray(request.contents) || typeof request.contents === "string") return readGemini(request);
  const { input, instructions } = request;
  if (Array.isArray(input) || typeof input === "string" || typeof instructions === "string") {
    return readResponses(request);
  }
  return undefined;
}

/** The model that `request` names, which Converse calls `modelId`. */
export function modelOfRequest({ model, modelId }: Record<string, unknown>): string | undefined {
  return textOf(model) ?? textOf(modelId);
}

/** Beside its messages nothing of a chat completion goes into the prompt. */
function isPlainRequest({
  functions,
  response_format,
  tools,
  web_search_options,
}: Record<string, unknown>): boolean {
  // A schema for the answer is part of the prompt; how, is not published.
  const format = isJsonObject(response_format) ? response_format.type : response_format;
  return [functions, tools, web_search_options].every(isNothing) && (isNothing(format) || format === "text");
}

/** `POST /v1/responses` of OpenAI. */
function readResponses({
  conversation,
  input,
  instructions,
  previous_response_id,
  tools,
}: Record<string, unknown>): ChatRequest {
  const items = typeof input === "string" ? [{ role: "user", content: input }] : listOf(input);
  const isFollowUp = [conversation, previous_response_id].some((one) => one !== undefined && one !== null);
  return {
    messages: [
      ...(typeof instructions === "string" ? [{ role: "system", content: instructions }] : []),
      ...items.map(readItem),
    ],
    // The members of a function stand beside its type, not within.
    tools: listOf(tools).map((tool) => ({ type: "function", function: tool })),
    absentParts: isFollowUp ? 1 : 0,
    isPlain: false,
  };
}

/** Ids and states of items are no text of the prompt. */
function readItem(item: unknown): unknown {
  if (!isJsonObject(item)) return item;
  const { arguments: args, content, name, output, role, summary, type } = item;
  if (type === "function_call")
    return { role: "assistant", tool_calls: [{ function: { name, arguments: args } }] };
  if (type === "function_call_output") return { role: "tool", content: output };
  if (type === "reasoning") return { role: "assistant", content: summary };
  // What else there is has its contents elsewhere: it is one part that is not counted.
  return textOf(role) === undefined ? { content: [item] } : { role, content };
}

/** `generateContent` of Gemini. Its model stands in the address. */
function readGemini(request: Record<string, unknown>): ChatRequest {
  const system = request.systemInstruction ?? request.system_instruction;
  const contents = typeof request.contents === "string" ? [request.contents] : listOf(request.contents);
  return {
    messages: [
      ...(system === undefined ? [] : [readContent(system, "system")]),
      ...contents.map((content) => readContent(content, "user")),
    ],
    tools: listOf(request.tools)
      .flatMap((tool) =>
        isJsonObject(tool) ? listOf(tool.functionDeclarations ?? tool.function_declarations) : [],
      )
      .map((declared) => ({ type: "function", function: declared })),
    absentParts: 0,
    isPlain: false,
  };
}

function readContent(content: unknown, fallbackRole: string): unknown {
  if (typeof content === "string") return { role: fallbackRole, content };
  if (!isJsonObject(content)) return content;
  // One part may stand without a list.
  const parts = Array.isArray(content.parts) ? content.parts : [content.parts].filter(isJsonObject);
  const callOf = (part: unknown) => (isJsonObject(part) ? part.functionCall : undefined);
  return {
    role: textOf(content.role) ?? fallbackRole,
    content: parts.filter((part) => !isJsonObject(callOf(part))).map(readPart),
    tool_calls: parts
      .map(callOf)
      .filter(isJsonObject)
      .map(({ args, name }) => ({ function: { name, arguments: spellJson(args) ?? "" } })),
  };
}

function readPart(part: unknown): unknown {
  if (!isJsonObject(part) || !isJsonObject(part.functionResponse)) return part;
  const { name, response } = part.functionResponse;
  const text = spellJson(response);
  return text === undefined ? part : { text: `${textOf(name) ?? ""}${text}` };
}
