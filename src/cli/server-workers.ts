import cluster, { type Worker } from "node:cluster";
import { EXIT } from "./errors.js";
import { writeStderr } from "./stdio.js";
import { untilSignal } from "./until-signal.js";

/** A worker that ends sooner than this after its start has not failed by chance. */
const MIN_LIFE_MS = 5000;
/** So many in a row are not replaced any more. */
const MAX_EARLY_ENDS = 3;

/**
 * Runs `count` processes with this one's arguments, which share the port, and replaces one that dies.
 * @param announce is called when the first listens
 * @returns the exit code: that of a worker that cannot start, else 0
 */
export async function runWorkers(count: number, announce: (url: string) => Promise<void>): Promise<number> {
  let isStopping = false;
  let earlyEnds = 0;
  let isAnnounced = false;
  let fail: ((code: number) => void) | undefined;
  const failed = new Promise<number>((resolve) => (fail = resolve));
  const startWorker = () => {
    const startedAtMs = performance.now();
    const worker = cluster.fork();
    worker.on("message", (message: { url?: string }) => {
      if (message.url === undefined || isAnnounced) return;
      isAnnounced = true;
      announce(message.url).catch(() => fail?.(EXIT.INPUT_OUTPUT));
    });
    worker.once("exit", (code) => {
      if (isStopping) return;
      // It has said itself what is wrong.
      if (!isAnnounced) return fail?.(code || EXIT.BUG);
      earlyEnds = performance.now() - startedAtMs < MIN_LIFE_MS ? earlyEnds + 1 : 0;
      if (earlyEnds >= MAX_EARLY_ENDS) return fail?.(code || EXIT.BUG);
      writeStderr(`m2m: worker ${worker.process.pid} has ended (${code}); another takes its place.\n`);
      startWorker();
    });
  };
  for (let index = 0; index < count; index++) startWorker();
  const stop = async () => {
    isStopping = true;
    await Promise.all(workersOf().map(stopWorker));
  };
  const code = await Promise.race([untilSignal(stop), failed]);
  await stop();
  return code;
}

function workersOf(): Worker[] {
  return Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
}

/** Resolves when the worker has drained and ended. */
function stopWorker(worker: Worker): Promise<void> {
  return new Promise((resolve) => {
    worker.once("exit", () => resolve());
    worker.process.kill("SIGTERM");
  });
}
