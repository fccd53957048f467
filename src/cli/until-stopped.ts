import { constants } from "node:os";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Waits until the process is told to stop, then for `stop`. A second signal does not wait.
 * @param stop ends what runs, in good order
 * @returns the exit code: 0, or 128 + the number of the second signal
 */
export async function untilStopped(stop: () => Promise<void>): Promise<number> {
  let onSignal: NodeJS.SignalsListener = () => {};
  try {
    await new Promise<void>((resolve) => {
      let isAsked = false;
      onSignal = (signal) => {
        if (isAsked) process.exit(128 + constants.signals[signal]);
        isAsked = true;
        resolve();
      };
      for (const signal of SIGNALS) process.on(signal, onSignal);
    });
    await stop();
    return 0;
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  }
}
