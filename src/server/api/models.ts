import { MODEL_KINDS, type ModelCard, type ModelKind } from "../../models/index.js";
import { ENCODINGS } from "../../shared/encodings.js";
import { count, flag, list, number, object, oneOf, text } from "../json-schema.js";
import { route } from "../route.js";
import type { ServerServices } from "../services.js";

interface ModelsQuery {
  readonly provider?: string;
  readonly kind?: ModelKind;
  readonly search?: string;
}

const MODEL = object(
  {
    id: text("The maker's name for it."),
    aliases: list(text()),
    provider: text("Who made it."),
    kind: oneOf(MODEL_KINDS),
    encoding: oneOf(
      ENCODINGS,
      "How its tokens are counted; heuristic: its tokenizer is closed, or not here.",
    ),
    context_window: count("Tokens."),
    tools: flag(),
    vision: flag(),
    reasoning: flag(),
    as_of: text("Date of the facts."),
  },
  {
    max_output_tokens: count(),
    price: object(
      { input_usd_per_million: number() },
      { cached_input_usd_per_million: number(), output_usd_per_million: number() },
      "The maker's list price.",
    ),
  },
);

const MODELS = route<ServerServices, unknown, ModelsQuery>({
  method: "GET",
  path: "/models",
  operation: "listModels",
  tag: "Tokens",
  summary: "The models that are known: context windows, prices, tokenizers.",
  query: {
    provider: text("Only those of this maker.", { maxLength: 200 }),
    kind: oneOf(MODEL_KINDS, "Only those of this kind."),
    search: text("Only those in which every word occurs.", { maxLength: 200 }),
  },
  replies: { 200: { summary: "The models.", schema: object({ models: list(MODEL) }) } },
  handle({ query }, { models }) {
    const { kind, provider, search } = query;
    const listed = models.list({ kind, provider });
    const found = search === undefined ? undefined : new Set(models.search(search));
    return { json: { models: listed.filter((card) => !found || found.has(card)).map(cardToJson) } };
  },
});

export const MODELS_ROUTES = [MODELS];

function cardToJson(card: ModelCard) {
  const { price } = card;
  return {
    id: card.id,
    aliases: card.aliases,
    provider: card.provider,
    kind: card.kind,
    encoding: card.encoding,
    context_window: card.contextWindow,
    max_output_tokens: card.maxOutputTokens,
    price: price && {
      input_usd_per_million: price.inputUsdPerMillion,
      cached_input_usd_per_million: price.cachedInputUsdPerMillion,
      output_usd_per_million: price.outputUsdPerMillion,
    },
    tools: card.tools,
    vision: card.vision,
    reasoning: card.reasoning,
    as_of: card.asOf,
  };
}
