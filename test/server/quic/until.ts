import { setTimeout as sleep } from "node:timers/promises";

/** Resolves when `condition` holds. */
export async function until(condition: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error(`In vain: ${String(condition)}`);
    await sleep(5);
  }
}
