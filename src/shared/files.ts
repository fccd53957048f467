import { ByteBuilder } from "./byte-builder.js";
import { InputError } from "./errors.js";
import { requireNodeModule } from "./platform.js";

const PIECE_BYTES = 65536;
const EMPTY = new Uint8Array(0);

/** The error for a failed system call on a file: `M2M_FILE_READ` or `M2M_FILE_WRITE`. */
export function fileError(action: "read" | "write", path: string, cause: unknown): InputError {
  const code = action === "read" ? "M2M_FILE_READ" : "M2M_FILE_WRITE";
  const shown = path === "" ? '""' : path;
  return new InputError(code, `Cannot ${action} ${shown}: ${reasonOf(action, path, cause)}.`, { cause });
}

/** Whether `path` can be read as a file (`/dev/null` too): there is something, and it is no folder. */
export function isFile(path: string): boolean {
  try {
    return !requireNodeModule("fs", "Reading a file").statSync(path).isDirectory();
  } catch {
    // Missing, or a part of the path is no folder or must not be entered: then it is not ours to read.
    return false;
  }
}

/**
 * Whether there is something at `path`, a file that can be read or not, or a file in place of its folder: whoever relies on it has to
 * hear of what is wrong with it. Nothing is what lies in a folder of which nothing can be known, such as the home of another user.
 */
export function isThere(path: string): boolean {
  const { lstatSync, statSync } = requireNodeModule("fs", "Reading a file");
  const { dirname } = requireNodeModule("path", "Reading a file");
  try {
    statSync(path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return false;
    if (code !== "EACCES" && code !== "ENOTDIR") return true;
    try {
      lstatSync(dirname(path));
      return true;
    } catch {
      return false;
    }
  }
}

/** Whether `path` is a regular file, or a link to one: no device or pipe, which may never end or never begin. */
export function isRegularFile(path: string): boolean {
  try {
    return requireNodeModule("fs", "Reading a file").statSync(path).isFile();
  } catch {
    return false;
  }
}

/**
 * The bytes of a file that is small by its nature.
 * @throws {InputError} `M2M_FILE_READ`, also if there are more than `maxBytes`
 */
export function readSmallFile(path: string, maxBytes: number): Uint8Array {
  const { closeSync, openSync, readSync } = requireNodeModule("fs", "Reading a file");
  try {
    const descriptor = openSync(path, "r");
    try {
      // Most files are far below their limit, and a large block that is freed makes malloc keep more (bin/load.js).
      const piece = new Uint8Array(Math.min(PIECE_BYTES, maxBytes + 1));
      const bytes = new ByteBuilder(EMPTY);
      for (let read = -1; read !== 0 && bytes.length <= maxBytes;) {
        read = readSync(descriptor, piece, 0, piece.length, null);
        bytes.append(piece.subarray(0, read));
      }
      if (bytes.length <= maxBytes) return bytes.finish();
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    throw fileError("read", path, cause);
  }
  throw new InputError("M2M_FILE_READ", `Cannot read ${path}: it has more than ${maxBytes} bytes.`);
}

function reasonOf(action: "read" | "write", path: string, cause: unknown): string {
  if (path === "") return "the path is empty";
  const code = (cause as NodeJS.ErrnoException).code ?? "";
  if (action === "write" && code === "ENOENT") return reasonOfMissing(path);
  if (Object.hasOwn(REASONS, code)) return REASONS[code];
  const message = cause instanceof Error ? cause.message : String(cause);
  // Node's own words, without its code and path: `EXYZ: words, open 'path'`.
  return /^[A-Z0-9]+: (.+?)(?:, \w+.*)?$/s.exec(message)?.[1] ?? message;
}

/** What is missing for who makes a file: mostly the folder for it. */
function reasonOfMissing(path: string): string {
  const { existsSync, lstatSync } = requireNodeModule("fs", "Writing a file");
  const folder = /^(.*[\\/])[^\\/]*$/s.exec(path)?.[1] ?? "";
  const shown = folder.replace(/(?<=.)[\\/]$/s, "");
  if (!existsSync(folder || ".")) return shown === "" ? "the folder is gone" : `there is no folder ${shown}`;
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink())
    return "it is a link into a folder that is not there";
  // `/proc` and the like.
  return `no file can be made in ${shown === "" ? "this folder" : shown}`;
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EBUSY: "it is in use",
  EDQUOT: "the disk quota is used up",
  EFBIG: "the file would be too large",
  EIO: "the device failed",
  EISDIR: "it is a directory",
  ELOOP: "symbolic links lead in a circle",
  EMFILE: "too many files are open",
  ENAMETOOLONG: "the name is too long",
  ENFILE: "too many files are open",
  ENOENT: "there is no such file or folder",
  ENOSPC: "no space is left on the device",
  ENOTDIR: "a part of the path is not a folder",
  ENXIO: "there is no such device, or nobody reads the pipe",
  EPERM: "the operation is not permitted",
  EROFS: "the file system is read-only",
};
