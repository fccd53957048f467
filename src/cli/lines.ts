/**
 * The `--lines` engine: each line of the input is a message, each result a line of the output, in order, in flat memory.
 * Lines end at the byte 0x0A; a carriage return before it is content, so what comes back is what went in.
 */
import {
  FormatError,
  LimitError,
  M2MError,
  SecurityThreat,
  UnsupportedError,
  type ErrorCode,
} from "../shared/errors.js";
import { parseJsonPointer, readJsonPointer } from "../shared/json-text.js";
import { decodeUtf8, encodeUtf8 } from "../shared/utf8.js";
import type { CommandContext } from "./context.js";
import { EXIT, exitCodeOf, formatError, OutputClosed, toErrorJson } from "./errors.js";
import { explaining, sourceLabel, withHint, type Hints } from "./explain-error.js";
import type { Source } from "./input.js";
import type { Output } from "./output.js";
import { Progress, wantsProgress } from "./progress.js";
import { writeStderr } from "./stdio.js";
import { countOf } from "./words.js";

const LINE_FEED = 0x0a;
/** Results are written together, up to this many bytes. */
const BATCH_BYTES = 64 * 1024;

type Result = string | Uint8Array;

export interface LinesOptions {
  readonly sources: readonly Source[];
  readonly output: Output;
  /** JSON Pointer (RFC 6901) of the message in a line that is a JSON record. */
  readonly field?: string;
  /** Most bytes of a line; a longer one is a bad line. */
  readonly maxLineBytes: number;
  /** What to do about errors, in the words of the command. */
  readonly hints?: Hints;
  /**
   * The result of one message: text or bytes, or an object for `--json`, which gets the line's number; `undefined` for
   * nothing to write. One message is done before the next begins.
   */
  transform(message: Uint8Array, place: LinePlace): Outcome | Promise<Outcome>;
}

type Outcome = Result | object | undefined;

/** Where a message stands. */
export interface LinePlace {
  /** From 1. */
  readonly line: number;
  readonly source: Source;
}

/**
 * Whether `error` is about the data of one line, so that the next line may be good. Arguments, keys and settings, and
 * what the installation lacks, are wrong for every line.
 */
export function isOfTheLine(error: unknown): error is M2MError {
  if (error instanceof SecurityThreat) return true;
  if (!(error instanceof M2MError) || exitCodeOf(error) !== EXIT.BAD_DATA) return false;
  return !(error instanceof UnsupportedError)
    ? error.code !== "M2M_RANK_TABLE_INVALID"
    : UNSUPPORTED_BY_A_WIRE.includes(error.code);
}

/** What a wire may ask for that this version lacks. */
const UNSUPPORTED_BY_A_WIRE: readonly ErrorCode[] = [
  "M2M_ALGORITHM_UNSUPPORTED",
  "M2M_TOKENIZER_UNSUPPORTED",
  "M2M_VERSION_UNSUPPORTED",
];

/**
 * @returns `EXIT.BAD_DATA` if a line was bad, else `EXIT.FINDINGS` if one was refused as a threat, else `EXIT.OK`
 * @throws {InputError} `M2M_USAGE` before anything is read if `field` is no JSON Pointer
 * @throws {M2MError} what is wrong for every line (`isOfTheLine`)
 */
export async function runLines(context: CommandContext, options: LinesOptions): Promise<number> {
  const { field, hints = {}, maxLineBytes, output, sources } = options;
  if (field !== undefined) parseJsonPointer(field);
  const several = sources.length > 1;
  const writer = new LineWriter(output);
  // A spinner between lines of the result would be neither.
  const progress = new Progress(context, wantsProgress(context) && !output.isTerminal);
  let code: number = EXIT.OK;
  let allLines = 0;
  let allBytes = 0;

  const readLines = async (source: Source): Promise<void> => {
    const label = sourceLabel(source, several);
    const about = several ? { name: source.name } : {};
    let line = 0;
    const toLine = (outcome: Outcome): Result | undefined => {
      if (outcome === undefined) return undefined;
      return isRaw(outcome) ? assertOneLine(outcome) : JSON.stringify({ ...about, line, ...outcome });
    };
    const reportBad = (thrown: unknown): Result | undefined => {
      const error = withHint(thrown, hints);
      if (!isOfTheLine(error)) throw error;
      code = Math.max(code, exitCodeOf(error));
      if (!context.json || context.verbose) {
        const where = label === undefined ? `line ${line}` : `${label}: line ${line}`;
        progress.clear();
        writeStderr(formatError(error, { where, verbose: context.verbose }));
      }
      return context.json ? JSON.stringify({ ...about, line, error: toErrorJson(error) }) : undefined;
    };
    const resultOf = (bytes: Uint8Array | undefined): Result | undefined | Promise<Result | undefined> => {
      line++;
      try {
        if (!bytes) throw lineTooLong(maxLineBytes);
        // As a reader of JSON values does (jq), which passes over whitespace between them.
        if (field !== undefined && isBlank(bytes)) return undefined;
        const message = field === undefined ? bytes : readField(bytes, field);
        const outcome = options.transform(message, { line, source });
        return outcome instanceof Promise ? outcome.then(toLine).catch(reportBad) : toLine(outcome);
      } catch (thrown) {
        return reportBad(thrown);
      }
    };
    for await (const lines of splitLines(source.chunks(), maxLineBytes)) {
      for (const bytes of lines) {
        const outcome = resultOf(bytes);
        // A turn of the microtask queue for each line would be most of the time of a short one.
        const result = outcome instanceof Promise ? await outcome : outcome;
        if (result !== undefined && !writer.tryAdd(result)) await writer.add(result);
        allBytes += (bytes?.length ?? 0) + 1;
      }
      allLines += lines.length;
      // What is ready goes out before the next read waits: `tail -f log | m2m … --lines` answers line by line.
      await writer.flush();
      await progress.tick(countOf(allLines, "line"), allBytes);
    }
  };

  try {
    for (const source of sources)
      await explaining(sourceLabel(source, several), hints, () => readLines(source));
  } catch (error) {
    // What came before is valid and in order.
    if (!(error instanceof OutputClosed)) await writer.flush();
    throw error;
  } finally {
    progress.stop();
  }
  return code;
}

function isRaw(result: Exclude<Outcome, undefined>): result is Result {
  return typeof result === "string" || result instanceof Uint8Array;
}

/** @throws {FormatError} `M2M_LINE_INVALID` if `result` would be more than one line */
function assertOneLine(result: Result): Result {
  const offset = typeof result === "string" ? result.indexOf("\n") : result.indexOf(LINE_FEED);
  if (offset < 0) return result;
  throw new FormatError("M2M_LINE_INVALID", "The result holds a line break, so it is no line.", {
    offset,
    hint: "Use --json with --lines: the result is then a JSON string.",
  });
}

/** Whether `line` is nothing but whitespace of JSON. */
function isBlank(line: Uint8Array): boolean {
  return line.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
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

/** Writes lines, small ones together. */
class LineWriter {
  readonly #output: Output;
  readonly #buffer = Buffer.allocUnsafe(BATCH_BYTES);
  #size = 0;

  constructor(output: Output) {
    this.#output = output;
  }

  /** Keeps `line` for the next `flush`, if there is room. */
  tryAdd(line: Result): boolean {
    const room = BATCH_BYTES - this.#size - 1;
    if (typeof line === "string") {
      // A UTF-16 unit takes at most three bytes of UTF-8.
      if (3 * line.length > room && Buffer.byteLength(line) > room) return false;
      this.#size += this.#buffer.write(line, this.#size);
    } else {
      if (line.length > room) return false;
      this.#buffer.set(line, this.#size);
      this.#size += line.length;
    }
    this.#buffer[this.#size++] = LINE_FEED;
    return true;
  }

  /** Writes what waits, then keeps `line` or, if it is large, writes it too. */
  async add(line: Result): Promise<void> {
    await this.flush();
    if (this.tryAdd(line)) return;
    await this.#output.write(line);
    await this.#output.write("\n");
  }

  async flush(): Promise<void> {
    if (this.#size === 0) return;
    const lines = this.#buffer.subarray(0, this.#size);
    this.#size = 0;
    await this.#output.write(lines);
  }
}
