import { EXIT } from "./errors.js";

type Cleanup = () => void;

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

/** Installs the handler and gives the function that takes it away again. */
export function onInterrupt(cleanup: Cleanup): () => void {
  const stop = (signal: NodeJS.Signals) => {
    cleanup();
    process.exit(signal === "SIGINT" ? EXIT.INTERRUPTED : 143);
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  return () => {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  };
}
