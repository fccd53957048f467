import type { AlgorithmName, PolicyName } from "../shared/algorithms.js";
import type { BpeEncodingName } from "../shared/encodings.js";
import { M2MError } from "../shared/errors.js";
import { encodeUtf8 } from "../shared/utf8.js";
import type { Content, ContentKind } from "./content.js";
import type { Selection } from "./policy.js";
import { ALGORITHMS } from "./registry.js";
import type { CompressionResult } from "./result.js";
import type { Route } from "./router.js";
import type { LosslessScope } from "./types.js";

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
  /**
   * Share of four-character windows that occurred before, 0 to 1, over the first 64 Ki characters; absent for what is no
   * text and for less than 100 bytes, which say nothing.
   */
  repetitionRatio?: number;
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
  countTokens(text: string | Uint8Array): number;
  compress(algorithm: AlgorithmName): CompressionResult;
  /** Loads what an algorithm needs. */
  warmUp(algorithm: AlgorithmName): CompressionResult;
  /** What a policy takes of the wires that `encode` makes. */
  choose(policy: PolicyName, encode: (algorithm: AlgorithmName) => CompressionResult): CompressionResult;
  /** @param tokens of the content; absent if it is no text */
  route(tokens: number | undefined): Route;
}

const REPETITION_SAMPLE = 65536;
/** Shorter content has too few windows to say anything. */
const REPETITION_MIN_BYTES = 100;

/** What `content` is and what each algorithm and policy makes of it. */
export function analyzeContent(content: Content, context: AnalysisContext): Analysis {
  const { countTokens, encoding } = context;
  const root = content.rootObject;
  const minified = content.minified === undefined ? undefined : encodeUtf8(content.minified);
  // Counted first and tried on a space, so that no algorithm is charged for loading a vocabulary or a prior.
  const tokens = content.text === undefined ? undefined : countTokens(content.bytes);
  for (const { name } of ALGORITHMS) attempt(() => context.warmUp(name));
  const attempts = new Map(
    ALGORITHMS.map(({ name }) => [name, attempt(() => context.compress(name))] as const),
  );
  const encode = (algorithm: AlgorithmName): CompressionResult => {
    const result = attempts.get(algorithm)?.result;
    if (result instanceof M2MError || !result) throw result ?? new TypeError(`No attempt of ${algorithm}.`);
    return result;
  };
  const choose = (policy: PolicyName): Selection & { bytes: number } => {
    const { algorithm, reason = "", compressedBytes } = context.choose(policy, encode);
    return { algorithm, reason, bytes: compressedBytes };
  };
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
    tokens,
    minified: minified && { bytes: minified.length, tokens: countTokens(minified) },
    candidates: ALGORITHMS.map(({ name, lossless }) => ({
      algorithm: name,
      lossless,
      ...report(attempts.get(name) as Attempt, countTokens),
    })),
    chosen: { published: choose("published"), smallest: choose("smallest") },
    route: context.route(tokens),
  };
}

interface Attempt {
  result: CompressionResult | M2MError;
  timeMs: number;
}

function attempt(compress: () => CompressionResult): Attempt {
  const start = performance.now();
  try {
    return { result: compress(), timeMs: performance.now() - start };
  } catch (error) {
    if (error instanceof M2MError) return { result: error, timeMs: performance.now() - start };
    throw error;
  }
}

function report(
  { result, timeMs }: Attempt,
  countTokens: AnalysisContext["countTokens"],
): Partial<CandidateReport> {
  if (result instanceof M2MError) return { refused: { code: result.code, message: result.message } };
  const { data, compressedBytes, ratio } = result;
  return {
    bytes: compressedBytes,
    ratio,
    tokens: typeof data === "string" ? countTokens(data) : undefined,
    timeMs,
  };
}

function measureRepetition(content: Content): number | undefined {
  const text = content.text;
  if (text === undefined || content.bytes.length < REPETITION_MIN_BYTES) return undefined;
  const characters = Array.from(text.slice(0, REPETITION_SAMPLE));
  const windows = characters.length - 3;
  if (windows <= 0) return undefined;
  const seen = new Set<string>();
  for (let i = 0; i < windows; i++) seen.add(characters.slice(i, i + 4).join(""));
  return 1 - seen.size / windows;
}
