import { CodecEngine } from "../codec/index.js";
import { encodeBase64 } from "../shared/base64.js";
import { FormatError } from "../shared/errors.js";
import { isJsonText } from "../shared/json-text.js";
import { maxWireBytes } from "../shared/limits.js";
import { tryDecodeUtf8 } from "../shared/utf8.js";
import type { CommandContext } from "./context.js";
import { readSource, type Source } from "./input.js";
import { runLines } from "./lines.js";
import { assertBinaryAllowed, withOutput, type OutputOptions } from "./output.js";
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

type Result = ReturnType<CodecEngine["decompress"]>;

const LINE_FEED = 0x0a;

/** One wire in, its content out. */
export async function decompress(context: CommandContext, job: DecompressJob): Promise<void> {
  const { settings, key, allowUnsecured } = job;
  const wire = await readSource(job.source, maxWireBytes(settings.limits));
  const result = new CodecEngine(settings).decompress(wire, { key, allowUnsecured });
  const text = tryDecodeUtf8(result.bytes);
  if (text === undefined && !context.json) assertBinaryAllowed(context, job.output);
  const pretty = job.pretty && text !== undefined && isJsonText(text) ? prettyJsonText(text) : undefined;
  await withOutput(context, job.output, async (output) => {
    if (context.json) {
      await output.write(`${JSON.stringify({ version: 1, ...describe(result, pretty ?? text) })}\n`);
      return;
    }
    await output.write(pretty ?? result.bytes);
    // In a pipe or a file the content is exact; on a terminal the prompt would stick to it.
    if (output.isTerminal && result.bytes.at(-1) !== LINE_FEED) await output.write("\n");
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
      transform(wire) {
        const result = engine.decompress(wire, { key, allowUnsecured });
        if (context.json) return describe(result, tryDecodeUtf8(result.bytes));
        const offset = result.bytes.indexOf(LINE_FEED);
        if (offset < 0) return result.bytes;
        throw new FormatError("M2M_LINE_INVALID", "The content holds a line break, so it is no line.", {
          offset,
          hint: "Use --json with --lines: the content is then a JSON string.",
        });
      },
    }),
  );
}

function describe(result: Result, text: string | undefined): object {
  const { algorithm, form, encoding, bytes } = result;
  const content = text === undefined ? { contentBase64: encodeBase64(bytes) } : { content: text };
  return { algorithm, form, encoding, ...content, bytes: bytes.length };
}
