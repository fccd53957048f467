/** The requests that are counted as chats: OpenAI chat completions, and what other APIs say in their own words. */
import { isJsonObject, listOf, textOf } from "../shared/json-value.js";
import { isAnthropicRequest, readAnthropicMessages, readAnthropicTools } from "./anthropic-request.js";
import { isConverseRequest, readConverseMessages, readConverseTools } from "./converse-request.js";
import { isNothing } from "./count-tool-tokens.js";
import {
  countAbsentParts,
  isResponsesRequest,
  readResponsesMessages,
  readResponsesTools,
} from "./responses-request.js";
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
  if (!isResponsesRequest(request)) return undefined;
  const tools = readResponsesTools(request.tools);
  const absentParts = countAbsentParts(request);
  return { messages: readResponsesMessages(request), tools, absentParts, isPlain: false };
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
  const callOf = (part: unknown) =>
    isJsonObject(part) ? (part.functionCall ?? part.function_call) : undefined;
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
  if (!isJsonObject(part)) return part;
  const given = part.functionResponse ?? part.function_response;
  if (isJsonObject(given)) {
    const text = spellJson(given.response);
    return text === undefined ? part : { text: `${textOf(given.name) ?? ""}${text}` };
  }
  // Code that the model has run, and what it printed.
  const code = part.executableCode ?? part.executable_code;
  const result = part.codeExecutionResult ?? part.code_execution_result;
  const text = isJsonObject(code)
    ? textOf(code.code)
    : isJsonObject(result)
      ? textOf(result.output)
      : undefined;
  return text === undefined ? part : { text };
}
