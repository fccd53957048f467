import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { LineTask } from "./line-task.js";
import type { BatchResult, LineBatch } from "./line-worker.js";

/** Put in by the bundler: only the bundle is a file that a thread can load. */
declare const M2M_PACKAGE: string | undefined;

/** More would wait for the one that reads and writes. */
const MAX_THREADS = 8;

/** How many threads would share the work; 0 where it is done by one. */
export function threadCount(): number {
  if (typeof M2M_PACKAGE !== "string") return 0;
  const cores = availableParallelism();
  return cores > 1 ? Math.min(cores, MAX_THREADS) : 0;
}

/** Threads that do one task to batches of lines. */
export class LinePool {
  readonly #threads: readonly Thread[];
  #next = 0;

  constructor(task: LineTask, count: number) {
    this.#threads = Array.from({ length: count }, () => new Thread(task));
  }

  /** Gives a batch to the thread whose turn it is. Rejects if the thread has failed. */
  run(lines: readonly Uint8Array[], firstLine: number): Promise<BatchResult> {
    const thread = this.#threads[this.#next];
    this.#next = (this.#next + 1) % this.#threads.length;
    return thread.run(toBatch(lines, firstLine));
  }

  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }
}

/** One thread. It answers in the order in which it is asked. */
class Thread {
  readonly #worker: Worker;
  readonly #asked: { resolve(result: BatchResult): void; reject(error: Error): void }[] = [];
  #failure: Error | undefined;

  constructor(task: LineTask) {
    const bundle = JSON.stringify(fileURLToPath(import.meta.url));
    this.#worker = new Worker(`require(${bundle}).runLineWorker()`, { eval: true, workerData: task });
    this.#worker.on("message", (result: BatchResult) => this.#asked.shift()?.resolve(result));
    this.#worker.on("error", (error: Error) => this.#fail(error));
    this.#worker.on("exit", (code) => this.#fail(new Error(`A thread has ended with ${code}.`)));
  }

  run(batch: LineBatch): Promise<BatchResult> {
    return new Promise((resolve, reject) => {
      if (this.#failure) return reject(this.#failure);
      this.#asked.push({ resolve, reject });
      this.#worker.postMessage(batch, [
        batch.bytes.buffer as ArrayBuffer,
        batch.lengths.buffer as ArrayBuffer,
      ]);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    for (const { reject } of this.#asked.splice(0)) reject(this.#failure);
  }
}

/** The lines in memory of their own, which can be given away. */
function toBatch(lines: readonly Uint8Array[], firstLine: number): LineBatch {
  const lengths = Uint32Array.from(lines, ({ length }) => length);
  const bytes = new Uint8Array(lengths.reduce((sum, length) => sum + length, 0));
  let at = 0;
  for (const line of lines) {
    bytes.set(line, at);
    at += line.length;
  }
  return { bytes, lengths, firstLine };
}
