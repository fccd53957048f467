import { statSync } from "node:fs";
import { resolve } from "node:path";
import { InputError } from "../shared/errors.js";
import { isFile } from "../shared/files.js";
import type { CommandContext } from "./context.js";
import { isSurelyPath, looksLikePath, openSources, type Source } from "./input.js";
import { printable } from "./terminal.js";

/** What is to be scanned: one text, or the files of a folder. */
export type ScanTarget =
  | { readonly source: Source }
  /** As the user wrote it. */
  | { readonly folder: string };

/**
 * What the arguments mean. One argument is a text, unless a file or folder has that name; several are paths.
 * Files and folders that `--file` names come first.
 * @throws {InputError} as `openSources`; `M2M_USAGE` if one of several arguments is no path, or the only one is the path of nothing
 */
export function resolveTargets(
  context: CommandContext,
  words: readonly string[] = [],
  files: readonly string[] = [],
): ScanTarget[] {
  if (files.length === 0 && words.length <= 1) return [resolveOnly(context, words[0])];
  const noPath = words.find((word) => !isFolder(context, word) && !isFile(resolve(context.cwd, word)));
  if (noPath !== undefined) {
    throw isNeither(
      noPath,
      "A text is one argument, in quotes, and the only one; several arguments are paths.",
    );
  }
  const paths = [...files, ...words];
  const named = paths.filter((path) => !isFolder(context, path));
  const sources = named.length === 0 ? [] : openSources(context, { files: named });
  return paths.map((path) =>
    isFolder(context, path) ? { folder: path } : { source: sources.shift() as Source },
  );
}

/** What a script gets from `git diff --name-only` may be one path as well as several. */
function resolveOnly(context: CommandContext, word: string | undefined): ScanTarget {
  const folder = word !== undefined && isFolder(context, word);
  if (!folder && (word === undefined || word === "-" || !isFile(resolve(context.cwd, word)))) {
    // A file that is not there has not been looked at: "safe" would be false.
    if (word !== undefined && isSurelyPath(word))
      throw isNeither(word, "If it is the text itself, pipe it in: echo TEXT | m2m scan");
    return { source: openSources(context, { literal: word })[0] };
  }
  // What has no slash and no ending, or is more than dots, may be a word that somebody wants to have scanned.
  if (!/^\.+$|[/\\]/.test(word) && (folder || !looksLikePath(word))) {
    const what = folder ? "a folder: its files are scanned" : "a file: its content is scanned";
    context.note(`m2m: ${printable(word)} is ${what}. Pipe the word in if it is the text.`);
  }
  return folder ? { folder: word } : { source: openSources(context, { files: [word] })[0] };
}

function isNeither(word: string, hint: string): InputError {
  return new InputError("M2M_USAGE", `"${word}" is neither a file nor a folder.`, { hint });
}

function isFolder(context: CommandContext, path: string): boolean {
  if (path === "" || path.includes("\0")) return false;
  try {
    return statSync(resolve(context.cwd, path)).isDirectory();
  } catch {
    return false;
  }
}
