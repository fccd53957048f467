import type { BpeEncodingName } from "../shared/encodings.js";
import { M2MError } from "../shared/errors.js";
import { minifyJsonText } from "../shared/json-text.js";
import { encodeUtf8 } from "../shared/utf8.js";
import type { TokenizerCache } from "../tokenizer/index.js";
import type { Content, ContentKind } from "./content.js";
import { POLICIES, type PolicyName, type Selection } from "./policy.js";
import { ALGORITHMS } from "./registry.js";
import type { CompressionResult } from "./result.js";
import type { Route } from "./router.js";
import type { AlgorithmName, LosslessScope } from "./types.js";

/** What one algorithm makes of the content. */
export interface CandidateReport {
  algorithm: AlgorithmName;
  lossless: LosslessScope;
  /** Bytes of the wire; absent if the algorithm refuses the content. */
  bytes?: number;
  /** bytes / originalBytes. */
  ratio?: number;
  /** Tokens of the wire if it were put into a prompt as text; absent for binary wires. */
  tokens?: number;
  timeMs?: number;
  /** Why the algorithm refuses the content. */
  refused?: { code: string; message: string };
}

export interface Analysis {
  bytes: number;
  kind: ContentKind;
  isText: boolean;
  isJson: boolean;
  isLlmApi: boolean;
  /** The model that the body names. */
  model?: string;
  hasTools: boolean;
  isStream: boolean;
  messageCount?: number;
  /** Share of four-character windows that occurred before, 0 to 1, over the first 64 Ki characters. */
  repetitionRatio: number;
  encoding: BpeEncodingName;
  /** Tokens of the content; absent if it is not text. */
  tokens?: number;
  /** Bytes and tokens without insignificant whitespace; absent if it is not JSON. */
  minified?: { bytes: number; tokens: number };
  candidates: CandidateReport[];
  chosen: Record<PolicyName, Selection & { bytes: number }>;
  route: Route;
}

/** The engine's services that an analysis needs. */
export interface AnalysisContext {
  encoding: BpeEncodingName;
  tokenizers: TokenizerCache;
  binary: boolean;
  compress(algorithm: AlgorithmName): CompressionResult;
  select(policy: PolicyName): CompressionResult;
  route(): Route;
}

const REPETITION_SAMPLE = 65536;
/** Shorter content has too few windows to say anything. */
const REPETITION_MIN_BYTES = 100;

/** What `content` is and what each algorithm and policy makes of it. */
export function analyzeContent(content: Content, context: AnalysisContext): Analysis {
  const { encoding } = context;
  const tokenizer = context.tokenizers.get(encoding);
  const root = content.rootObject;
  const minified = content.isJson ? encodeUtf8(minifyJsonText(content.text as string)) : undefined;
  const chosen = {} as Analysis["chosen"];
  for (const policy of POLICIES) {
    const { algorithm, reason = "", compressedBytes } = context.select(policy);
    chosen[policy] = { algorithm, reason, bytes: compressedBytes };
  }
  return {
    bytes: content.bytes.length,
    kind: content.kind,
    isText: content.text !== undefined,
    isJson: content.isJson,
    isLlmApi: content.isLlmApi,
    model: typeof root?.model === "string" ? root.model : undefined,
    hasTools: ["tools", "tool_calls", "functions"].some(
      (key) => root !== undefined && Object.hasOwn(root, key),
    ),
    isStream: content.kind === "event-stream" || root?.stream === true,
    messageCount: Array.isArray(root?.messages) ? root.messages.length : undefined,
    repetitionRatio: measureRepetition(content),
    encoding,
    tokens: content.text === undefined ? undefined : tokenizer.count(content.bytes),
    minified: minified && { bytes: minified.length, tokens: tokenizer.count(minified) },
    candidates: ALGORITHMS.map((descriptor) => ({
      algorithm: descriptor.name,
      lossless: descriptor.lossless,
      ...reportCandidate(descriptor.name, context),
    })),
    chosen,
    route: context.route(),
  };
}

function reportCandidate(algorithm: AlgorithmName, context: AnalysisContext): Partial<CandidateReport> {
  try {
    const start = performance.now();
    const { data, compressedBytes, ratio } = context.compress(algorithm);
    const timeMs = performance.now() - start;
    const tokens =
      typeof data === "string" ? context.tokenizers.get(context.encoding).count(data) : undefined;
    return { bytes: compressedBytes, ratio, tokens, timeMs };
  } catch (error) {
    if (!(error instanceof M2MError)) throw error;
    return { refused: { code: error.code, message: error.message } };
  }
}

function measureRepetition(content: Content): number {
  const text = content.text;
  if (text === undefined || content.bytes.length < REPETITION_MIN_BYTES) return 0;
  const characters = Array.from(text.slice(0, REPETITION_SAMPLE));
  const windows = characters.length - 3;
  if (windows <= 0) return 0;
  const seen = new Set<string>();
  for (let i = 0; i < windows; i++) seen.add(characters.slice(i, i + 4).join(""));
  return 1 - seen.size / windows;
}
