import { constants } from "node:os";
import { EXIT } from "./errors.js";
import { STOP_SIGNALS } from "./interrupt.js";

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
  const onSignal = (signal: NodeJS.Signals) => {
    if (isStopping && signal !== "SIGTERM") process.exit(128 + constants.signals[signal]);
    isStopping = true;
    onFirst?.();
  };
  const onEvent = () => onFirst?.();
  for (const signal of STOP_SIGNALS) process.on(signal, onSignal);
  if (event) process.once(event, onEvent);
  try {
    await first;
    await stop();
    return EXIT.OK;
  } finally {
    for (const signal of STOP_SIGNALS) process.off(signal, onSignal);
    if (event) process.off(event, onEvent);
  }
}
