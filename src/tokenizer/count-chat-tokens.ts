import type { EncodingName } from "../shared/encodings.js";
import { FormatError } from "../shared/errors.js";
import { assertJsonText } from "../shared/json-text.js";
import { chooseCounter, preferModel, type TokenCounter, type TokenizerChoice } from "./choose-tokenizer.js";
import { readChatRequest } from "./chat-request.js";
import { isJsonObject, listOf, textOf } from "../shared/json-value.js";
import { countToolTokens } from "./count-tool-tokens.js";

/**
 * Tokens of a chat request as the OpenAI Cookbook counts them ("How to count tokens with tiktoken", sections 6 and 7):
 * each message is framed by 3 tokens, a name costs 1 more, and the reply is primed with 3.
 */
const MESSAGE_TOKENS = 3;
const NAME_TOKENS = 1;
const REPLY_TOKENS = 3;
/** `gpt-3.5-turbo-0301` framed messages by 4, and a name stood in the place of the role. */
const MESSAGE_TOKENS_0301 = 4;
const NAME_TOKENS_0301 = -1;

/** `total` is `messages + tools + overhead`. */
export interface ChatTokens {
  readonly total: number;
  /** Roles, names, text, and the names and arguments of calls. */
  readonly messages: number;
  /** Declarations of tools and functions. */
  readonly tools: number;
  /** Framing of messages and names, and the priming of the reply. */
  readonly overhead: number;
  /** The part of `overhead` that primes the reply. */
  readonly replyPriming: number;
  /** Images, audio and files, whose tokens are not in `total`. */
  readonly uncountedParts: number;
  /**
   * Whether the figure is the documented rule over exact tokens. `false` for tokenizers that are not here, for requests with tools
   * or calls (the Cookbook calls its own formula an estimate), where parts are uncounted, and for what only the Responses
   * API, Anthropic or Gemini say, whose framing is not published.
   */
  readonly exact: boolean;
  readonly encoding: EncodingName;
  /** Id of the card that the option `model` means, else the request's model where that was chosen. Absent without one. */
  readonly model?: string;
}

/**
 * Counts the prompt tokens of a chat: of an OpenAI chat completion request, or, framed by the same rule, one of the Responses API
 * (`input`, `instructions`), of Anthropic (`system`, `input_schema`) or of Gemini (`contents`, `systemInstruction`). The model is `options.model`, else the request's own
 * where neither `model` nor `encoding` is given and the catalog has it.
 * @param request the parsed request, or its JSON text
 * @throws {FormatError} `M2M_JSON_INVALID` if it is no chat request, `M2M_TEXT_LONE_SURROGATE`,
 *   `M2M_RANK_TABLE_INVALID` if the rank table is missing or damaged
 * @throws {InputError} `M2M_MODEL_UNKNOWN` if `options.model` names none
 */
export function countChatTokens(request: unknown, options: TokenizerChoice = {}): ChatTokens {
  const parsed = typeof request === "string" ? parseJson(request) : request;
  const chat = isJsonObject(parsed) ? readChatRequest(parsed) : undefined;
  if (!isJsonObject(parsed) || !chat) {
    throw new FormatError(
      "M2M_JSON_INVALID",
      "The input is no chat request: it has no messages, input or contents.",
    );
  }
  const counter = chooseCounter(preferModel(options, textOf(parsed.model)));
  const model = typeof options.model === "string" ? options.model : textOf(parsed.model);
  const isOldest = model === "gpt-3.5-turbo-0301";
  const tally: Tally = { counter, text: 0, uncountedParts: chat.absentParts, calls: 0 };
  let overhead = REPLY_TOKENS;
  for (const message of chat.messages) {
    overhead += isOldest ? MESSAGE_TOKENS_0301 : MESSAGE_TOKENS;
    if (!isJsonObject(message)) continue;
    if (typeof message.name === "string") overhead += isOldest ? NAME_TOKENS_0301 : NAME_TOKENS;
    countMessage(message, tally);
  }
  const tools = countToolTokens(chat.tools, counter);
  const isPlain = tally.uncountedParts === 0 && tally.calls === 0 && chat.tools.length === 0;
  return {
    total: tally.text + tools + overhead,
    messages: tally.text,
    tools,
    overhead,
    replyPriming: REPLY_TOKENS,
    uncountedParts: tally.uncountedParts,
    exact: counter.exact && chat.isFramingKnown && isPlain,
    encoding: counter.encoding,
    ...(counter.model !== undefined && { model: counter.model }),
  };
}

interface Tally {
  readonly counter: TokenCounter;
  text: number;
  uncountedParts: number;
  calls: number;
}

/** Every text of a message counts, whatever its key; structured content counts by its parts. */
function countMessage(message: Record<string, unknown>, tally: Tally): void {
  for (const [key, value] of Object.entries(message)) {
    if (typeof value === "string") tally.text += tally.counter.count(value);
    else if (key === "content") for (const part of listOf(value)) countPart(part, tally);
    else if (key === "tool_calls")
      for (const call of listOf(value)) countCall(isJsonObject(call) ? call.function : call, tally);
    else if (key === "function_call") countCall(value, tally);
  }
}

function countPart(part: unknown, tally: Tally): void {
  if (typeof part === "string") tally.text += tally.counter.count(part);
  else if (isJsonObject(part)) {
    const text = textOf(part.text) ?? textOf(part.refusal);
    if (text === undefined) tally.uncountedParts++;
    else tally.text += tally.counter.count(text);
  }
}

/** A call in the history: its name and arguments are text of the prompt; how they are framed is not documented. */
function countCall(call: unknown, tally: Tally): void {
  if (!isJsonObject(call)) return;
  tally.calls++;
  tally.text +=
    tally.counter.count(textOf(call.name) ?? "") + tally.counter.count(textOf(call.arguments) ?? "");
}

function parseJson(text: string): unknown {
  assertJsonText(text);
  return JSON.parse(text);
}
