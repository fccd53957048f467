import { chmodSync, existsSync, statSync } from "node:fs";
import { InputError } from "../../../shared/errors.js";
import { fileError, isRegularFile, readSmallFile } from "../../../shared/files.js";
import { attemptWrite, ReplacementFile } from "../../../shared/replacement-file.js";
import { decodeKey, encodeKey, type KeyFormat } from "./key-encoding.js";

const MAX_KEY_FILE_BYTES = 16_384;
/** Only the owner may read and write. */
const PRIVATE_MODE = 0o600;

export interface KeyFileContent {
  /** The secret, 32 bytes. Whoever has it zeroes it. */
  readonly seed: Uint8Array;
  /** Whether others than the owner may read the file. Never on Windows, which has no such modes. */
  readonly isExposed: boolean;
}

export interface WriteKeyOptions {
  /** Default `pem`. */
  readonly format?: KeyFormat;
  readonly passphrase?: string;
  /** Replace a file that is there. */
  readonly force?: boolean;
}

/**
 * Reads a key file of any format (`decodeKey`).
 * @throws {InputError} `M2M_FILE_READ`, `M2M_KEY_INVALID`, `M2M_KEY_REQUIRED`
 */
export function readKeyFile(path: string, passphrase?: string): KeyFileContent {
  const content = readSmallFile(path, MAX_KEY_FILE_BYTES);
  try {
    return { seed: decodeKey(content, path, passphrase), isExposed: isExposed(path) };
  } finally {
    content.fill(0);
  }
}

/**
 * Writes a key file that only its owner may read, complete or not at all.
 * @throws {InputError} `M2M_FILE_EXISTS` unless forced, `M2M_FILE_WRITE`, `M2M_USAGE`
 */
export function writeKeyFile(path: string, seed: Uint8Array, options: WriteKeyOptions = {}): void {
  const { format = "pem", passphrase, force = false } = options;
  const assertFree = (target: string): void => {
    if (!force && existsSync(target)) throw fileExists(path);
  };
  assertFree(path);
  const isThere = existsSync(path);
  if (path === "" || (isThere && !isRegularFile(path))) throw fileError("write", path, { code: "EISDIR" });
  const content = encodeKey(seed, format, passphrase);
  // A file that is replaced hands its mode on.
  if (isThere) attemptWrite(path, () => chmodSync(path, PRIVATE_MODE));
  let file: ReplacementFile | undefined;
  try {
    file = new ReplacementFile(path, { mode: PRIVATE_MODE, assertFree });
    file.write(content);
    file.finish();
  } catch (error) {
    file?.discard();
    throw error;
  } finally {
    content.fill(0);
  }
}

function isExposed(path: string): boolean {
  return process.platform !== "win32" && (statSync(path).mode & 0o077) !== 0;
}

function fileExists(path: string): InputError {
  return new InputError("M2M_FILE_EXISTS", `${path} exists.`, {
    hint: "Add --force to overwrite it: the identity in it is lost then.",
  });
}
