import { closeSync, openSync, rmSync, statSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { attemptWrite } from "../shared/replacement-file.js";

const RETRY_MS = 20;
/** An edit takes milliseconds: who has held the lock for this long was killed. */
const STALE_MS = 10_000;
/** Attempts that outlast a stale lock. */
const MAX_ATTEMPTS = (2 * STALE_MS) / RETRY_MS;

/**
 * Runs `edit`, which reads the file at `path` and replaces it, while no other process of m2m does: of two that read the same text,
 * the last to write would undo what the other has done.
 * @throws {InputError} `M2M_FILE_WRITE` if the lock, a file beside, cannot be made or does not go away
 */
export async function whileLocked<T>(path: string, edit: () => Promise<T>): Promise<T> {
  const lock = `${path}.lock`;
  for (let attempt = 1; !attemptWrite(path, () => tryLock(lock, attempt >= MAX_ATTEMPTS)); attempt++) {
    await sleep(RETRY_MS);
  }
  try {
    return await edit();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** @param isLast the attempt throws that it is in use */
function tryLock(lock: string, isLast: boolean): boolean {
  try {
    closeSync(openSync(lock, "wx", 0o600));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    if (isLast) throw Object.assign(new Error("EBUSY"), { code: "EBUSY" });
    const since = statSync(lock, { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
    if (Date.now() - since > STALE_MS) rmSync(lock, { force: true });
    return false;
  }
}
