import { InputError } from "../../shared/errors.js";
import { fileError } from "../../shared/files.js";
import { MAX_MODEL_FILE_BYTES } from "../../shared/model-files.js";
import { requireNodeModule } from "../../shared/platform.js";

const PURPOSE = "Loading a Hydra model";

/** The path of a file in a model's folder. */
function modelPath(folder: string, name: string): string {
  return requireNodeModule("path", PURPOSE).join(folder, name);
}

/** Gives the bytes that a file is read to. */
export type Allocate = (bytes: number) => Uint8Array;

/**
 * The bytes of a file of the model in `folder`.
 * @throws {InputError} `M2M_WEIGHTS_MISSING` if there is none, `M2M_FILE_READ`
 */
export function readModelFile(folder: string, name: string, allocate?: Allocate): Uint8Array {
  const bytes = tryReadModelFile(folder, name, allocate);
  if (bytes) return bytes;
  throw new InputError("M2M_WEIGHTS_MISSING", `There is no ${name} in ${folder}.`, {
    hint: "Fetch a model with `m2m model download`, or give the folder that holds one.",
  });
}

/**
 * The bytes of a file of the model in `folder`; `undefined` if there is none.
 * @throws {InputError} `M2M_FILE_READ`
 */
export function tryReadModelFile(folder: string, name: string, allocate?: Allocate): Uint8Array | undefined {
  const { readFileSync, statSync } = requireNodeModule("fs", PURPOSE);
  const path = modelPath(folder, name);
  try {
    const { size } = statSync(path);
    if (size > MAX_MODEL_FILE_BYTES) {
      throw new InputError(
        "M2M_FILE_READ",
        `Cannot read ${path}: it has more than ${MAX_MODEL_FILE_BYTES} bytes.`,
      );
    }
    return allocate ? readInto(path, allocate(size)) : readFileSync(path);
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw fileError("read", path, cause);
  }
}

/** Fills `bytes` from a file; a file that has become shorter leaves less. */
function readInto(path: string, bytes: Uint8Array): Uint8Array {
  const { closeSync, openSync, readSync } = requireNodeModule("fs", PURPOSE);
  const file = openSync(path, "r");
  try {
    let length = 0;
    for (let read = -1; read !== 0 && length < bytes.length; length += read)
      read = readSync(file, bytes, length, bytes.length - length, length);
    return bytes.subarray(0, length);
  } finally {
    closeSync(file);
  }
}
