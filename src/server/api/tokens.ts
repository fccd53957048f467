import { roundedUsd } from "../../http/index.js";
import type { ModelCard } from "../../models/index.js";
import { BPE_ENCODING_WORDS, parseEncoding } from "../../shared/encodings.js";
import { InputError } from "../../shared/errors.js";
import { isJsonObject } from "../../shared/json-value.js";
import { utf8Length } from "../../shared/utf8.js";
import {
  countChatTokens,
  countTokensDetailed,
  modelOfRequest,
  type TokenizerChoice,
} from "../../tokenizer/index.js";
import { count, flag, number, object, oneOf, text } from "../json-schema.js";
import { route, type Reply } from "../route.js";
import type { ServerServices } from "../services.js";

interface TokensBody {
  readonly content?: string;
  readonly request?: Readonly<Record<string, unknown>>;
  readonly model?: string;
  readonly encoding?: string;
}

/** How tokens are counted, and whose price they have. */
export interface Counting extends TokenizerChoice {
  readonly model?: ModelCard;
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
      encoding: oneOf(BPE_ENCODING_WORDS),
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
  const { count: tokens, encoding, exact } = countTokensDetailed(content, counting);
  return {
    json: {
      tokens,
      bytes: utf8Length(content),
      encoding,
      exact,
      model: counting.model?.id,
      cost_usd: costUsd(services, counting.model, tokens),
    },
  };
}

function countRequest(services: ServerServices, body: TokensBody, request: object): Reply {
  const counting = chooseCounting(
    services,
    body,
    isJsonObject(request) ? modelOfRequest(request) : undefined,
  );
  const counted = countChatTokens(request, counting);
  return {
    json: {
      tokens: counted.total,
      encoding: counted.encoding,
      exact: counted.exact,
      model: counting.model?.id,
      cost_usd: costUsd(services, counting.model, counted.total),
      chat: {
        messages: counted.messages,
        tools: counted.tools,
        overhead: counted.overhead,
        uncounted_parts: counted.uncountedParts,
      },
    },
  };
}

/**
 * How to count: as the request asks, else as the model that its content names, else in the server's vocabulary.
 * @param named may be unknown; a model that is asked for may not
 * @throws {InputError} `M2M_MODEL_UNKNOWN`
 */
export function chooseCounting(
  { encoding: fallback, models }: ServerServices,
  { encoding, model }: { readonly encoding?: string; readonly model?: string },
  named?: string,
): Counting {
  const card =
    model === undefined ? (named === undefined ? undefined : models.find(named)) : models.get(model);
  if (encoding !== undefined) return { encoding: parseEncoding(encoding), model: card };
  return card ? { model: card } : { encoding: fallback };
}

export function costUsd(
  { models }: ServerServices,
  card: ModelCard | undefined,
  inputTokens: number,
): number | undefined {
  const usd = card && models.costUsd(card, { inputTokens });
  return usd === undefined ? undefined : roundedUsd(usd);
}
