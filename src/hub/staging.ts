import { existsSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ONNX_FILE } from "../shared/model-files.js";
import { attemptWrite } from "../shared/replacement-file.js";
import { FolderLock, isLockName } from "./folder-lock.js";
import { MANIFEST_FILE, writeManifest, type Manifest } from "./manifest.js";

/** In the model's folder, so that a rename is all that is left to do. */
export const STAGING_FOLDER = ".m2m-download";
/** The files of the new model, all there and verified, under their own names. */
const READY_FOLDER = "new";

/** The place where a new model is collected, while the old one stays as it is. One process at a time. */
export class Staging {
  readonly #folder: string;
  readonly #path: string;
  readonly #lock: FolderLock;

  /** @param folder of the model; it is made. @throws {InputError} `M2M_FILE_WRITE`, also if another process is at it */
  constructor(folder: string) {
    this.#folder = folder;
    this.#path = join(folder, STAGING_FOLDER);
    this.#lock = new FolderLock(this.#path, folder);
    rmSync(join(this.#path, READY_FOLDER), { recursive: true, force: true });
  }

  /** Where the file `name` is collected. */
  partPath(name: string): string {
    return join(this.#path, `${name}.part`);
  }

  /** Lets the next process in. What has been collected stays. Never throws. */
  readonly release = (): void => {
    this.#lock.release();
    try {
      rmdirSync(this.#path);
      rmdirSync(this.#folder);
    } catch {
      // Something is in it.
    }
  };

  /** Takes away what has been collected. */
  discard(): void {
    for (const name of readdirSync(this.#path)) {
      // Nobody else may come in before `release`.
      if (!isLockName(name)) rmSync(join(this.#path, name), { recursive: true, force: true });
    }
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
