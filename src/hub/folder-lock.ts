import { closeSync, openSync, readdirSync, rmSync } from "node:fs";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { InputError } from "../shared/errors.js";
import { makeFolder } from "../shared/make-folder.js";
import { attemptWrite } from "../shared/replacement-file.js";

/** Its owner's process, when that began, and what no other lock has. */
const LOCK_NAME = /^lock-(\d{1,10})-([\d.]{1,20})-[\da-f-]{36}$/;
/** Those who meet at the same moment all go back, and try again. */
const MAX_TRIES = 20;
const MAX_PAUSE_MS = 20;

/**
 * Lets one at a time into a folder, of all processes of this machine. Each makes a file of its own and then looks for those of others, so that of two
 * who come together at least the second sees the other. A name says whose it is and never comes again: whoever finds that its owner is dead
 * takes away nothing else.
 */
export class FolderLock {
  readonly #path: string;

  /**
   * @param folder is made if it is not there
   * @param shown the folder as the user knows it
   * @throws {InputError} `M2M_FILE_WRITE`, also if another process, or this one, is in
   */
  constructor(folder: string, shown: string) {
    this.#path = attemptWrite(folder, () => acquire(folder, shown));
  }

  /** Lets the next one in. Never throws. */
  release(): void {
    rmSync(this.#path, { force: true });
  }
}

/** Whether a file of that name is of a lock. */
export function isLockName(name: string): boolean {
  return LOCK_NAME.test(name);
}

/** @returns the path of the file that is made */
function acquire(folder: string, shown: string): string {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    // Who was in may just be taking it away.
    makeFolder(folder);
    const owner = livingOwner(folder);
    if (owner !== undefined) throw busy(shown, `process ${owner}`);
    const name = `lock-${process.pid}-${performance.timeOrigin}-${randomUUID()}`;
    const path = join(folder, name);
    if (!tryCreate(path)) continue;
    if (livingOwner(folder, name) === undefined) return path;
    rmSync(path, { force: true });
    pause(Math.random() * MAX_PAUSE_MS);
  }
  throw busy(shown, "another process");
}

/** The process of a lock whose owner is alive, if there is one; those of the dead are taken away. @param own the name of one that does not count */
function livingOwner(folder: string, own?: string): number | undefined {
  for (const name of namesIn(folder)) {
    const [, pid, beganMs] = LOCK_NAME.exec(name) ?? [];
    if (pid === undefined || name === own) continue;
    if (isAlive(Number(pid), Number(beganMs))) return Number(pid);
    rmSync(join(folder, name), { force: true });
  }
  return undefined;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (codeOf(error) === "ENOENT") return [];
    throw error;
  }
}

/** @returns false if the folder is away */
function tryCreate(path: string): boolean {
  try {
    closeSync(openSync(path, "wx"));
    return true;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return false;
    throw error;
  }
}

/** In a container, the process that is started again has the number of the one before. */
function isAlive(pid: number, beganMs: number): boolean {
  if (pid === process.pid) return beganMs === performance.timeOrigin;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function busy(shown: string, who: string): InputError {
  return new InputError("M2M_FILE_WRITE", `Cannot write ${shown}: ${who} downloads into it.`, {
    hint: "Wait until it has ended.",
  });
}
