import type { CompressionResult, CompressOptions } from "../../codec/index.js";
import {
  ALGORITHM_WORDS,
  algorithmWord,
  findAlgorithm,
  LEVEL_NAMES,
  POLICY_NAMES,
  type LevelName,
  type PolicyName,
} from "../../shared/algorithms.js";
import {
  BPE_ENCODING_WORDS,
  isBpeEncoding,
  parseEncoding,
  type BpeEncodingName,
} from "../../shared/encodings.js";
import { contentMember } from "../../http/index.js";
import { count, number, object, oneOf, text } from "../json-schema.js";
import { route, type Reply, type RouteRequest } from "../route.js";
import type { ServerServices } from "../services.js";
import { SECURITY_SUMMARY, securitySummary } from "./scan.js";

interface AutoBody {
  readonly content: string;
  readonly model?: string;
  readonly encoding?: string;
  readonly quality?: number;
  readonly level?: LevelName;
  readonly policy?: PolicyName;
}

interface CompressBody extends AutoBody {
  readonly algorithm?: string;
}

const CONTENT = text("What is compressed.");
const SETTINGS = {
  model: text("The model that the content is for: sets the vocabulary of token-native.", { maxLength: 200 }),
  encoding: oneOf(BPE_ENCODING_WORDS, "Vocabulary of token-native."),
  quality: {
    type: "integer",
    minimum: 0,
    maximum: 11,
    description: "Brotli quality, 0 (fast) to 11 (small); of a content over 64 KiB at most 9.",
  },
  level: oneOf(LEVEL_NAMES, "How much time dictionary takes for smaller wires."),
  policy: oneOf(POLICY_NAMES, "How auto chooses."),
} as const;

const WIRE = object(
  {
    data: text("The wire."),
    algorithm: text("Of the wire, as messages spell it."),
    original_bytes: count(),
    compressed_bytes: count(),
    ratio: number("compressed_bytes / original_bytes; 1 for empty content."),
  },
  {
    encoding: text("Vocabulary of a token-native wire."),
    reason: text("Why auto chose the algorithm."),
    security: SECURITY_SUMMARY,
  },
);

const COMPRESS = route<ServerServices, CompressBody>({
  method: "POST",
  path: "/compress",
  operation: "compress",
  tag: "Compression",
  summary: "Compress a content.",
  description:
    "The content is scanned first, unless security is switched off; a threat is refused if the server blocks.",
  body: object(
    { content: CONTENT },
    {
      algorithm: oneOf(
        ["auto", ...ALGORITHM_WORDS],
        "Default: the server's, which is auto unless configured.",
      ),
      ...SETTINGS,
    },
  ),
  replies: { 200: { summary: "The wire.", schema: WIRE } },
  problems: [403],
  handle(request, services) {
    const { algorithm = services.defaultAlgorithm } = request.body;
    return compress(services, request, "/compress", algorithm);
  },
});

const COMPRESS_AUTO = route<ServerServices, AutoBody>({
  method: "POST",
  path: "/compress/auto",
  operation: "compressAuto",
  tag: "Compression",
  summary: "Compress a content with the algorithm that suits it.",
  body: object({ content: CONTENT }, SETTINGS),
  replies: { 200: { summary: "The wire.", schema: WIRE } },
  problems: [403],
  handle: (request, services) => compress(services, request, "/compress/auto", "auto"),
});

const DECOMPRESS = route<ServerServices, { readonly data: string }>({
  method: "POST",
  path: "/decompress",
  operation: "decompress",
  tag: "Compression",
  summary: "The content of a wire.",
  description: "The algorithm is told by the wire's opening; what has none is passed through.",
  body: object({ data: text("The wire.") }),
  replies: {
    200: {
      summary: "The content.",
      schema: object(
        { bytes: count("Of the content; of text, in UTF-8."), algorithm: text("Of the wire.") },
        {
          content: text("Absent if the content is no text."),
          content_base64: text("The content, if it is no text (UTF-8)."),
          encoding: text("Vocabulary of a token-native wire."),
        },
      ),
    },
  },
  handle({ body, held }, { engine }) {
    const { algorithm, bytes, encoding } = held.unpack(engine.limits.maxOutputBytes, (maxOutputBytes) =>
      engine.decompress(body.data, { maxOutputBytes }),
    );
    const content = contentMember(bytes);
    return { json: { ...content, bytes: bytes.length, algorithm: algorithmWord(algorithm), encoding } };
  },
});

/**
 * Above 9 Brotli takes a hundred times as long, a megabyte of noise many seconds in which nobody else is answered: that is for
 * short contents.
 */
const MAX_FAST_QUALITY = 9;
const MAX_SLOW_UNITS = 64 * 1024;

export const CODEC_ROUTES = [COMPRESS, COMPRESS_AUTO, DECOMPRESS];

async function compress(
  services: ServerServices,
  { body, id, client }: RouteRequest<AutoBody, unknown>,
  path: string,
  algorithm: string,
): Promise<Reply> {
  const { engine } = services;
  const guard = services.guardFor({ request: id, path, client, model: body.model });
  const mostQuality = body.content.length > MAX_SLOW_UNITS ? MAX_FAST_QUALITY : Infinity;
  const options: CompressOptions = {
    algorithm: algorithm === "auto" ? algorithm : findAlgorithm(algorithm),
    encoding: vocabularyOf(services, body),
  };
  // What is left out costs the engine nothing.
  if (body.quality !== undefined) options.quality = Math.min(body.quality, mostQuality);
  if (body.level !== undefined) options.level = body.level;
  if (body.policy !== undefined) options.policy = body.policy;
  const { content } = services.metrics;
  const guarded = guard && (await engine.secureCompress(body.content, guard, options));
  const result = guarded ?? engine.compress(body.content, options);
  content.originalBytes += result.originalBytes;
  content.compressedBytes += result.compressedBytes;
  const security = guarded && securitySummary(guarded.scan);
  return { json: { ...wireToJson(result), security } };
}

/** The vocabulary that a request asks for, by name or by model. @throws {InputError} `M2M_MODEL_UNKNOWN` */
export function vocabularyOf(
  { encoding: fallback, models }: ServerServices,
  { encoding, model }: { readonly encoding?: string; readonly model?: string },
): BpeEncodingName {
  const card = model === undefined ? undefined : models.get(model);
  if (encoding !== undefined) return parseEncoding(encoding) as BpeEncodingName;
  return card && isBpeEncoding(card.encoding) ? card.encoding : fallback;
}

function wireToJson(result: CompressionResult) {
  return {
    data: result.data,
    algorithm: algorithmWord(result.algorithm),
    original_bytes: result.originalBytes,
    compressed_bytes: result.compressedBytes,
    ratio: result.ratio,
    encoding: result.encoding,
    reason: result.reason,
  };
}
