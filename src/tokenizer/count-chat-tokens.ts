import { assertOptions } from "../shared/bounds.js";
import type { EncodingName } from "../shared/encodings.js";
import { FormatError } from "../shared/errors.js";
import { assertJsonText } from "../shared/json-text.js";
import { chooseCounter, preferModel, type TokenCounter, type TokenizerChoice } from "./choose-tokenizer.js";
import { framingOf, type ChatFraming } from "./chat-framing.js";
import { modelOfRequest, readChatRequest } from "./chat-request.js";
import { isJsonObject, listOf, textOf } from "../shared/json-value.js";
import { spellJson } from "./spell-json.js";
import { countToolTokens, isNothing } from "./count-tool-tokens.js";

/** `total` is `messages + tools + overhead`. */
export interface ChatTokens {
  readonly total: number;
  /** Roles, names, text, and the names and arguments of calls. */
  readonly messages: number;
  /** Declarations of tools and functions. */
  readonly tools: number;
  /** What the template puts around messages and names, and the beginning of the reply. */
  readonly overhead: number;
  /** The part of `overhead` that begins the reply. */
  readonly replyPriming: number;
  /** Images, audio, files, and what is only referred to or of an unknown kind: their tokens are not in `total`. */
  readonly uncountedParts: number;
  /**
   * Whether the figure is the published rule over exact tokens: OpenAI's Cookbook for its chat models, the prompt format of Llama 3
   * for that. `false` for other models, also where none is named; for tokenizers that are not here; for requests with tools or
   * calls (the Cookbook calls its own formula an estimate), uncounted parts, or what the rule says nothing of; and for requests of
   * other APIs, whose framing is not published.
   */
  readonly exact: boolean;
  readonly encoding: EncodingName;
  /** Id of the card that the option `model` means, else the request's model where that was chosen. Absent without one. */
  readonly model?: string;
}

/**
 * Counts the prompt tokens of a chat: of an OpenAI chat completion request, or, framed by the same rule, one of the Responses API
 * (`input`, `instructions`), of Anthropic (`system`, `input_schema`), of Gemini (`contents`, `systemInstruction`) or of Bedrock's
 * Converse (`modelId`, `toolConfig`). The model is `options.model`, else the request's own where neither `model` nor `encoding` is
 * given and the catalog has it.
 * @param request the parsed request, or its JSON text
 * @throws {FormatError} `M2M_JSON_INVALID` if it is no chat request, `M2M_TEXT_LONE_SURROGATE`,
 *   `M2M_RANK_TABLE_INVALID` if the rank table is missing or damaged
 * @throws {InputError} `M2M_MODEL_UNKNOWN` if `options.model` names none, `M2M_USAGE`
 */
export function countChatTokens(request: unknown, options: TokenizerChoice = {}): ChatTokens {
  assertOptions("The options", options);
  const parsed = typeof request === "string" ? parseJson(request) : request;
  const chat = isJsonObject(parsed) ? readChatRequest(parsed) : undefined;
  if (!isJsonObject(parsed) || !chat) {
    throw new FormatError(
      "M2M_JSON_INVALID",
      "The input is no chat request: it has no messages, input or contents.",
    );
  }
  const counter = chooseCounter(preferModel(options, modelOfRequest(parsed)));
  const framing = framingOf(
    counter,
    typeof options.model === "string" ? options.model : modelOfRequest(parsed),
  );
  const { messageTokens, nameTokens = 0, replyTokens, startTokens } = framing;
  const tally: Tally = { counter, framing, text: 0, uncountedParts: chat.absentParts, isPlain: chat.isPlain };
  let overhead = startTokens + replyTokens;
  for (const message of chat.messages) {
    overhead += messageTokens;
    if (!isJsonObject(message)) tally.isPlain = false;
    else {
      if (typeof message.name === "string") overhead += nameTokens;
      countMessage(message, tally);
    }
  }
  const tools = countToolTokens(chat.tools, counter);
  return {
    total: tally.text + tools + overhead,
    messages: tally.text,
    tools,
    overhead,
    replyPriming: replyTokens,
    uncountedParts: tally.uncountedParts,
    exact: counter.exact && framing.isKnown && tally.isPlain && tally.uncountedParts === 0,
    encoding: counter.encoding,
    ...(counter.model !== undefined && { model: counter.model }),
  };
}

interface Tally {
  readonly counter: TokenCounter;
  readonly framing: ChatFraming;
  text: number;
  uncountedParts: number;
  /** Nothing came up that the rule of framing says nothing of. */
  isPlain: boolean;
}

/** Every text of a message counts, whatever its key; structured content counts by its parts. */
function countMessage(message: Record<string, unknown>, tally: Tally): void {
  const { counter, framing } = tally;
  if (typeof message.role !== "string" || isNothing(message.content)) tally.isPlain = false;
  for (const [key, value] of Object.entries(message)) {
    if (typeof value === "string") {
      if (key === "name" && framing.nameTokens === undefined) continue;
      tally.isPlain &&= ["role", "content", "name"].includes(key);
      tally.text += counter.count(framing.trims && key === "content" ? value.trim() : value);
    } else if (!isNothing(value)) countValue(key, value, tally);
  }
}

function countValue(key: string, value: unknown, tally: Tally): void {
  if (key === "content" && Array.isArray(value)) {
    // How a template joins parts is up to the host.
    if (tally.framing.trims) tally.isPlain = false;
    for (const part of value) countPart(part, tally);
    return;
  }
  tally.isPlain = false;
  if (key === "tool_calls")
    for (const call of listOf(value))
      countCall(isJsonObject(call) ? (call.function ?? call.custom) : call, tally);
  else if (key === "function_call") countCall(value, tally);
  // A reference to what was said aloud before, or contents that nobody knows how to read.
  else if (key === "audio" || key === "content") tally.uncountedParts++;
}

function countPart(part: unknown, tally: Tally): void {
  if (typeof part === "string") {
    tally.text += tally.counter.count(part);
    tally.isPlain = false;
  } else if (isJsonObject(part)) {
    const text = textOf(part.text) ?? textOf(part.refusal);
    if (text === undefined) tally.uncountedParts++;
    else tally.text += tally.counter.count(text);
  } else tally.isPlain = false;
}

/**
 * A call in the history: its name and arguments (`input`, of a tool that takes text) are text of the prompt; how they are framed is not
 * documented.
 */
function countCall(call: unknown, tally: Tally): void {
  if (!isJsonObject(call)) {
    tally.uncountedParts++;
    return;
  }
  const given = call.arguments ?? call.input;
  const args = isNothing(given) ? "" : (textOf(given) ?? spellJson(given) ?? "");
  tally.text += tally.counter.count(textOf(call.name) ?? "") + tally.counter.count(args);
}

function parseJson(text: string): unknown {
  assertJsonText(text);
  return JSON.parse(text);
}
