import type { Analysis } from "../../codec/index.js";
import { roundedMs } from "../../http/index.js";
import { algorithmWord } from "../../shared/algorithms.js";
import { BPE_ENCODING_WORDS } from "../../shared/encodings.js";
import { readNamedModel } from "../../shared/named-model.js";
import { decodeUtf8 } from "../../shared/utf8.js";
import { countTokens, countTokensDetailed } from "../../tokenizer/index.js";
import { count, flag, fraction, list, number, object, oneOf, text } from "../json-schema.js";
import { route } from "../route.js";
import type { ServerServices } from "../services.js";
import { vocabularyOf } from "./codec.js";
import { SCAN_MEMBERS, scanToJson } from "./scan.js";
import { chooseCounting, costUsd } from "./tokens.js";

interface AnalyzeBody {
  readonly content: string;
  readonly model?: string;
  readonly encoding?: string;
}

const CHOICE = object({ algorithm: text(), reason: text(), bytes: count() });

const ANALYZE = route<ServerServices, AnalyzeBody>({
  method: "POST",
  path: "/analyze",
  operation: "analyze",
  tag: "Compression",
  summary: "What a content is, what each algorithm makes of it, and which is chosen and why.",
  body: object(
    { content: text() },
    {
      model: text("Sets the encoding and the price. Default: the one that the content names.", {
        maxLength: 200,
      }),
      encoding: oneOf(BPE_ENCODING_WORDS, "Vocabulary of token-native and of the counts."),
    },
  ),
  replies: {
    200: {
      summary: "The analysis.",
      schema: object(
        {
          bytes: count(),
          kind: text("chat.request, json, text and the like."),
          is_json: flag(),
          is_llm_api: flag(),
          has_tools: flag(),
          is_stream: flag(),
          tokens: count(),
          encoding: text("How tokens are counted."),
          exact: flag("false: tokens and cost are estimates."),
          candidates: list(
            object(
              { algorithm: text(), lossless: oneOf(["bytes", "minified-json"]) },
              {
                bytes: count(),
                ratio: number(),
                tokens: count("Of the wire, if it stood in a prompt."),
                time_ms: number(),
                refused: object({ code: text(), message: text() }),
              },
            ),
          ),
          chosen: object({ published: CHOICE, smallest: CHOICE }, {}, "By policy."),
          route: object(
            { strategy: oneOf(["skip", "optimize", "full"]), reason: text() },
            { tokens: count() },
            "What a proxy would do with it.",
          ),
        },
        {
          model: text("The model that is meant, or that the content names."),
          message_count: count(),
          repetition_ratio: fraction("Share of four-character windows that occurred before."),
          minified: object({ bytes: count(), tokens: count() }, {}, "Without JSON whitespace."),
          cost_usd: number("As input of the model, where its price is known."),
          security: object(SCAN_MEMBERS, {}, "Absent with security switched off."),
        },
      ),
    },
  },
  async handle({ body, client, id }, services) {
    const { engine, isBlocking } = services;
    const { content, model } = body;
    const guard = services.guardFor({ request: id, path: "/analyze", client, model });
    const counting = chooseCounting(
      services,
      body,
      body.model === undefined ? readNamedModel(content) : undefined,
    );
    const analysis = engine.analyze(content, {
      encoding: vocabularyOf(services, body),
      countTokens: (part) => countTokens(typeof part === "string" ? part : decodeUtf8(part), counting),
    });
    const { tokens = 0 } = analysis;
    // Of nothing: how the others were counted.
    const { encoding, exact } = countTokensDetailed("", counting);
    const scan = guard && (await guard.scan(content));
    return {
      json: {
        ...analysisToJson(analysis),
        tokens,
        encoding,
        exact,
        model: counting.model?.id ?? analysis.model,
        cost_usd: costUsd(services, counting.model, tokens),
        security: scan && scanToJson(scan, isBlocking),
      },
    };
  },
});

export const ANALYZE_ROUTES = [ANALYZE];

function analysisToJson(analysis: Analysis) {
  return {
    bytes: analysis.bytes,
    kind: analysis.kind,
    is_json: analysis.isJson,
    is_llm_api: analysis.isLlmApi,
    has_tools: analysis.hasTools,
    is_stream: analysis.isStream,
    message_count: analysis.messageCount,
    repetition_ratio: analysis.repetitionRatio,
    minified: analysis.minified,
    candidates: analysis.candidates.map(({ algorithm, timeMs, ...candidate }) => ({
      algorithm: algorithmWord(algorithm),
      ...candidate,
      time_ms: timeMs === undefined ? undefined : roundedMs(timeMs),
    })),
    chosen: {
      published: choiceToJson(analysis.chosen.published),
      smallest: choiceToJson(analysis.chosen.smallest),
    },
    route: analysis.route,
  };
}

function choiceToJson({ algorithm, bytes, reason }: Analysis["chosen"]["published"]) {
  return { algorithm: algorithmWord(algorithm), reason, bytes };
}
