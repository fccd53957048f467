/** A thread that does a task to lines, a batch at a time. */
import { parentPort, workerData } from "node:worker_threads";
import { M2MError } from "../shared/errors.js";
import { messageOf, toLine, type Outcome, type Result } from "./line-result.js";
import { createLineTransform, noTotals, type LineTask, type LineTotals } from "./line-task.js";

const LINE_FEED = 0x0a;

/** Lines that follow each other. */
export interface LineBatch {
  /** All of them, one behind the other. */
  readonly bytes: Uint8Array;
  readonly lengths: Uint32Array;
  /** Number of the first. */
  readonly firstLine: number;
}

/** What became of a batch, in order: lines that are done, with line feeds between them, and lines that are not. */
export type BatchPart =
  | { readonly done: Uint8Array }
  /** To be done again where errors are told. */
  | { readonly failed: Uint8Array; readonly line: number };

export interface BatchResult {
  readonly parts: readonly BatchPart[];
  readonly totals: LineTotals;
}

/** Serves the batches that come; for the thread itself to call. */
export function runLineWorker(): void {
  const task = workerData as LineTask;
  const totals = noTotals();
  const transform = createLineTransform(task, totals);
  parentPort?.on("message", (batch: LineBatch) => {
    const parts = runBatch(batch, task.field, transform);
    parentPort?.postMessage({ parts, totals } satisfies BatchResult);
    Object.assign(totals, noTotals());
  });
}

function runBatch(
  { bytes, lengths, firstLine }: LineBatch,
  field: string | undefined,
  transform: (message: Uint8Array) => Outcome,
): BatchPart[] {
  const parts: BatchPart[] = [];
  let done: Result[] = [];
  const close = (): void => {
    if (done.length > 0) parts.push({ done: joinLines(done) });
    done = [];
  };
  let at = 0;
  for (let i = 0; i < lengths.length; i++) {
    const line = bytes.subarray(at, (at += lengths[i]));
    try {
      const message = messageOf(line, field);
      const result = message && toLine(transform(message), { line: firstLine + i });
      if (result !== undefined) done.push(result);
    } catch (error) {
      if (!(error instanceof M2MError)) throw error;
      close();
      parts.push({ failed: line.slice(), line: firstLine + i });
    }
  }
  close();
  return parts;
}

function joinLines(lines: readonly Result[]): Uint8Array {
  let sizeBytes = lines.length - 1;
  for (const line of lines) sizeBytes += typeof line === "string" ? Buffer.byteLength(line) : line.length;
  const joined = Buffer.from(new ArrayBuffer(sizeBytes));
  let at = 0;
  for (const [i, line] of lines.entries()) {
    if (i > 0) joined[at++] = LINE_FEED;
    if (typeof line === "string") at += joined.write(line, at);
    else {
      joined.set(line, at);
      at += line.length;
    }
  }
  return joined;
}
