/** The files of a folder that are worth scanning, in an order that does not depend on the file system. */
import { closeSync, constants, fstatSync, openSync, readdirSync, readSync, type Dirent } from "node:fs";
import { isAbsolute, join, relative, resolve } from "node:path";
import type { M2MError } from "../shared/errors.js";
import { fileError } from "../shared/files.js";
import { IgnoreRules, type Patterns } from "./scan-ignore.js";
import { textBytes } from "./scan-text.js";

/** A folder in a folder and so on: deeper ones are skipped. */
const MAX_DEPTH = 64;

export type SkipReason = "binary" | "too large" | "too deep";

/** One entry of a folder: a file with its text, or why there is none. */
export type WalkedFile = { readonly path: string } & (
  { readonly content: Uint8Array } | { readonly skipped: SkipReason } | { readonly error: M2MError }
);

/**
 * The files below `folder`, each folder's in the order of their UTF-16 units. What Git ignores, what is excluded, `.git`
 * itself, symbolic links, devices and pipes are passed over. Of a folder that is ignored itself its own rules count alone.
 * @param folder as the user wrote it: paths begin with it
 */
export function* walkFolder(folder: string, cwd: string, options: WalkOptions): Generator<WalkedFile> {
  const root = resolve(cwd, folder);
  const { exclude } = options;
  // Patterns are of the paths as they are shown: from the working directory, if the folder is below it.
  const excluded = exclude && IgnoreRules.of(isInside(root, cwd) ? cwd : root, exclude);
  const above = IgnoreRules.above(root);
  // Who names a folder that Git ignores means it.
  const rules = above.ignores(root, true) ? IgnoreRules.none() : above;
  yield* walk(root, folder, rules, { ...options, excluded }, 0);
}

export interface WalkOptions {
  /** Larger files are skipped. */
  readonly maxBytes: number;
  /** Absolute paths of files that the scan itself reads or writes, which are passed over. */
  readonly own?: ReadonlySet<string>;
  /** What is left out besides. */
  readonly exclude?: Patterns;
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return !/^\.\.(?:[/\\]|$)/.test(way) && !isAbsolute(way);
}

function* walk(
  folder: string,
  shown: string,
  above: IgnoreRules,
  options: WalkOptions & { readonly excluded?: IgnoreRules },
  depth: number,
): Generator<WalkedFile> {
  if (depth > MAX_DEPTH) {
    yield { path: shown, skipped: "too deep" };
    return;
  }
  let entries: Dirent[];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (cause) {
    yield { path: shown, error: fileError("read", shown, cause) };
    return;
  }
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  const rules = above.inside(folder);
  const { excluded, own } = options;
  const isLeftOut = (path: string, isFolder: boolean): boolean =>
    (excluded?.ignores(path, isFolder) ?? false) || rules.ignores(path, isFolder);
  for (const entry of entries) {
    const path = join(folder, entry.name);
    const name = shown === "." ? entry.name : join(shown, entry.name);
    if (entry.isDirectory()) {
      if (entry.name === ".git" || isLeftOut(path, true)) continue;
      yield* walk(path, name, rules, options, depth + 1);
    } else if (entry.isFile() && !own?.has(path) && !isLeftOut(path, false)) {
      yield readFile(path, name, options.maxBytes);
    }
  }
}

function readFile(path: string, shown: string, maxBytes: number): WalkedFile {
  // What was a file may have become a link or a pipe meanwhile.
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  try {
    const descriptor = openSync(path, flags);
    try {
      const { size } = fstatSync(descriptor);
      if (size > maxBytes) return { path: shown, skipped: "too large" };
      const content = readUpTo(descriptor, size, maxBytes);
      if (content.length > maxBytes) return { path: shown, skipped: "too large" };
      const text = textBytes(content);
      return text ? { path: shown, content: text } : { path: shown, skipped: "binary" };
    } finally {
      closeSync(descriptor);
    }
  } catch (cause) {
    return { path: shown, error: fileError("read", shown, cause) };
  }
}

/** At most one byte over `maxBytes`: a file may grow while it is read, and those of /proc say they have no bytes. */
function readUpTo(descriptor: number, size: number, maxBytes: number): Uint8Array {
  let buffer = Buffer.allocUnsafe(Math.min(size, maxBytes) + 1);
  let length = 0;
  for (;;) {
    const read = readSync(descriptor, buffer, length, buffer.length - length, null);
    if (read === 0) return buffer.subarray(0, length);
    length += read;
    if (length > maxBytes) return buffer.subarray(0, length);
    if (length === buffer.length) buffer = Buffer.concat([buffer], Math.min(2 * length, maxBytes + 1));
  }
}
