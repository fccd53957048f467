import { CodecEngine, SessionLineDecoder } from "../codec/index.js";
import { FormatError, M2MError } from "../shared/errors.js";
import { isJsonText } from "../shared/json-text.js";
import { maxWireBytes } from "../shared/limits.js";
import { encodeUtf8, tryDecodeUtf8 } from "../shared/utf8.js";
import type { CommandContext } from "./context.js";
import {
  copyOf,
  explaining,
  KEY_HINTS,
  LIMIT_HINTS,
  sourceLabel,
  withLabel,
  type Hints,
} from "./explain-error.js";
import { readSource, type Source } from "./input.js";
import { describeContent, type LineTask } from "./line-task.js";
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

const HINTS: Hints = { ...LIMIT_HINTS, ...KEY_HINTS };
const LOST_HINT =
  "A line before it is missing or damaged; from the next that stands for itself on all can be read again.";

/** One wire in, its content out. */
export async function decompress(context: CommandContext, job: DecompressJob): Promise<void> {
  const { allowUnsecured, key, settings, source } = job;
  const result = await explaining(sourceLabel(source, false), HINTS, async () => {
    const { maxOutputBytes } = settings.limits;
    const most = `a wire needs for the limit of ${maxOutputBytes} bytes`;
    const wire = await readSource(source, maxWireBytes(settings.limits), most);
    try {
      return new CodecEngine(settings).decompress(wire, { key, allowUnsecured });
    } catch (error) {
      throw holdsSeveral(wire) && error instanceof FormatError
        ? copyOf(error, { hint: "It holds several wires, one a line: read them with --lines." })
        : error;
    }
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
    // What is indented has other bytes.
    const shown = pretty === undefined ? result : { ...result, bytes: encodeUtf8(pretty) };
    await output.write(`${JSON.stringify({ version: 1, ...describeContent(shown, pretty ?? text) })}\n`);
  });
}

/** Whether a wire of text is followed by another on a line of its own. */
function holdsSeveral(wire: Uint8Array): boolean {
  const line = Buffer.from("\n#");
  return wire[0] === line[1] && Buffer.from(wire.buffer, wire.byteOffset, wire.length).includes(line);
}

/** @returns the exit code */
export async function decompressLines(context: CommandContext, job: DecompressJob): Promise<number> {
  const { settings, key, allowUnsecured } = job;
  const engine = new CodecEngine(settings);
  // With a key nothing is read that is not secured.
  const session = key && !allowUnsecured ? undefined : new SessionLineDecoder({ limits: settings.limits });
  // Other threads leave what builds on other lines to this one.
  const task: LineTask = {
    kind: "decompress",
    settings,
    key,
    allowUnsecured,
    field: job.field,
    json: context.json,
  };
  let hasToldLost = false;
  const explain = (error: unknown, line: number): unknown => {
    if (!(error instanceof M2MError)) return error;
    // It ends the run, so it is no report of a line.
    if (error.code === "M2M_KEY_REQUIRED") return withLabel(error, `line ${line}`);
    if (error.code !== "M2M_CONTEXT_LOST") return error;
    // A thousand lines may build on one; an object of JSON stands for itself.
    const hint = hasToldLost && !context.json ? undefined : LOST_HINT;
    hasToldLost = true;
    return copyOf(error, { hint });
  };
  return withOutput(context, job.output, (output) =>
    runLines(context, {
      sources: [job.source],
      output,
      field: job.field,
      maxLineBytes: maxWireBytes(settings.limits),
      hints: HINTS,
      transform(wire, { line }) {
        try {
          const bytes = session?.tryDecode(wire);
          const result = bytes
            ? { algorithm: "dictionary" as const, form: "text" as const, bytes }
            : engine.decompress(wire, { key, allowUnsecured });
          return context.json ? describeContent(result, tryDecodeUtf8(result.bytes)) : result.bytes;
        } catch (error) {
          throw explain(error, line);
        }
      },
      parallel: { task },
    }),
  );
}
