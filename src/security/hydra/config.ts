import { isJsonObject, member } from "../../shared/json-value.js";
import { tryDecodeUtf8 } from "../../shared/utf8.js";
import { invalid } from "./safetensors.js";
import type { HydraConfig, LogisticLayer, ScreenLayer, WindowScale } from "./types.js";
import type { HydraWeights } from "./weights.js";

/** What the published model is where its `config.json` says nothing. */
const PUBLISHED = {
  topK: 2,
  layerNormEpsilon: 1e-5,
  windows: [{ tokens: 512, stride: 256 }],
  security: ["SAFE", "UNSAFE"],
  compression: ["NONE", "BPE", "BROTLI", "ZLIB"],
  threat: ["SAFE", "INJECTION", "JAILBREAK", "EXFILTRATION"],
  orders: [1, 2],
} as const;

const MAX_WINDOW_TOKENS = 65536;
const MAX_SCALES = 4;
/** A smaller stride than this part of a window makes many windows of one text. */
const LEAST_STRIDE = 1 / 4;
const MAX_ORDER = 8;
/** Features that a fusion weighs. */
export const FUSION_FEATURE_COUNT = 8;
const MAX_COEFFICIENT = 1e3;

/**
 * The configuration of `weights`: what the bytes of `config.json` say, with the published model for what they leave out.
 * Sizes come from the tensors alone, because the published file states others.
 * @param json absent: there is no such file
 * @throws {FormatError} `M2M_WEIGHTS_INVALID`
 */
export function parseConfig(json: Uint8Array | undefined, weights: HydraWeights): HydraConfig {
  const source = json === undefined ? {} : parseObject(json);
  const expertCount = Math.min(...weights.layers.map(({ experts }) => experts.length));
  const topK = readInteger(source, "top_k", Math.min(PUBLISHED.topK, expertCount), 1, expertCount);
  return {
    vocabSize: weights.embed.rows,
    hiddenSize: weights.embed.cols,
    layerCount: weights.layers.length,
    expertCount,
    topK,
    layerNormEpsilon: readEpsilon(source),
    tokenizer: readTokenizer(source),
    windows: readWindows(member(source, "windows")),
    ngram: weights.ngram && readNgram(source, weights.ngram.rows),
    labels: {
      security: readLabels(source, "security", PUBLISHED.security, weights.securityHead.rows, "UNSAFE"),
      compression: readLabels(source, "compression", PUBLISHED.compression, weights.compressionHead.rows),
      threat:
        weights.threatHead && readLabels(source, "threat", PUBLISHED.threat, weights.threatHead.rows, "SAFE"),
    },
    fusion: readFusion(member(source, "fusion")),
    screen: readScreen(member(source, "screen"), weights),
  };
}

function parseObject(json: Uint8Array): Record<string, unknown> {
  const text = tryDecodeUtf8(json);
  try {
    const value: unknown = text === undefined ? undefined : JSON.parse(text);
    if (isJsonObject(value)) return value;
  } catch {
    // Said below.
  }
  throw invalid("config.json is no JSON object.");
}

function readInteger(source: unknown, key: string, byDefault: number, low: number, high: number): number {
  const value = member(source, key) ?? byDefault;
  if (typeof value === "number" && Number.isInteger(value) && value >= low && value <= high) return value;
  throw invalid(`config.json: ${key} is a whole number from ${low} to ${high}.`);
}

function readWindows(windows: unknown = PUBLISHED.windows): WindowScale[] {
  if (!Array.isArray(windows) || windows.length < 1 || windows.length > MAX_SCALES) {
    throw invalid(`config.json: windows are one to ${MAX_SCALES} scales {"tokens", "stride"}.`);
  }
  return windows.map((scale: unknown) => {
    const tokens = readInteger(scale, "tokens", PUBLISHED.windows[0].tokens, 3, MAX_WINDOW_TOKENS);
    const least = Math.ceil(tokens * LEAST_STRIDE);
    return { tokens, stride: readInteger(scale, "stride", Math.max(1, tokens >> 1), least, tokens) };
  });
}

function readEpsilon(source: unknown): number {
  const value = member(source, "layer_norm_eps") ?? PUBLISHED.layerNormEpsilon;
  if (typeof value === "number" && value > 0 && value <= 1) return value;
  throw invalid("config.json: layer_norm_eps is a number over 0, at most 1.");
}

function readTokenizer(source: unknown): HydraConfig["tokenizer"] {
  const tokenizer = member(source, "tokenizer") ?? { type: "bytes" };
  const type = member(tokenizer, "type");
  if (type === "bytes") {
    const framed = member(tokenizer, "framed") ?? true;
    if (typeof framed === "boolean") return { type, framed };
  }
  if (type === "wordpiece") {
    const vocabulary = member(tokenizer, "vocab") ?? "vocab.txt";
    // A plain name: the configuration may come from anywhere, and must not lead out of its folder.
    if (typeof vocabulary === "string" && /^\w[\w.-]{0,99}$/.test(vocabulary)) return { type, vocabulary };
  }
  throw invalid(
    'config.json: tokenizer is {"type": "bytes"} or {"type": "wordpiece", "vocab": "vocab.txt"}.',
  );
}

function readNgram(source: unknown, buckets: number): HydraConfig["ngram"] {
  const ngram = member(source, "ngram");
  const orders = member(ngram, "orders") ?? PUBLISHED.orders;
  const pooling = member(ngram, "pooling") ?? "sqrt";
  if (!isOrders(orders)) {
    throw invalid(`config.json: ngram.orders are one to four different numbers from 1 to ${MAX_ORDER}.`);
  }
  if (pooling !== "sqrt" && pooling !== "mean") throw invalid("config.json: ngram.pooling is sqrt or mean.");
  return { buckets, orders, pooling };
}

function isOrders(value: unknown): value is readonly number[] {
  if (!Array.isArray(value) || value.length < 1 || value.length > 4) return false;
  if (new Set(value).size !== value.length) return false;
  return value.every((order) => Number.isInteger(order) && order >= 1 && order <= MAX_ORDER);
}

function readFusion(fusion: unknown): HydraConfig["fusion"] {
  if (fusion === undefined) return undefined;
  return { both: readLayer(member(fusion, "both")), hydra: readLayer(member(fusion, "hydra")) };
}

function readLayer(layer: unknown): LogisticLayer {
  const bias = member(layer, "bias");
  const coefficients = member(layer, "coefficients");
  if (isCoefficient(bias) && isCoefficients(coefficients, FUSION_FEATURE_COUNT))
    return { bias, coefficients };
  throw invalid(
    `config.json: fusion.both and fusion.hydra have a bias and ${FUSION_FEATURE_COUNT} coefficients, ` +
      `numbers from ${-MAX_COEFFICIENT} to ${MAX_COEFFICIENT}.`,
  );
}

function readScreen(screen: unknown, { embed, ngram }: HydraWeights): ScreenLayer | undefined {
  if (screen === undefined) return undefined;
  const numbers = isJsonObject(screen) ? screen : {};
  const { bias, length, threshold, margin, embed: ofEmbed, ngram: ofNgram } = numbers;
  if (isCoefficients(ofEmbed, embed.cols) && isCoefficients(ofNgram, ngram?.cols ?? 0)) {
    if (isCoefficient(bias) && isCoefficient(length) && isCoefficient(threshold))
      if (isCoefficient(margin) && margin >= 0)
        return { bias, length, threshold, margin, embed: ofEmbed, ngram: ofNgram };
  }
  throw invalid(
    `config.json: screen has bias, length, threshold and margin, ${embed.cols} numbers embed and ${ngram?.cols ?? 0} ngram, ` +
      `from ${-MAX_COEFFICIENT} to ${MAX_COEFFICIENT}.`,
  );
}

function isCoefficients(value: unknown, count: number): value is readonly number[] {
  return Array.isArray(value) && value.length === count && value.every(isCoefficient);
}

function isCoefficient(value: unknown): value is number {
  return typeof value === "number" && Math.abs(value) <= MAX_COEFFICIENT;
}

/** The labels of a head; `needed` is the one that the verdict is read from. */
function readLabels(
  source: unknown,
  head: string,
  published: readonly string[],
  rows: number,
  needed?: string,
): readonly string[] {
  const labels = member(member(source, "labels"), head) ?? published;
  const valid =
    Array.isArray(labels) &&
    labels.every((label): label is string => typeof label === "string" && /^\w{1,40}$/.test(label)) &&
    new Set(labels).size === labels.length;
  if (!valid) throw invalid(`config.json: labels.${head} are different names.`);
  if (labels.length !== rows) {
    throw invalid(
      `config.json: labels.${head} are ${labels.length}, and ${head}_head.weight has ${rows} rows.`,
    );
  }
  if (needed !== undefined && !labels.includes(needed)) {
    throw invalid(`config.json: labels.${head} lack ${needed}.`);
  }
  return labels;
}
