import type { ModelRegistry } from "../../models/index.js";
import { jsonStringEnd } from "../../shared/json-bytes.js";
import { findMembers, readMembers, skipWhitespace, type ByteSlice } from "../providers/index.js";

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN = 0x5b;

/** What a request will take, as far as one can say before it is answered. */
export interface SpendEstimate {
  /** Of input and output, as they mostly are: a rate evens out afterwards. */
  readonly tokens: number;
  /** What it may cost if the answers are as long as the request and the model let them be; `undefined`: the price is unknown. */
  readonly usd: number | undefined;
}

/** Of JSON in English; counting exactly would cost more than it tells, since the output is a guess anyway. */
const BYTES_PER_TOKEN = 4;
/** Of an answer that may be of any length, where only a rate counts or nobody knows the model: most are shorter. */
const DEFAULT_OUTPUT_TOKENS = 1024;
/** More answers than any API gives at once. */
const MAX_ANSWERS = 2048;

/** What a request says of the size of its answers, and of their number. */
const SIZES = ["max_completion_tokens", "max_tokens", "max_output_tokens", "n", "best_of"] as const;
/** Members that may be a list of texts, or token ids. */
const LISTS = ["prompt", "input"] as const;

/** Estimates a request of an API that the proxy understands. */
export function estimateSpend(
  registry: ModelRegistry,
  model: string | undefined,
  body: Buffer,
): SpendEstimate {
  const card = model === undefined ? undefined : registry.find(model);
  const found = readMembers(body, SIZES);
  const valueOf = (name: (typeof SIZES)[number]): number | undefined => {
    const value = found[name];
    return typeof value === "number" && value >= 1 ? Math.ceil(value) : undefined;
  };
  const asked = valueOf("max_completion_tokens") ?? valueOf("max_tokens") ?? valueOf("max_output_tokens");
  const { prompts, texts, ids } = listed(body);
  const answers =
    card?.kind === "embedding"
      ? 0
      : Math.min(Math.max(valueOf("n") ?? 1, valueOf("best_of") ?? 1) * prompts, MAX_ANSWERS);
  const most = Math.min(card?.maxOutputTokens ?? Infinity, 1e7);
  const longest = Math.min(asked ?? card?.maxOutputTokens ?? DEFAULT_OUTPUT_TOKENS, most);
  const usual = Math.min(asked ?? DEFAULT_OUTPUT_TOKENS, most);
  // Images are many bytes and few tokens. Each text of a list has the context window to itself.
  const window = (card?.contextWindow ?? Infinity) * texts;
  const inputTokens = Math.min(Math.max(Math.ceil(body.length / BYTES_PER_TOKEN), ids), window);
  return {
    tokens: inputTokens + usual * answers,
    usd: card && registry.costUsd(card, { inputTokens, outputTokens: longest * answers }),
  };
}

interface Listed {
  /** 1 of what is no list. */
  readonly texts: number;
  /** Token ids that stand in for texts. */
  readonly ids: number;
}

/** What a request lists, and how many of its texts are prompts, each of which is answered. */
function listed(body: Buffer): Listed & { readonly prompts: number } {
  const found = findMembers(body, LISTS);
  const prompt = listOf(body, found?.prompt);
  const input = listOf(body, found?.input);
  return {
    prompts: prompt.texts,
    texts: Math.max(prompt.texts, input.texts),
    ids: Math.max(prompt.ids, input.ids),
  };
}

/** Of a list whose items are texts, lists of token ids, or token ids. Nothing is built of what may be megabytes. */
function listOf(body: Buffer, slice: ByteSlice | undefined): Listed {
  if (!slice || body[slice.start] !== OPEN) return { texts: 1, ids: 0 };
  const first = body[skipWhitespace(body, slice.start + 1)];
  if (first === QUOTE) {
    let texts = 0;
    for (let at = slice.start; at < slice.end; at++) {
      if (body[at] !== QUOTE) continue;
      texts++;
      at = jsonStringEnd(body, at) - 1;
    }
    return { texts, ids: 0 };
  }
  const isIds = first === OPEN || (first >= 0x30 && first <= 0x39);
  if (!isIds) return { texts: 1, ids: 0 };
  let lists = 0;
  let commas = 0;
  for (let at = slice.start; at < slice.end; at++) {
    if (body[at] === OPEN) lists++;
    else if (body[at] === COMMA) commas++;
  }
  // The outermost is none of them.
  return { texts: Math.max(1, lists - 1), ids: commas + 1 };
}
