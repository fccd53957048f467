/** What Git would leave out: the `.gitignore` files of a folder, of those above it in the repository, and below it. */
import ignore, { type Ignore } from "ignore";
import { existsSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { isRegularFile, readSmallFile } from "../shared/files.js";

const MAX_IGNORE_FILE_BYTES = 64 * 1024;
/**
 * A pattern becomes a regular expression, and each star of it one more loop inside the others: four over a name of 255
 * characters take seconds. A pattern of more stars than this is not obeyed, so what it names is scanned.
 */
const MAX_STARS = 3;

interface Layer {
  readonly folder: string;
  readonly matcher: Ignore;
}

/** The rules in force in one folder; immutable. */
export class IgnoreRules {
  /** From the outermost folder to the innermost. */
  readonly #layers: readonly Layer[];

  private constructor(layers: readonly Layer[]) {
    this.#layers = layers;
  }

  /** The rules of the repository that `folder` is in, down to its parent; none outside of one. */
  static above(folder: string): IgnoreRules {
    const parents: string[] = [];
    let at = folder;
    while (!existsSync(join(at, ".git"))) {
      const parent = dirname(at);
      if (parent === at) return new IgnoreRules([]);
      parents.unshift(parent);
      at = parent;
    }
    const exclude = readMatcher(join(at, ".git", "info", "exclude"));
    const rules = new IgnoreRules(exclude ? [{ folder: at, matcher: exclude }] : []);
    return parents.reduce((found, parent) => found.inside(parent), rules);
  }

  /** These rules and those of the `.gitignore` in `folder`. */
  inside(folder: string): IgnoreRules {
    const matcher = readMatcher(join(folder, ".gitignore"));
    return matcher ? new IgnoreRules([...this.#layers, { folder, matcher }]) : this;
  }

  /** Whether `path` is left out. The last rule of the innermost file that says something of it decides. */
  ignores(path: string, isFolder: boolean): boolean {
    for (const { folder, matcher } of [...this.#layers].reverse()) {
      const name = relative(folder, path).split(sep).join("/");
      const { ignored, unignored } = matcher.test(isFolder ? `${name}/` : name);
      if (ignored || unignored) return ignored;
    }
    return false;
  }
}

function readMatcher(path: string): Ignore | undefined {
  // A pipe of that name would never end.
  if (!isRegularFile(path)) return undefined;
  let text;
  try {
    text = Buffer.from(readSmallFile(path, MAX_IGNORE_FILE_BYTES)).toString("utf8");
  } catch {
    // What cannot be read leaves nothing out.
    return undefined;
  }
  const patterns = text
    .replace(/^\ufeff/u, "")
    .split(/\r?\n/)
    .filter((line) => (line.match(/\*+/g)?.length ?? 0) <= MAX_STARS);
  // As Git does unless told otherwise: names differ by case where the file system says so.
  const ignorecase = process.platform === "win32" || process.platform === "darwin";
  return ignore({ ignorecase }).add(patterns);
}
