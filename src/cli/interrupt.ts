import { constants } from "node:os";

type Cleanup = () => void;

/** Ctrl-C, a polite kill, and a terminal that was closed. */
const STOP_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs `work` with Ctrl-C turned into `cleanup` and exit code 130. For work that waits: while JavaScript runs or a
 * system call blocks, no handler may be installed, because it could not run and the default action could not either.
 */
export async function interruptible<T>(work: () => Promise<T>, cleanup: Cleanup = () => {}): Promise<T> {
  const release = onInterrupt(cleanup);
  try {
    return await work();
  } finally {
    release();
  }
}

/**
 * Runs `work`, which blocks for as long as another process likes, with the default action of the signals: no handler could run
 * meanwhile, and the process could not be stopped.
 */
export function whileBlocked<T>(work: () => T): T {
  const handlers = STOP_SIGNALS.map(
    (signal) => [signal, process.rawListeners(signal) as NodeJS.SignalsListener[]] as const,
  );
  for (const [signal] of handlers) process.removeAllListeners(signal);
  try {
    return work();
  } finally {
    for (const [signal, all] of handlers) for (const handler of all) process.on(signal, handler);
  }
}

/** Installs the handler and gives the function that takes it away again. */
export function onInterrupt(cleanup: Cleanup): () => void {
  return onStopSignal((signal) => {
    cleanup();
    process.exit(exitCodeOfSignal(signal));
  });
}

/** @returns what takes the handler away */
export function onStopSignal(handle: (signal: NodeJS.Signals) => void): () => void {
  for (const signal of STOP_SIGNALS) process.on(signal, handle);
  return () => {
    for (const signal of STOP_SIGNALS) process.off(signal, handle);
  };
}

/** As a shell reads it: Ctrl-C is 130. */
export function exitCodeOfSignal(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}
