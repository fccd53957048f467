import { M2MError } from "./errors.js";
import { fileError } from "./files.js";
import { requireNodeModule } from "./platform.js";

export interface ReplacementOptions {
  /** Permissions of a file that is new, before the umask; one that is replaced keeps its own. */
  readonly mode?: number;
  /** Looks at the place before the new file gets its name, and may refuse by throwing. */
  assertFree?(target: string): void;
}

/** Links that are followed at most; as many as Linux follows. */
const MAX_LINKS = 40;
const MAX_ATTEMPTS = 1000;

/**
 * A file that is written under a temporary name beside its place and gets its own when it is complete: a reader never
 * sees half of it. A link is followed, even to a file that is not there yet. Errors are `M2M_FILE_WRITE`.
 */
export class ReplacementFile {
  readonly #path: string;
  readonly #target: string;
  readonly #temporary: string;
  readonly #options: ReplacementOptions;
  #descriptor: number | undefined;
  #named = false;

  /** @throws {InputError} `M2M_FILE_WRITE` */
  constructor(path: string, options: ReplacementOptions = {}) {
    const { accessSync, constants, existsSync } = fs();
    this.#path = path;
    this.#options = options;
    const opened = this.#attempt(() => {
      const target = followLinks(path);
      if (existsSync(target)) accessSync(target, constants.W_OK);
      return { target, ...openBeside(target, options.mode) };
    });
    this.#target = opened.target;
    this.#temporary = opened.temporary;
    this.#descriptor = opened.descriptor;
  }

  /** @throws {InputError} `M2M_FILE_WRITE` */
  write(bytes: Uint8Array): void {
    this.#attempt(() => writeAll(this.#descriptor as number, bytes));
  }

  /** Gives the file its name. @throws {InputError} `M2M_FILE_WRITE`, or what `assertFree` throws */
  finish(): void {
    const { chmodSync, renameSync, statSync } = fs();
    this.#attempt(() => {
      this.#close();
      this.#options.assertFree?.(this.#target);
      const existing = statSync(this.#target, { throwIfNoEntry: false });
      if (existing) chmodSync(this.#temporary, existing.mode & 0o7777);
      renameSync(this.#temporary, this.#target);
      this.#named = true;
    });
  }

  /** Takes the unfinished file away, as far as that is possible. Never throws. */
  discard(): void {
    try {
      this.#close();
    } catch {
      // What went wrong before is what the user has to know.
    }
    if (!this.#named) fs().rmSync(this.#temporary, { force: true });
  }

  #close(): void {
    const descriptor = this.#descriptor;
    this.#descriptor = undefined;
    if (descriptor !== undefined) fs().closeSync(descriptor);
  }

  #attempt<T>(action: () => T): T {
    return attemptWrite(this.#path, action);
  }
}

/** Runs `action`; an error of the system becomes `M2M_FILE_WRITE` on `path`. */
export function attemptWrite<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw error instanceof M2MError ? error : fileError("write", path, error);
  }
}

/** Writes all of `bytes`: one call may take less. */
export function writeAll(descriptor: number, bytes: Uint8Array): void {
  const { writeSync } = fs();
  for (let offset = 0; offset < bytes.length;) offset += writeSync(descriptor, bytes, offset);
}

function fs(): typeof import("node:fs") {
  return requireNodeModule("fs", "Writing a file");
}

/** Where `path` leads: the file itself, or the place that a link means. */
function followLinks(path: string): string {
  const { readlinkSync, realpathSync, lstatSync } = fs();
  const { basename, dirname, isAbsolute, join } = requireNodeModule("path", "Writing a file");
  let place = path;
  for (let links = 0; links < MAX_LINKS; links++) {
    const folder = realpathSync(dirname(place));
    place = join(folder, basename(place));
    if (!lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink()) return place;
    const link = readlinkSync(place);
    place = isAbsolute(link) ? link : join(folder, link);
  }
  throw Object.assign(new Error("ELOOP"), { code: "ELOOP" });
}

/** A new file in the folder of `target`. Its name is short, because that of `target` may be as long as a name can be. */
function openBeside(target: string, mode = 0o666): { temporary: string; descriptor: number } {
  const { dirname, join } = requireNodeModule("path", "Writing a file");
  for (let attempt = 0; ; attempt++) {
    const temporary = join(dirname(target), `.m2m-${process.pid}-${attempt}.tmp`);
    try {
      return { temporary, descriptor: fs().openSync(temporary, "wx", mode) };
    } catch (error) {
      // Left by a process that was killed; numbers of processes come again.
      if ((error as NodeJS.ErrnoException).code !== "EEXIST" || attempt >= MAX_ATTEMPTS) throw error;
    }
  }
}
