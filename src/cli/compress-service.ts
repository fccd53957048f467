import {
  ALGORITHMS,
  CodecEngine,
  type CompressionResult,
  type CompressOptions,
  type ContentScanner,
  guardContent,
  SessionLineEncoder,
} from "../codec/index.js";
import type { AlgorithmName } from "../shared/algorithms.js";
import { InputError, M2MError } from "../shared/errors.js";
import type { ScanResult } from "../security/index.js";
import type { CommandContext } from "./context.js";
import { chooseCounting, describeInexact, tryCountText, type Counting } from "./count.js";
import { readNamedModel } from "../shared/named-model.js";
import { explaining, KEY_HINTS, LIMIT_HINTS, sourceLabel, type Hints } from "./explain-error.js";
import type { EncodingChoice } from "./flags.js";
import { readSource, type Source } from "./input.js";
import type { Outcome } from "./line-result.js";
import {
  addTotals,
  count,
  createLineTransform,
  describeWire,
  noTotals,
  type LineTask,
  type LineTotals,
} from "./line-task.js";
import { runLines } from "./lines.js";
import { assertBinaryAllowed, withOutput, writeResult, type OutputOptions } from "./output.js";
import { explainThreat } from "./scan-threat.js";
import type { EngineSettings } from "./settings.js";
import { formatStats, isReadable, type Stats } from "./stats.js";
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
  /** With lines: each wire builds on those before it. */
  readonly session?: boolean;
  /** Refuses threats before they become a wire. */
  readonly scanner?: ContentScanner<ScanResult>;
}

const HINTS: Hints = {
  ...LIMIT_HINTS,
  ...KEY_HINTS,
  M2M_UTF8_INVALID: "--algorithm brotli and --algorithm m2m carry any bytes.",
};

/** One message in, one wire out. */
export async function compress(context: CommandContext, job: CompressJob): Promise<void> {
  const { options, output: outputOptions, settings, source } = job;
  if (options.binary && !context.json) assertBinaryAllowed(context, outputOptions);
  noteUseless(context, options);
  const engine = new CodecEngine(settings);
  const { content, result, timeMs } = await explaining(sourceLabel(source, false), HINTS, async () => {
    const content = await readSource(source, settings.limits.maxInputBytes);
    if (job.stats) warmUp(engine, job);
    const start = performance.now();
    const result = await compressOne(engine, content, options, job.scanner);
    return { content, result, timeMs: performance.now() - start };
  });
  const measured = job.stats ? await measure(context, job, content, result, timeMs) : undefined;
  await withOutput(context, outputOptions, async (output) => {
    if (!context.json) return writeResult(output, result.data);
    const report = {
      version: 1,
      ...describeWire(result),
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
  if (job.session && options.algorithm !== "auto" && options.algorithm !== "dictionary") {
    throw new InputError("M2M_USAGE", `--session makes dictionary wires, not ${options.algorithm}.`);
  }
  const totals = noTotals();
  const task: LineTask = { kind: "compress", settings, options, field: job.field, json: context.json };
  noteUseless(context, options);
  const code = await withOutput(context, job.output, (output) =>
    runLines(context, {
      sources: [source],
      output,
      field: job.field,
      maxLineBytes: settings.limits.maxInputBytes,
      hints: HINTS,
      ...(job.session || job.scanner
        ? { transform: orderedTransform(context, job, totals) }
        : {
            transform: createLineTransform(task, totals),
            parallel: { task, addTotals: (more: LineTotals) => addTotals(totals, more) },
          }),
    }),
  );
  if (job.stats) {
    const { lines, originalBytes, compressedBytes, timeMs } = totals;
    const ratio = originalBytes === 0 ? "" : ` (${formatPercent(compressedBytes / originalBytes)})`;
    const sizes = `${originalBytes} → ${compressedBytes} bytes${ratio}`;
    context.note(`${countOf(lines, "message")}, ${sizes}, ${timeMs.toFixed(1)} ms`);
  }
  return code;
}

/** What is done to one line after the other: where each builds on those before it, and where a scanner is waited for. */
function orderedTransform(
  context: CommandContext,
  job: CompressJob,
  totals: LineTotals,
): (message: Uint8Array) => Outcome | Promise<Outcome> {
  const compressLine = job.session ? sessionCompressor(job) : lineCompressor(context, job);
  return (message) => {
    const startMs = performance.now();
    const take = (result: CompressionResult): Outcome => {
      count(totals, result, performance.now() - startMs);
      return context.json ? describeWire(result) : result.data;
    };
    const result = compressLine(message);
    return result instanceof Promise ? result.then(take) : take(result);
  };
}

type LineCompressor = (message: Uint8Array) => CompressionResult | Promise<CompressionResult>;

function lineCompressor(context: CommandContext, job: CompressJob): LineCompressor {
  const engine = new CodecEngine(job.settings);
  // A message from a record may hold line breaks; its wire must not.
  const options = { ...job.options, singleLine: !context.json };
  return (message) => compressOne(engine, message, options, job.scanner);
}

/** What the scanner blocks becomes no part of the session. */
function sessionCompressor({ scanner, settings }: CompressJob): LineCompressor {
  const encoder = new SessionLineEncoder({ limits: settings.limits });
  if (!scanner) return (message) => encoder.encode(message);
  return async (message) => {
    const scan = await guardContent(scanner, message).catch((error: unknown) => {
      throw explainThreat(error);
    });
    return { ...encoder.encode(message), scan };
  };
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

/** Loads vocabularies and the prior before the time of `--stats` begins, as `analyze` does: tried on a space. */
function warmUp(engine: CodecEngine, { options, settings }: CompressJob): void {
  const { algorithm, encoding, level, policy = settings.policy } = options;
  for (const { isExtension, name } of ALGORITHMS) {
    const mayBeTried = algorithm === "auto" ? policy === "smallest" || !isExtension : algorithm === name;
    try {
      if (mayBeTried) engine.compress(" ", { algorithm: name, encoding, level });
    } catch (error) {
      // What is wrong with an algorithm shows where it is used.
      if (!(error instanceof M2MError)) throw error;
    }
  }
}

/** Tells of flags that the algorithm does not look at. */
function noteUseless(context: CommandContext, { algorithm, level, quality }: CompressJob["options"]): void {
  if (algorithm === "auto") return;
  const descriptor = ALGORITHMS.find(({ name }) => name === algorithm);
  const note = (flag: string) => context.note(`m2m: ${algorithm} has no use for ${flag}.`);
  if (quality !== undefined && !descriptor?.usesQuality) note("--quality");
  if (level !== undefined && !descriptor?.usesLevel) note("--level");
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
      wireCostUsd: isReadable(result) ? cost(wireTokens) : undefined,
    },
  };
}
