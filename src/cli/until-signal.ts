import { EXIT } from "./errors.js";
import { exitCodeOfSignal, onStopSignal } from "./interrupt.js";

/** How long running requests may take to finish once the process is told to stop. */
export const GRACE_MS = 30_000;

/**
 * For commands that serve until they are told to stop: the first signal calls `stop`, which drains; a second Ctrl-C, or hang-up,
 * ends the process at once with 128 + its number. A second SIGTERM changes nothing, because supervisors repeat it.
 * @param event of the process that stops too: `disconnect` for a worker whose first process has died
 * @returns the exit code 0, when `stop` is done
 */
export async function untilSignal(stop: () => Promise<void>, event?: "disconnect"): Promise<number> {
  let isStopping = false;
  let onFirst: (() => void) | undefined;
  const first = new Promise<void>((resolve) => (onFirst = resolve));
  const release = onStopSignal((signal) => {
    if (isStopping && signal !== "SIGTERM") process.exit(exitCodeOfSignal(signal));
    isStopping = true;
    onFirst?.();
  });
  const onEvent = () => onFirst?.();
  if (event) process.once(event, onEvent);
  try {
    await first;
    await stop();
    return EXIT.OK;
  } finally {
    release();
    if (event) process.off(event, onEvent);
  }
}
