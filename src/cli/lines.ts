/**
 * The `--lines` engine: each line of the input is a message, each result a line of the output, in order, in flat memory.
 * Lines end at the byte 0x0A; a carriage return before it is content, so what comes back is what went in.
 */
import {
  INSTALLATION_CODES,
  LimitError,
  M2MError,
  SecurityThreat,
  UnsupportedError,
  type ErrorCode,
} from "../shared/errors.js";
import { parseJsonPointer } from "../shared/json-text.js";
import type { CommandContext } from "./context.js";
import { EXIT, exitCodeOf, formatError, OutputClosed, toErrorJson } from "./errors.js";
import { explaining, sourceLabel, withHint, type Hints } from "./explain-error.js";
import type { Source } from "./input.js";
import { LinePool, threadCount } from "./line-pool.js";
import { messageOf, toLine, type Outcome, type Result } from "./line-result.js";
import type { LineTask, LineTotals } from "./line-task.js";
import type { BatchResult } from "./line-worker.js";
import type { Output } from "./output.js";
import { Progress, wantsProgress } from "./progress.js";
import { writeStderr } from "./stdio.js";
import { countOf } from "./words.js";

const LINE_FEED = 0x0a;
/** Bytes of input after which other threads help: before that, starting them takes longer. */
const PARALLEL_FROM_BYTES = 1024 * 1024;
/** Fewer bytes at once are not worth sending; nobody who writes line by line waits for a thread. */
const MIN_BATCH_BYTES = 16 * 1024;
/** Most bytes that threads have, beside one batch. */
const MAX_AHEAD_BYTES = 4 * 1024 * 1024;
/** Results are written together, up to this many bytes. */
const BATCH_BYTES = 64 * 1024;

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
  /** The same, for other threads to do when there is much of it; of one source alone. */
  readonly parallel?: { readonly task: LineTask; addTotals?(totals: LineTotals): void };
}

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
  if (!(error instanceof M2MError) || codeOfLine(error) !== EXIT.BAD_DATA) return false;
  return !(error instanceof UnsupportedError)
    ? !INSTALLATION_CODES.includes(error.code)
    : UNSUPPORTED_BY_A_WIRE.includes(error.code);
}

/** The exit code of a bad line. A line that builds on a bad one is bad data too. */
function codeOfLine(error: M2MError): number {
  return error.code === "M2M_CONTEXT_LOST" ? EXIT.BAD_DATA : exitCodeOf(error);
}

/** What a wire may ask for that this version lacks, or that whoever scans it cannot open. */
const UNSUPPORTED_BY_A_WIRE: readonly ErrorCode[] = [
  "M2M_CONTENT_SEALED",
  "M2M_ALGORITHM_UNSUPPORTED",
  "M2M_TOKENIZER_UNSUPPORTED",
  "M2M_VERSION_UNSUPPORTED",
  "M2M_PRIOR_MISSING",
];

/**
 * @returns `EXIT.BAD_DATA` if a line was bad, else `EXIT.FINDINGS` if one was refused as a threat, else `EXIT.OK`
 * @throws {InputError} `M2M_USAGE` before anything is read if `field` is no JSON Pointer
 * @throws {M2MError} what is wrong for every line (`isOfTheLine`)
 */
export async function runLines(context: CommandContext, options: LinesOptions): Promise<number> {
  const { field, hints = {}, maxLineBytes, output, parallel, sources } = options;
  if (field !== undefined) parseJsonPointer(field);
  const several = sources.length > 1;
  const writer = new LineWriter(output);
  // A spinner between lines of the result would be neither.
  const progress = new Progress(context, wantsProgress(context) && !output.isTerminal);
  let code: number = EXIT.OK;
  let allLines = 0;
  let allBytes = 0;
  let pool: LinePool | undefined;

  const readLines = async (source: Source): Promise<void> => {
    const label = sourceLabel(source, several);
    const about = several ? { name: source.name } : {};
    let line = 0;
    const lineOf = (outcome: Outcome): Result | undefined => toLine(outcome, { ...about, line });
    const reportBad = (thrown: unknown): Result | undefined => {
      const error = withHint(thrown, hints);
      if (!isOfTheLine(error)) throw error;
      code = Math.max(code, codeOfLine(error));
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
        const message = messageOf(bytes, field);
        if (!message) return undefined;
        const outcome = options.transform(message, { line, source });
        return outcome instanceof Promise ? outcome.then(lineOf).catch(reportBad) : lineOf(outcome);
      } catch (thrown) {
        return reportBad(thrown);
      }
    };
    const runHere = async (lines: readonly (Uint8Array | undefined)[]): Promise<void> => {
      for (const bytes of lines) {
        const outcome = resultOf(bytes);
        // A turn of the microtask queue for each line would be most of the time of a short one.
        const result = outcome instanceof Promise ? await outcome : outcome;
        if (result !== undefined && !writer.tryAdd(result)) await writer.add(result);
      }
    };
    const write = async ({ parts, totals }: BatchResult): Promise<void> => {
      parallel?.addTotals?.(totals);
      for (const part of parts) {
        if ("done" in part) {
          if (!writer.tryAdd(part.done)) await writer.add(part.done);
        } else {
          line = part.line - 1;
          await runHere([part.failed]);
        }
      }
      await writer.flush();
    };
    const ahead = new Ahead();
    let begun = 0;
    for await (const lines of splitLines(source.chunks(), maxLineBytes)) {
      const sizeBytes = lines.reduce((sum, bytes) => sum + (bytes?.length ?? 0) + 1, 0);
      if (parallel && allBytes >= PARALLEL_FROM_BYTES && isBatch(lines, sizeBytes)) {
        const threads = pool ? 0 : threadCount();
        if (threads > 0) pool = new LinePool(parallel.task, threads);
      }
      if (pool && isBatch(lines, sizeBytes)) {
        await ahead.add(pool.run(lines, begun + 1), sizeBytes, write);
      } else {
        // What is ready goes out before the next read waits: `tail -f log | m2m … --lines` answers line by line.
        await ahead.done();
        line = begun;
        await runHere(lines);
        await writer.flush();
      }
      begun += lines.length;
      allBytes += sizeBytes;
      allLines += lines.length;
      await progress.tick(countOf(allLines, "line"), allBytes);
    }
    await ahead.done();
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
    await pool?.close();
  }
  return code;
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

/** Whether lines are worth a thread: enough, and none too long. */
function isBatch(lines: readonly (Uint8Array | undefined)[], sizeBytes: number): lines is Uint8Array[] {
  return sizeBytes >= MIN_BATCH_BYTES && !lines.includes(undefined);
}

/** What other threads are at, written in the order in which it was given to them. */
class Ahead {
  #waiting: { readonly written: Promise<void>; readonly sizeBytes: number }[] = [];
  #last: Promise<void> = Promise.resolve();
  #sizeBytes = 0;

  /** Resolves when there is room for more. Rejects as `write` and `done`. */
  async add(
    result: Promise<BatchResult>,
    sizeBytes: number,
    write: (result: BatchResult) => Promise<void>,
  ): Promise<void> {
    const before = this.#last;
    const written = (async () => {
      await before;
      await write(await result);
    })();
    // Whoever waits for it is told.
    result.catch(() => {});
    written.catch(() => {});
    this.#last = written;
    this.#waiting.push({ written, sizeBytes });
    this.#sizeBytes += sizeBytes;
    while (this.#sizeBytes > MAX_AHEAD_BYTES && this.#waiting.length > 1) {
      const [first] = this.#waiting.splice(0, 1);
      await first.written;
      this.#sizeBytes -= first.sizeBytes;
    }
  }

  /** Resolves when all is written. */
  async done(): Promise<void> {
    await this.#last;
    this.#waiting = [];
    this.#sizeBytes = 0;
  }
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
