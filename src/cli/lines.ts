/**
 * The `--lines` engine: each line of the input is a message, each result a line of the output, in order, in flat memory.
 * Lines end at the byte 0x0A; a carriage return before it is content, so what comes back is what went in.
 */
import { FormatError, LimitError, M2MError } from "../shared/errors.js";
import { readJsonPointer } from "../shared/json-text.js";
import { decodeUtf8, encodeUtf8 } from "../shared/utf8.js";
import type { CommandContext } from "./context.js";
import { EXIT, exitCodeOf, formatError, OutputClosed, toErrorJson } from "./errors.js";
import type { Source } from "./input.js";
import type { Output } from "./output.js";
import { writeStderr } from "./stdio.js";

const LINE_FEED = 0x0a;
/** Results are written together from this many bytes on. */
const BATCH_BYTES = 64 * 1024;

export interface LinesOptions {
  readonly sources: readonly Source[];
  readonly output: Output;
  /** JSON Pointer (RFC 6901) of the message in a line that is a JSON record. */
  readonly field?: string;
  /** Most bytes of a line; a longer one is a bad line. */
  readonly maxLineBytes: number;
  /** The result of one message, without a line feed: text or bytes, or an object for `--json`, which gets the line's number. */
  transform(message: Uint8Array, line: number): string | Uint8Array | object;
}

/** @returns `EXIT.BAD_DATA` if a line was bad, else `EXIT.OK` */
export async function runLines(context: CommandContext, options: LinesOptions): Promise<number> {
  const { sources, output, field, maxLineBytes } = options;
  const batch = new Batch();
  let badLines = 0;
  const flush = async () => {
    if (batch.size > 0) await output.write(batch.take());
  };

  try {
    for (const source of sources) {
      let line = 0;
      const one = (bytes: Uint8Array | undefined) => {
        line++;
        try {
          if (!bytes) throw lineTooLong(maxLineBytes);
          const result = options.transform(field === undefined ? bytes : readField(bytes, field), line);
          if (typeof result === "string" || result instanceof Uint8Array) batch.addLine(result);
          else batch.addLine(JSON.stringify({ line, ...result }));
        } catch (error) {
          // A wrong key or an unknown option is wrong for every line; only bad data is the line's own fault.
          if (!(error instanceof M2MError) || exitCodeOf(error) !== EXIT.BAD_DATA) throw error;
          badLines++;
          const where = sources.length > 1 && source.name ? `${source.name}: line ${line}` : `line ${line}`;
          writeStderr(formatError(error, { where, verbose: context.verbose }));
          if (context.json) batch.addLine(JSON.stringify({ line, error: toErrorJson(error) }));
        }
      };
      for await (const lines of splitLines(source.chunks(), maxLineBytes)) {
        for (const bytes of lines) {
          one(bytes);
          if (batch.size >= BATCH_BYTES) await flush();
        }
        // What is ready goes out before the next read waits: `tail -f log | m2m … --lines` answers line by line.
        await flush();
      }
    }
  } catch (error) {
    // What came before is valid and in order.
    if (!(error instanceof OutputClosed)) await flush();
    throw error;
  }
  return badLines > 0 ? EXIT.BAD_DATA : EXIT.OK;
}

/**
 * The lines of `chunks`, as many at a time as a chunk completes. A line over `maxLineBytes` is `undefined`, and its
 * bytes are not kept. What follows the last line feed is a line if it is not empty.
 */
export async function* splitLines(
  chunks: AsyncIterable<Uint8Array>,
  maxLineBytes: number,
): AsyncGenerator<(Uint8Array | undefined)[]> {
  let parts: Uint8Array[] = [];
  let size = 0;
  const take = (last: Uint8Array): Uint8Array | undefined => {
    const total = size + last.length;
    const line =
      total > maxLineBytes ? undefined : parts.length === 0 ? last : Buffer.concat([...parts, last], total);
    parts = [];
    size = 0;
    return line;
  };
  for await (const chunk of chunks) {
    const lines: (Uint8Array | undefined)[] = [];
    let start = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      lines.push(take(chunk.subarray(start, end)));
      start = end + 1;
    }
    if (start < chunk.length) {
      size += chunk.length - start;
      if (size > maxLineBytes) parts = [];
      else parts.push(chunk.subarray(start));
    }
    if (lines.length > 0) yield lines;
  }
  if (size > 0) yield [take(new Uint8Array(0))];
}

/** The message at `pointer` of a JSON record: the text of a string, the raw text of any other value. */
function readField(record: Uint8Array, pointer: string): Uint8Array {
  const text = decodeUtf8(record);
  const slice = readJsonPointer(text, pointer);
  if (!slice) throw new FormatError("M2M_JSON_POINTER_MISSING", `The record has no ${pointer}.`);
  const raw = text.slice(slice.start, slice.end);
  return encodeUtf8(raw.startsWith('"') ? (JSON.parse(raw) as string) : raw);
}

function lineTooLong(maxLineBytes: number): LimitError {
  return new LimitError("M2M_INPUT_TOO_LARGE", `The line has more than the limit of ${maxLineBytes} bytes.`, {
    hint: "Raise --max-bytes if you trust the source.",
  });
}

/** Lines of output that wait to be written, in one buffer. */
class Batch {
  size = 0;
  #buffer = Buffer.allocUnsafe(2 * BATCH_BYTES);

  addLine(line: string | Uint8Array): void {
    // A UTF-16 unit takes at most three bytes of UTF-8.
    const room = this.size + (typeof line === "string" ? 3 : 1) * line.length + 1;
    if (room > this.#buffer.length) {
      const larger = Buffer.allocUnsafe(2 * room);
      this.#buffer.copy(larger, 0, 0, this.size);
      this.#buffer = larger;
    }
    if (typeof line === "string") this.size += this.#buffer.write(line, this.size);
    else {
      this.#buffer.set(line, this.size);
      this.size += line.length;
    }
    this.#buffer[this.size++] = LINE_FEED;
  }

  /** What waits; it is valid until the next `addLine`. */
  take(): Uint8Array {
    const lines = this.#buffer.subarray(0, this.size);
    this.size = 0;
    return lines;
  }
}
