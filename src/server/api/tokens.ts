import type { ModelCard } from "../../models/index.js";
import { isBpeEncoding, type EncodingName } from "../../shared/encodings.js";
import { InputError } from "../../shared/errors.js";
import { utf8Length } from "../../shared/utf8.js";
import { countChatTokens, defaultTokenizers, estimateTokens } from "../../tokenizer/index.js";
import { count, flag, number, object, oneOf, text } from "../json-schema.js";
import { encodingFromApi, ENCODING_WORDS } from "../names.js";
import { route, type Reply } from "../route.js";
import type { ServerServices } from "../services.js";

interface TokensBody {
  readonly content?: string;
  readonly request?: Readonly<Record<string, unknown>>;
  readonly model?: string;
  readonly encoding?: string;
}

/** How tokens are counted, and whose price they have. */
export interface Counting {
  readonly encoding: EncodingName;
  /** `false`: the tokenizer is closed. */
  readonly exact: boolean;
  readonly card?: ModelCard;
}

const TOKENS = route<ServerServices, TokensBody>({
  method: "POST",
  path: "/tokens",
  operation: "countTokens",
  tag: "Tokens",
  summary: "Count the tokens of a text or of a chat request.",
  body: object(
    {},
    {
      content: text("A text. Either this or request."),
      request: {
        type: "object",
        description: "A chat completion request: its framing and tools are counted too.",
      },
      model: text("Sets the encoding and the price. Default for a request: its own.", { maxLength: 200 }),
      encoding: oneOf(ENCODING_WORDS),
    },
  ),
  replies: {
    200: {
      summary: "The count.",
      schema: object(
        {
          tokens: count(),
          encoding: text("How they are counted."),
          exact: flag("false: an estimate."),
        },
        {
          bytes: count("Of the text."),
          model: text("The model that is meant."),
          cost_usd: number("As input of the model, where its price is known."),
          chat: object(
            {
              messages: count(),
              tools: count(),
              overhead: count(),
              uncounted_parts: count("Images, sound, files."),
            },
            {},
            "What tokens is made of, for a request.",
          ),
        },
      ),
    },
  },
  handle({ body }, services) {
    const { content, request } = body;
    if (content !== undefined && request === undefined) return countContent(services, body, content);
    if (request !== undefined && content === undefined) return countRequest(services, body, request);
    throw new InputError("M2M_REQUEST_INVALID", "The body must have either content or request.");
  },
});

export const TOKENS_ROUTES = [TOKENS];

function countContent(services: ServerServices, body: TokensBody, content: string): Reply {
  const counting = chooseCounting(services, body);
  const tokens = countText(content, counting);
  return {
    json: {
      tokens,
      bytes: utf8Length(content),
      encoding: counting.encoding,
      exact: counting.exact,
      model: counting.card?.id,
      cost_usd: costUsd(services, counting.card, tokens),
    },
  };
}

function countRequest(services: ServerServices, body: TokensBody, request: object): Reply {
  const { encoding, model } = body;
  const named =
    model ?? ("model" in request && typeof request.model === "string" ? request.model : undefined);
  // A model that the request itself names may be unknown; one that is asked for may not.
  const card = model === undefined ? named && services.models.find(named) : services.models.get(model);
  const counted = countChatTokens(request, {
    ...(encoding === undefined
      ? { model: card || undefined, ...(!card && { encoding: services.encoding }) }
      : { encoding: encodingFromApi(encoding) }),
  });
  return {
    json: {
      tokens: counted.total,
      encoding: counted.encoding,
      exact: counted.exact,
      model: card ? card.id : undefined,
      cost_usd: costUsd(services, card || undefined, counted.total),
      chat: {
        messages: counted.messages,
        tools: counted.tools,
        overhead: counted.overhead,
        uncounted_parts: counted.uncountedParts,
      },
    },
  };
}

/** @throws {InputError} `M2M_MODEL_UNKNOWN` */
export function chooseCounting(
  { encoding: fallback, models }: ServerServices,
  { encoding, model }: { readonly encoding?: string; readonly model?: string },
): Counting {
  const card = model === undefined ? undefined : models.get(model);
  const chosen = encoding === undefined ? (card?.encoding ?? fallback) : encodingFromApi(encoding);
  return { encoding: chosen, exact: isBpeEncoding(chosen), card };
}

export function countText(content: string, { card, encoding }: Counting): number {
  if (isBpeEncoding(encoding)) return defaultTokenizers.get(encoding).count(content);
  return estimateTokens(content, { provider: card?.provider });
}

export function costUsd(
  { models }: ServerServices,
  card: ModelCard | undefined,
  inputTokens: number,
): number | undefined {
  return card && models.costUsd(card, { inputTokens });
}
