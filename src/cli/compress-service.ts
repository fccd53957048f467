import { CodecEngine, type CompressOptions } from "../codec/index.js";
import { RESERVED_ALGORITHM_NAMES } from "../shared/algorithms.js";
import { InputError } from "../shared/errors.js";
import { encodeBase64 } from "../shared/base64.js";
import type { CommandContext } from "./context.js";
import { tryCountTokens } from "./count.js";
import type { EncodingChoice } from "./flags.js";
import { readSource, type Source } from "./input.js";
import { runLines } from "./lines.js";
import { assertBinaryAllowed, withOutput, type OutputOptions } from "./output.js";
import type { EngineSettings } from "./settings.js";
import { formatStats, type Stats } from "./stats.js";

export interface CompressJob {
  readonly sources: readonly Source[];
  readonly settings: EngineSettings;
  readonly options: CompressOptions;
  readonly output: OutputOptions;
  readonly choice: EncodingChoice | undefined;
  readonly modelFiles?: readonly string[];
  readonly flags: { readonly stats?: boolean; readonly field?: string };
}

type Result = ReturnType<CodecEngine["compress"]>;

/** One message in, one wire out. */
export async function compress(context: CommandContext, job: CompressJob): Promise<void> {
  const { binary } = job.options;
  if (binary && !context.json) assertBinaryAllowed(context, job.output);
  const engine = await createEngine(context, job);
  const content = await readSource(job.sources[0], job.settings.limits.maxInputBytes);
  const start = job.flags.stats ? performance.now() : 0;
  const result = engine.compress(content, job.options);
  const stats = job.flags.stats
    ? await measure(context, job, content, result, performance.now() - start)
    : undefined;
  await withOutput(context, job.output, async (output) => {
    if (context.json) {
      await output.write(
        `${JSON.stringify({ version: 1, ...describe(result), reason: result.reason, stats })}\n`,
      );
      return;
    }
    await output.write(result.data);
    // In a pipe or a file the wire is exact; on a terminal the prompt would stick to it.
    if (output.isTerminal && typeof result.data === "string") await output.write("\n");
  });
  if (stats && !context.json) context.note(formatStats(result, stats));
}

/** @returns the exit code */
export async function compressLines(context: CommandContext, job: CompressJob): Promise<number> {
  if (job.options.binary) {
    throw new InputError(
      "M2M_USAGE",
      "--binary and --lines cannot be given together: a binary wire is no line.",
    );
  }
  const engine = await createEngine(context, job);
  let lines = 0;
  let originalBytes = 0;
  let compressedBytes = 0;
  let timeMs = 0;
  const code = await withOutput(context, job.output, (output) =>
    runLines(context, {
      sources: job.sources,
      output,
      field: job.flags.field,
      maxLineBytes: job.settings.limits.maxInputBytes,
      transform(message) {
        const start = job.flags.stats ? performance.now() : 0;
        // A message from a record may hold line breaks; its wire must not.
        const result = engine.compress(message, { ...job.options, singleLine: !context.json });
        if (job.flags.stats) timeMs += performance.now() - start;
        lines++;
        originalBytes += result.originalBytes;
        compressedBytes += result.compressedBytes;
        return context.json ? describe(result) : result.data;
      },
    }),
  );
  if (job.flags.stats) {
    const ratio = originalBytes === 0 ? 1 : compressedBytes / originalBytes;
    const percent = (100 * ratio).toFixed(1);
    context.note(
      `${lines} messages, ${originalBytes} → ${compressedBytes} bytes (${percent} %), ${timeMs.toFixed(1)} ms`,
    );
  }
  return code;
}

async function createEngine(context: CommandContext, job: CompressJob): Promise<CodecEngine> {
  const { options, settings } = job;
  // A key is for frames, whatever the settings prefer.
  options.algorithm ??= options.key ? "auto" : (await context.config()).get("compression.default_algorithm");
  const engine = new CodecEngine(settings);
  // A reserved name is refused once, not for every line.
  const { algorithm } = options;
  if (algorithm !== "auto" && RESERVED_ALGORITHM_NAMES.includes(algorithm))
    engine.compress("", { algorithm });
  return engine;
}

function describe(result: Result): object {
  const { algorithm, encoding, data, originalBytes, compressedBytes, ratio } = result;
  const payload = typeof data === "string" ? { data } : { dataBase64: encodeBase64(data) };
  return { algorithm, encoding, ...payload, originalBytes, compressedBytes, ratio: round(ratio) };
}

async function measure(
  context: CommandContext,
  job: CompressJob,
  content: Uint8Array,
  result: Result,
  timeMs: number,
): Promise<Stats> {
  const { card, encoding = result.encoding ?? job.settings.encoding } = job.choice ?? {};
  const tokens = tryCountTokens(content, encoding, card?.provider);
  const wireTokens =
    typeof result.data === "string" ? tryCountTokens(result.data, encoding, card?.provider) : undefined;
  const stats: Stats = { encoding, tokens, wireTokens, timeMs: round(timeMs) };
  if (!card) return stats;
  const registry = await context.models(job.modelFiles);
  const cost = (count: number | undefined) =>
    count === undefined ? undefined : registry.costUsd(card, { inputTokens: count });
  return { ...stats, model: card.id, costUsd: cost(tokens), wireCostUsd: cost(wireTokens) };
}

function round(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
