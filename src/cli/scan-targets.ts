import { statSync } from "node:fs";
import { resolve } from "node:path";
import { InputError } from "../shared/errors.js";
import { isFile } from "../shared/files.js";
import type { CommandContext } from "./context.js";
import { openSources, type Source } from "./input.js";
import { printable } from "./terminal.js";

/** What is to be scanned: one text, or the files of a folder. */
export type ScanTarget =
  | { readonly source: Source }
  /** As the user wrote it. */
  | { readonly folder: string };

/** What a person means as a path: no blank, and a slash or the ending of a file. */
const PATH =
  /^(?=\S{2,255}$)(?!.*:\/\/)(?:.*[/\\].*|.*\.(?:md|txt|json|jsonl|toml|ya?ml|html?|csv|xml|py|[cm]?[jt]sx?))$/iu;

/**
 * What the arguments mean. One argument is a text, unless a folder has that name, which a note says; several are paths.
 * Files and folders that `--file` names come first.
 * @throws {InputError} as `openSources`; `M2M_USAGE` if one of several arguments is no path
 */
export function resolveTargets(
  context: CommandContext,
  words: readonly string[] = [],
  files: readonly string[] = [],
): ScanTarget[] {
  const [only] = words;
  if (files.length === 0 && words.length <= 1) {
    if (only === undefined || !isFolder(context, only)) {
      if (only !== undefined && PATH.test(only) && !isFile(resolve(context.cwd, only))) {
        context.note(`m2m: There is no file ${printable(only)}: the word itself is scanned, as a text.`);
      }
      return openSources(context, { literal: only }).map((source) => ({ source }));
    }
    // What has no slash or is more than dots may be a word that somebody wants to have scanned.
    if (!/^\.+$|[/\\]/.test(only))
      context.note(
        `m2m: ${printable(only)} is a folder: its files are scanned. Pipe the word in if it is the text.`,
      );
    return [{ folder: only }];
  }
  const noPath = words.find((word) => !isFolder(context, word) && !isFile(resolve(context.cwd, word)));
  if (noPath !== undefined) {
    throw new InputError("M2M_USAGE", `"${noPath}" is neither a file nor a folder.`, {
      hint: "A text is one argument, in quotes, and the only one; several arguments are paths.",
    });
  }
  const paths = [...files, ...words];
  const named = paths.filter((path) => !isFolder(context, path));
  const sources = named.length === 0 ? [] : openSources(context, { files: named });
  return paths.map((path) =>
    isFolder(context, path) ? { folder: path } : { source: sources.shift() as Source },
  );
}

function isFolder(context: CommandContext, path: string): boolean {
  if (path === "" || path.includes("\0")) return false;
  try {
    return statSync(resolve(context.cwd, path)).isDirectory();
  } catch {
    return false;
  }
}
