import type { ModelCard, ModelRegistry } from "../../models/index.js";
import { M2MError } from "../../shared/errors.js";
import { isJsonObject, tryParseJson } from "../../shared/json-value.js";
import {
  countChatTokens,
  countTokens,
  estimateTokens,
  type TokenizerCache,
  type TokenizerChoice,
} from "../../tokenizer/index.js";
import type { ProviderApi } from "./api.js";
import { outputsOf } from "./output-text.js";
import type { Usage } from "./usage.js";

/** What frames a message in the Cookbook's rule for chat requests; used for other APIs too, none of which documents its own. */
const MESSAGE_TOKENS = 3;
/** Deeper than any request nests its texts. */
const MAX_DEPTH = 16;

/** Members of requests that hold what the model is given. */
const INPUT_MEMBERS = ["system", "instructions", "messages", "input", "prompt", "tools"] as const;
/** Members of parts that hold no text for the model, but data (images, files) or marks. */
const NO_TEXT: ReadonlySet<string> = new Set([
  ...["data", "url", "image_url", "file_data", "file_id", "encrypted_content", "signature"],
  ...["type", "id", "call_id", "tool_call_id", "tool_use_id", "media_type", "cache_control"],
]);

type Choice = TokenizerChoice & { readonly model: ModelCard | undefined };

export interface CountedRequest {
  readonly api: ProviderApi;
  readonly body: Buffer;
  readonly model: string | undefined;
}

/**
 * Counts a request and its answer by our own tokenizer, for where the provider tells nothing. Exact for texts of models whose
 * tokenizer is public, an estimate for all else, and where its table cannot be read. Never throws for what they hold.
 * @param output text of the answer: `UsageMeter.output` or `outputTextOf`
 */
export function countUsage(
  registry: ModelRegistry,
  request: CountedRequest,
  output: string,
  tokenizers?: TokenizerCache,
): Usage {
  const choice: Choice = {
    registry,
    tokenizers,
    model: request.model === undefined ? undefined : registry.find(request.model),
  };
  return {
    inputTokens: countInput(request, choice),
    cachedInputTokens: 0,
    cacheWriteTokens: 0,
    cacheWrite1hTokens: 0,
    outputTokens: countText(output, choice),
    reasoningTokens: 0,
    source: "counted",
  };
}

/** The text of a whole response, for `countUsage`. */
export function outputTextOf(api: ProviderApi, body: Buffer): string {
  return outputsOf(api, tryParseJson(body.toString("utf8"))).join("");
}

function countInput({ api, body }: CountedRequest, choice: Choice): number {
  const request = tryParseJson(body.toString("utf8"));
  if (!isJsonObject(request)) return 0;
  if (api === "openai-chat") {
    try {
      return countChatTokens(request, choice).total;
    } catch {
      // A text that has no UTF-8 form, or messages that are none: counted by its texts below.
    }
  }
  let tokens = 0;
  for (const name of INPUT_MEMBERS) tokens += countValue(request[name], choice, 0);
  return tokens;
}

function countValue(value: unknown, choice: Choice, depth: number): number {
  if (typeof value === "string") return countText(value, choice);
  if (depth > MAX_DEPTH) return 0;
  if (Array.isArray(value)) {
    // Token ids instead of text.
    if (value.length > 0 && value.every((item) => typeof item === "number")) return value.length;
    return value.reduce((sum: number, item: unknown) => sum + countValue(item, choice, depth + 1), 0);
  }
  if (!isJsonObject(value)) return 0;
  let tokens = typeof value.role === "string" ? MESSAGE_TOKENS : 0;
  for (const [name, item] of Object.entries(value)) {
    if (NO_TEXT.has(name)) continue;
    // The input of a call and the schema of a tool are given to the model as JSON.
    const isJson =
      name === "input_schema" || name === "parameters" || (name === "input" && isJsonObject(item));
    tokens += isJson ? countText(JSON.stringify(item), choice) : countValue(item, choice, depth + 1);
  }
  return tokens;
}

function countText(text: string, choice: Choice): number {
  if (text === "") return 0;
  const wellFormed = text.toWellFormed();
  try {
    return countTokens(wellFormed, choice);
  } catch (error) {
    if (!(error instanceof M2MError)) throw error;
    // A table is read when it is first needed: an update of the package may have taken it away from a proxy that runs.
    return estimateTokens(wellFormed, { provider: choice.model?.provider });
  }
}
