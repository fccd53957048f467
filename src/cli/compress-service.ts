import {
  ALGORITHMS,
  CodecEngine,
  type CompressionResult,
  type CompressOptions,
  type ContentScanner,
} from "../codec/index.js";
import { RESERVED_ALGORITHM_NAMES, type AlgorithmName } from "../shared/algorithms.js";
import { encodeBase64 } from "../shared/base64.js";
import { InputError } from "../shared/errors.js";
import type { ScanResult } from "../security/index.js";
import type { CommandContext } from "./context.js";
import { chooseCounting, describeInexact, tryCountText, type Counting } from "./count.js";
import { readNamedModel } from "../shared/named-model.js";
import { explaining, LIMIT_HINTS, sourceLabel, type Hints } from "./explain-error.js";
import type { EncodingChoice } from "./flags.js";
import { readSource, type Source } from "./input.js";
import { runLines } from "./lines.js";
import { assertBinaryAllowed, withOutput, writeResult, type OutputOptions } from "./output.js";
import { explainThreat } from "./scan-threat.js";
import type { EngineSettings } from "./settings.js";
import { formatStats, type Stats } from "./stats.js";
import { countOf, formatPercent, round } from "./words.js";

export interface CompressJob {
  readonly source: Source;
  readonly settings: EngineSettings;
  readonly options: CompressOptions & { readonly algorithm: AlgorithmName | "auto" };
  readonly output: OutputOptions;
  readonly choice: EncodingChoice | undefined;
  readonly modelFiles?: readonly string[];
  readonly stats: boolean;
  readonly field?: string;
  /** Refuses threats before they become a wire. */
  readonly scanner?: ContentScanner<ScanResult>;
}

const HINTS: Hints = {
  ...LIMIT_HINTS,
  M2M_UTF8_INVALID: "--algorithm brotli and --algorithm m2m carry any bytes.",
};

/** One message in, one wire out. */
export async function compress(context: CommandContext, job: CompressJob): Promise<void> {
  const { options, output: outputOptions, settings, source } = job;
  if (options.binary && !context.json) assertBinaryAllowed(context, outputOptions);
  const engine = createEngine(context, job);
  const { content, result, timeMs } = await explaining(sourceLabel(source, false), HINTS, async () => {
    const content = await readSource(source, settings.limits.maxInputBytes);
    const start = performance.now();
    const result = await compressOne(engine, content, options, job.scanner);
    return { content, result, timeMs: performance.now() - start };
  });
  const measured = job.stats ? await measure(context, job, content, result, timeMs) : undefined;
  await withOutput(context, outputOptions, async (output) => {
    if (!context.json) return writeResult(output, result.data);
    const report = {
      version: 1,
      ...describe(result),
      reason: result.reason,
      stats: measured?.stats,
    };
    await output.write(`${JSON.stringify(report)}\n`);
  });
  if (!measured || context.json) return;
  context.note(formatStats(result, measured.stats));
  const inexact = describeInexact(measured.counting);
  if (inexact) context.note(`m2m: ${inexact}`);
}

/** @returns the exit code */
export async function compressLines(context: CommandContext, job: CompressJob): Promise<number> {
  const { options, settings, source } = job;
  if (options.binary) {
    throw new InputError(
      "M2M_USAGE",
      "--binary and --lines cannot be given together: a binary wire is no line.",
    );
  }
  const engine = createEngine(context, job);
  let lines = 0;
  let originalBytes = 0;
  let compressedBytes = 0;
  let timeMs = 0;
  const code = await withOutput(context, job.output, (output) =>
    runLines(context, {
      sources: [source],
      output,
      field: job.field,
      maxLineBytes: settings.limits.maxInputBytes,
      hints: HINTS,
      transform(message) {
        const start = job.stats ? performance.now() : 0;
        const take = (result: CompressionResult) => {
          if (job.stats) timeMs += performance.now() - start;
          lines++;
          originalBytes += result.originalBytes;
          compressedBytes += result.compressedBytes;
          return context.json ? describe(result) : result.data;
        };
        // A message from a record may hold line breaks; its wire must not.
        const result = compressOne(engine, message, { ...options, singleLine: !context.json }, job.scanner);
        return result instanceof Promise ? result.then(take) : take(result);
      },
    }),
  );
  if (job.stats) {
    const ratio = originalBytes === 0 ? "" : ` (${formatPercent(compressedBytes / originalBytes)})`;
    const sizes = `${originalBytes} → ${compressedBytes} bytes${ratio}`;
    context.note(`${countOf(lines, "message")}, ${sizes}, ${timeMs.toFixed(1)} ms`);
  }
  return code;
}

/** Without a scanner there is nothing to wait for. */
function compressOne(
  engine: CodecEngine,
  content: Uint8Array,
  options: CompressOptions,
  scanner: ContentScanner<ScanResult> | undefined,
): CompressionResult | Promise<CompressionResult> {
  if (!scanner) return engine.compress(content, options);
  return engine.secureCompress(content, scanner, options).catch((error: unknown) => {
    throw explainThreat(error);
  });
}

function createEngine(context: CommandContext, { options, settings }: CompressJob): CodecEngine {
  const engine = new CodecEngine(settings);
  const { algorithm, quality } = options;
  if (algorithm === "auto") return engine;
  // A reserved name is refused before anything is read, and once, not for every line.
  if (RESERVED_ALGORITHM_NAMES.includes(algorithm)) engine.compress("", { algorithm });
  const usesQuality = ALGORITHMS.find(({ name }) => name === algorithm)?.usesQuality;
  if (quality !== undefined && !usesQuality) context.note(`m2m: ${algorithm} has no use for --quality.`);
  return engine;
}

function describe(result: CompressionResult): object {
  const { algorithm, encoding, data, originalBytes, compressedBytes, ratio } = result;
  const payload = typeof data === "string" ? { data } : { dataBase64: encodeBase64(data) };
  return { algorithm, encoding, ...payload, originalBytes, compressedBytes, ratio: round(ratio) };
}

/** Tokens and costs by the model of the flags, else the one that the message names, else in the wire's vocabulary. */
async function measure(
  context: CommandContext,
  job: CompressJob,
  content: Uint8Array,
  result: CompressionResult,
  timeMs: number,
): Promise<{ stats: Stats; counting: Counting }> {
  const named = job.choice?.card ? undefined : readNamedModel(content);
  const registry = job.choice?.card || named !== undefined ? await context.models(job.modelFiles) : undefined;
  const counting = chooseCounting(job.choice, named, registry, result.encoding ?? job.settings.encoding);
  const { card, encoding, exact } = counting;
  const tokens = tryCountText(content, counting);
  const wireTokens = typeof result.data === "string" ? tryCountText(result.data, counting) : undefined;
  const cost = (count: number | undefined) =>
    card && count !== undefined ? registry?.costUsd(card, { inputTokens: count }) : undefined;
  return {
    counting,
    stats: {
      encoding,
      exact,
      tokens,
      wireTokens,
      timeMs: round(timeMs),
      model: card?.id,
      costUsd: cost(tokens),
      wireCostUsd: cost(wireTokens),
    },
  };
}
