import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { InputError } from "../shared/errors.js";
import { isRegularFile, readSmallFile } from "../shared/files.js";
import { makeFolder } from "../shared/make-folder.js";
import { ONNX_FILE } from "../shared/model-files.js";
import { attemptWrite } from "../shared/replacement-file.js";
import { MANIFEST_FILE, writeManifest, type Manifest } from "./manifest.js";

/** In the model's folder, so that a rename is all that is left to do. */
export const STAGING_FOLDER = ".m2m-download";
const LOCK_FILE = "lock";
/** The files of the new model, all there and verified, under their own names. */
const READY_FOLDER = "new";

/** The place where a new model is collected, while the old one stays as it is. One process at a time. */
export class Staging {
  readonly #folder: string;
  readonly #path: string;

  /** @param folder of the model; it is made. @throws {InputError} `M2M_FILE_WRITE`, also if another process is at it */
  constructor(folder: string) {
    this.#folder = folder;
    this.#path = join(folder, STAGING_FOLDER);
    attemptWrite(this.#path, () => makeFolder(this.#path));
    lock(join(this.#path, LOCK_FILE), folder);
    rmSync(join(this.#path, READY_FOLDER), { recursive: true, force: true });
  }

  /** Where the file `name` is collected. */
  partPath(name: string): string {
    return join(this.#path, `${name}.part`);
  }

  /** Lets the next process in. What has been collected stays. Never throws. */
  readonly release = (): void => {
    rmSync(join(this.#path, LOCK_FILE), { force: true });
    try {
      rmdirSync(this.#path);
      rmdirSync(this.#folder);
    } catch {
      // Something is in it.
    }
  };

  /** Takes away what has been collected. */
  discard(): void {
    rmSync(this.#path, { recursive: true, force: true });
  }

  /** Gives the collected files their names. @returns the folder that they are in. @throws {InputError} `M2M_FILE_WRITE` */
  complete(names: readonly string[]): string {
    const ready = join(this.#path, READY_FOLDER);
    attemptWrite(ready, () => {
      mkdirSync(ready);
      for (const name of names) renameSync(this.partPath(name), join(ready, name));
    });
    return ready;
  }

  /**
   * Puts the completed files of `manifest` in the place of the old ones, whose names are `oldNames`, and writes the
   * manifest. If that fails, the old ones are back.
   * @throws {InputError} `M2M_FILE_WRITE`
   */
  install(manifest: Manifest, oldNames: readonly string[]): void {
    const undo: (() => void)[] = [];
    const move = (from: string, to: string): void => {
      attemptWrite(to, () => renameSync(from, to));
      undo.push(() => renameSync(to, from));
    };
    const newNames = manifest.files.map(({ name }) => name);
    // What was made of the old weights does not belong to the new.
    const leaving = new Set([MANIFEST_FILE, ...newNames, ...oldNames, ONNX_FILE]);
    try {
      for (const name of leaving) {
        const place = join(this.#folder, name);
        if (existsSync(place)) move(place, join(this.#path, `${name}.old`));
      }
      for (const name of newNames) move(join(this.#path, READY_FOLDER, name), join(this.#folder, name));
      writeManifest(this.#folder, manifest);
    } catch (error) {
      for (const step of undo.reverse()) step();
      throw error;
    }
    this.discard();
  }
}

/** A lock that a process has left which is no more does not count. */
function lock(path: string, folder: string): void {
  for (let tries = 0; ; tries++) {
    try {
      const descriptor = openSync(path, "wx");
      writeSync(descriptor, String(process.pid));
      closeSync(descriptor);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST" || tries > 0)
        attemptWrite(path, () => raise(error));
    }
    const owner = isRegularFile(path) ? Number(new TextDecoder().decode(readSmallFile(path, 64))) : NaN;
    if (isAlive(owner))
      throw new InputError("M2M_FILE_WRITE", `Cannot write ${folder}: process ${owner} downloads into it.`, {
        hint: "Wait until it has ended.",
      });
    rmSync(path, { force: true });
  }
}

function raise(error: unknown): never {
  throw error;
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
