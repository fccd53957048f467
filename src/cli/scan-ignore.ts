/** What Git would leave out: the `.gitignore` files of a folder, of those above it in the repository, and below it. */
import ignore, { type Ignore } from "ignore";
import { existsSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { isRegularFile, readSmallFile } from "../shared/files.js";

const MAX_IGNORE_FILE_BYTES = 64 * 1024;
const MAX_PATTERN_UNITS = 1000;
/**
 * A pattern becomes a regular expression, and each star of it one more loop inside the others: four over a name of 255
 * characters take seconds, and so do many patterns of three. What each costs by its stars, and what a file may cost; a
 * pattern with more stars, or beyond that, is not obeyed, so what it names is scanned.
 */
const COST_BY_STARS = [0, 1, 4, 100] as const;
const MAX_COST = 1000;

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
  // As Git does unless told otherwise: names differ by case where the file system says so.
  const ignorecase = process.platform === "win32" || process.platform === "darwin";
  const matcher = ignore({ ignorecase });
  let cost = 0;
  for (const pattern of text.replace(/^\ufeff/u, "").split(/\r?\n/)) {
    if (pattern.startsWith("#")) continue;
    const patternCost = COST_BY_STARS[countStars(pattern)] ?? Infinity;
    const obeyed = pattern.length <= MAX_PATTERN_UNITS && cost + patternCost <= MAX_COST && compiles(pattern);
    if (obeyed) {
      cost += patternCost;
      matcher.add([pattern]);
      // Without an exception the others would leave out more than they are meant to.
    } else if (pattern.startsWith("!")) return undefined;
  }
  return matcher;
}

/** Loops that the library makes of a pattern: one for `**` between slashes, else one for each star. */
function countStars(pattern: string): number {
  return pattern.replace(/(?<=^!?|\/)\*\*(?=\/|$)/g, "*").split("*").length - 1;
}

/** Whether the library can use `pattern`: of some it makes a regular expression that is none, and tells when it matches. */
function compiles(pattern: string): boolean {
  // An exception is compiled only where there is something to except, so its pattern is tried without the mark.
  const plain = pattern.startsWith("!") ? pattern.slice(1).replace(/^[!#]/, "\\$&") : pattern;
  try {
    ignore().add([plain]).test("x");
    return true;
  } catch {
    return false;
  }
}
