import type { ModelCard } from "../../models/index.js";
import type { ProviderApi } from "../providers/index.js";
import { hasMember, type OutlineMember, type OutlineNode, type TextEdit } from "./outline.js";

const ONE = /^1(?:\.0+)?(?:[eE][+-]?0+)?$/;
const ZERO = /^-?0(?:\.0+)?(?:[eE][+-]?[0-9]+)?$/;
const FALSE = /^false$/;
const NULL = /^null$/;
const EMPTY_OBJECT = /^\{\s*\}$/;

/** How the raw text of a parameter may be spelled if its absence means the same. Numbers count by value. */
type Defaults = Readonly<Record<string, RegExp>>;

/** Whoever serves an API by these names has these defaults: they follow from what the parameter does. */
const COMMON: Readonly<Record<ProviderApi, Defaults>> = {
  "openai-chat": { n: ONE, stream: FALSE, logprobs: FALSE, stop: NULL, logit_bias: EMPTY_OBJECT },
  "openai-completions": {
    ...{ n: ONE, stream: FALSE, logprobs: NULL, stop: NULL, logit_bias: EMPTY_OBJECT },
    ...{ echo: FALSE, suffix: NULL },
  },
  "openai-embeddings": { encoding_format: /^"float"$/ },
  "openai-responses": {
    stream: FALSE,
    background: FALSE,
    truncation: /^"disabled"$/,
    previous_response_id: NULL,
  },
  "anthropic-messages": { stream: FALSE },
  other: {},
};

/**
 * What the provider itself samples with by default (API references of OpenAI and Anthropic). Other providers, and whoever serves a
 * model that is open, take the defaults of each model, so that theirs are not known; nor are those of a prompt that is stored there.
 */
const SAMPLING: Readonly<Record<ProviderApi, Defaults>> = {
  "openai-chat": { temperature: ONE, top_p: ONE, frequency_penalty: ZERO, presence_penalty: ZERO },
  "openai-completions": { temperature: ONE, top_p: ONE, frequency_penalty: ZERO, presence_penalty: ZERO },
  "openai-embeddings": {},
  "openai-responses": { temperature: ONE, top_p: ONE },
  "anthropic-messages": { temperature: ONE },
  other: {},
};

/** No default is spelled long on purpose. */
const MAX_SPELLING = 32;

export interface DroppedDefault {
  readonly name: string;
  readonly edit: TextEdit;
}

/**
 * The parameters of a request whose absence means the same. Of one that stands there twice nobody can say what it means: it stays.
 * @param card the model, if it is known
 */
export function findDefaults(
  api: ProviderApi,
  text: string,
  root: OutlineNode,
  card: ModelCard | undefined,
): DroppedDefault[] {
  const { members } = root;
  const knowsSampling =
    isServedByItsMaker(api, card) && !(api === "openai-responses" && hasMember(root, "prompt"));
  const defaults = new Map(
    Object.entries(knowsSampling ? { ...COMMON[api], ...SAMPLING[api] } : COMMON[api]),
  );
  const counts = new Map<string, number>();
  for (const { name } of members) counts.set(name, (counts.get(name) ?? 0) + 1);
  const isDropped = members.map(({ name, value }) => {
    const spelling = defaults.get(name);
    if (!spelling || value.end - value.start > MAX_SPELLING) return false;
    return counts.get(name) === 1 && spelling.test(text.slice(value.start, value.end));
  });
  const firstKept = isDropped.indexOf(false);
  return members.flatMap((member, at) =>
    isDropped[at] ? [{ name: member.name, edit: removalOf(members, at, firstKept) }] : [],
  );
}

/** OpenAI's open models have no price of their maker: others serve them. */
function isServedByItsMaker(api: ProviderApi, card: ModelCard | undefined): boolean {
  return (
    card?.price !== undefined && card.provider === (api === "anthropic-messages" ? "anthropic" : "openai")
  );
}

/** A member goes with the comma before it, or, where nothing before it stays, with the one behind it. */
function removalOf(members: readonly OutlineMember[], at: number, firstKept: number): TextEdit {
  const { keyStart, value } = members[at];
  if (at > firstKept && firstKept >= 0) {
    return { start: members[at - 1].value.end, end: value.end, replacement: "" };
  }
  const next = members.at(at + 1);
  return { start: keyStart, end: next ? next.keyStart : value.end, replacement: "" };
}
