import { CodecEngine, type DecompressionResult } from "../codec/index.js";
import { encodeBase64 } from "../shared/base64.js";
import { isJsonText } from "../shared/json-text.js";
import { maxWireBytes } from "../shared/limits.js";
import { tryDecodeUtf8 } from "../shared/utf8.js";
import type { CommandContext } from "./context.js";
import { explaining, LIMIT_HINTS, sourceLabel } from "./explain-error.js";
import { readSource, type Source } from "./input.js";
import { runLines } from "./lines.js";
import { assertBinaryAllowed, withOutput, writeResult, type OutputOptions } from "./output.js";
import { prettyJsonText } from "./pretty-json.js";
import type { EngineSettings } from "./settings.js";

export interface DecompressJob {
  readonly source: Source;
  readonly settings: EngineSettings;
  readonly key?: Uint8Array;
  readonly allowUnsecured?: boolean;
  readonly output: OutputOptions;
  readonly pretty: boolean;
  readonly field?: string;
}

/** One wire in, its content out. */
export async function decompress(context: CommandContext, job: DecompressJob): Promise<void> {
  const { allowUnsecured, key, settings, source } = job;
  const result = await explaining(sourceLabel(source, false), LIMIT_HINTS, async () => {
    const wire = await readSource(source, maxWireBytes(settings.limits));
    return new CodecEngine(settings).decompress(wire, { key, allowUnsecured });
  });
  const text = tryDecodeUtf8(result.bytes);
  if (text === undefined && !context.json) assertBinaryAllowed(context, job.output);
  const { maxJsonDepth, maxOutputBytes } = settings.limits;
  const indents = job.pretty && text !== undefined && isJsonText(text, maxJsonDepth);
  const pretty = indents
    ? prettyJsonText(text, { maxJsonDepth, maxCharacters: 4 * maxOutputBytes })
    : undefined;
  if (job.pretty && pretty === undefined)
    context.note("Not indented: it is no JSON, too deep, or would become too long.");
  await withOutput(context, job.output, async (output) => {
    if (!context.json) return writeResult(output, pretty ?? result.bytes);
    await output.write(`${JSON.stringify({ version: 1, ...describe(result, pretty ?? text) })}\n`);
  });
}

/** @returns the exit code */
export async function decompressLines(context: CommandContext, job: DecompressJob): Promise<number> {
  const { settings, key, allowUnsecured } = job;
  const engine = new CodecEngine(settings);
  return withOutput(context, job.output, (output) =>
    runLines(context, {
      sources: [job.source],
      output,
      field: job.field,
      maxLineBytes: maxWireBytes(settings.limits),
      hints: LIMIT_HINTS,
      transform(wire) {
        const result = engine.decompress(wire, { key, allowUnsecured });
        return context.json ? describe(result, tryDecodeUtf8(result.bytes)) : result.bytes;
      },
    }),
  );
}

function describe(result: DecompressionResult, text: string | undefined): object {
  const { algorithm, form, encoding, bytes } = result;
  const content = text === undefined ? { contentBase64: encodeBase64(bytes) } : { content: text };
  return { algorithm, form, encoding, ...content, bytes: bytes.length };
}
