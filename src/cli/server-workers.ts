import cluster, { type Worker } from "node:cluster";
import { EXIT } from "./errors.js";
import type { ServiceNotes } from "./service-notes.js";
import { untilSignal } from "./until-signal.js";
import { WorkerMetrics } from "./worker-metrics.js";

/** A worker that ends sooner than this after its start has not failed by chance. */
const MIN_LIFE_MS = 5000;
/** So many in a row are not replaced any more. */
const MAX_EARLY_ENDS = 3;

/** Where a server listens. */
export interface Listening {
  readonly url: string;
  readonly aitcp?: { readonly url: string; readonly identity: string };
}

/**
 * Runs `count` processes with this one's arguments, which share the port, and replaces one that dies.
 * @param announce is called when all of them listen
 * @returns the exit code: that of a worker that cannot start, else 0
 */
export async function runWorkers(
  count: number,
  notes: ServiceNotes,
  announce: (listening: Listening) => Promise<void>,
): Promise<number> {
  let isStopping = false;
  let earlyEnds = 0;
  let listening = 0;
  let fail: ((code: number) => void) | undefined;
  const metrics = new WorkerMetrics();
  const failed = new Promise<number>((resolve) => (fail = resolve));
  const startWorker = () => {
    const startedAtMs = performance.now();
    const worker = cluster.fork();
    worker.on("message", (message: Partial<Listening>) => {
      const { url, aitcp } = message;
      if (url === undefined) return;
      listening++;
      metrics.add(worker);
      if (listening === 1) for (let index = 1; index < count; index++) startWorker();
      if (listening === count) announce({ url, aitcp }).catch(() => fail?.(EXIT.INPUT_OUTPUT));
    });
    worker.once("exit", (code, signal) => {
      if (isStopping) return;
      // It has said itself what is wrong.
      if (listening < count) return fail?.(code || EXIT.BUG);
      earlyEnds = performance.now() - startedAtMs < MIN_LIFE_MS ? earlyEnds + 1 : 0;
      if (earlyEnds >= MAX_EARLY_ENDS) return fail?.(code || EXIT.BUG);
      notes.warn(`worker ${worker.process.pid} has ended (${signal ?? code}); another takes its place.`);
      startWorker();
    });
  };
  const stop = async () => {
    isStopping = true;
    await Promise.all(workersOf().map(stopWorker));
  };
  const stopped = untilSignal(stop);
  // One alone first: what keeps it from starting keeps the others too, and is said once.
  startWorker();
  const code = await Promise.race([stopped, failed]);
  await stop();
  return code;
}

function workersOf(): Worker[] {
  return Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
}

/** Resolves when the worker has drained and ended. */
function stopWorker(worker: Worker): Promise<void> {
  if (worker.isDead()) return Promise.resolve();
  return new Promise((resolve) => {
    worker.once("exit", () => resolve());
    worker.process.kill("SIGTERM");
  });
}
