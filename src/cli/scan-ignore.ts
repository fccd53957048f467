/** What is left out of a folder: what Git ignores in it, above it in the repository and below it, and what the user excludes. */
import ignore, { type Ignore } from "ignore";
import { existsSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { InputError, type ErrorCode } from "../shared/errors.js";
import { isRegularFile, readSmallFile } from "../shared/files.js";
import { printable } from "./terminal.js";

const MAX_IGNORE_FILE_BYTES = 64 * 1024;
const MAX_PATTERN_UNITS = 1000;
/**
 * A pattern becomes a regular expression, and each star of it one more loop inside the others: four over a name of 255
 * characters take seconds. A pattern of more stars than this is not obeyed, so what it names is scanned.
 */
const MAX_STARS = 3;
/** Most steps of those loops for one path, some milliseconds; where there may be more, the path is scanned. */
const MAX_STEPS = 2e6;

/** Patterns in the syntax of `.gitignore`, ready to be used from any folder. */
export interface Patterns {
  readonly matcher: Ignore;
  /** How many patterns have no star, one, two, three. */
  readonly byStars: readonly number[];
}

interface Layer extends Patterns {
  readonly folder: string;
}

/** The rules in force in one folder; immutable. */
export class IgnoreRules {
  /** From the outermost folder to the innermost. */
  readonly #layers: readonly Layer[];

  private constructor(layers: readonly Layer[]) {
    this.#layers = layers;
  }

  static none(): IgnoreRules {
    return new IgnoreRules([]);
  }

  /** Rules with one source: `patterns`, whose slashes count from `folder` on. */
  static of(folder: string, patterns: Patterns): IgnoreRules {
    return new IgnoreRules([{ folder, ...patterns }]);
  }

  /** The rules of the repository that `folder` is in, down to its parent; none outside of one. */
  static above(folder: string): IgnoreRules {
    const parents: string[] = [];
    let at = folder;
    while (!existsSync(join(at, ".git"))) {
      const parent = dirname(at);
      if (parent === at) return IgnoreRules.none();
      parents.unshift(parent);
      at = parent;
    }
    const exclude = readPatterns(join(at, ".git", "info", "exclude"));
    const rules = new IgnoreRules(exclude ? [{ folder: at, ...exclude }] : []);
    return parents.reduce((found, parent) => found.inside(parent), rules);
  }

  /** These rules and those of the `.gitignore` in `folder`. */
  inside(folder: string): IgnoreRules {
    const patterns = readPatterns(join(folder, ".gitignore"));
    return patterns ? new IgnoreRules([...this.#layers, { folder, ...patterns }]) : this;
  }

  /** Whether `path` is left out. The last rule of the innermost file that says something of it decides. */
  ignores(path: string, isFolder: boolean): boolean {
    let steps = 0;
    for (const { folder, matcher, byStars } of [...this.#layers].reverse()) {
      const name = relative(folder, path).split(sep).join("/");
      // No file says anything of the folder that it is in.
      if (name === "") continue;
      steps += mostSteps(byStars, name);
      if (steps > MAX_STEPS) return false;
      const { ignored, unignored } = matcher.test(isFolder ? `${name}/` : name);
      if (ignored || unignored) return ignored;
    }
    return false;
  }
}

function readPatterns(path: string): Patterns | undefined {
  // A pipe of that name would never end.
  if (!isRegularFile(path)) return undefined;
  let text;
  try {
    text = Buffer.from(readSmallFile(path, MAX_IGNORE_FILE_BYTES)).toString("utf8");
  } catch {
    // What cannot be read leaves nothing out.
    return undefined;
  }
  const patterns = new PatternList();
  for (const pattern of text.replace(/^\ufeff/u, "").split(/\r?\n/)) {
    if (pattern.startsWith("#")) continue;
    // Without an exception the others would leave out more than they are meant to.
    if (!patterns.add(pattern) && pattern.startsWith("!")) return undefined;
  }
  return patterns;
}

/**
 * Patterns that a user gives, which are obeyed or refused.
 * @param where what gives them, for messages: a flag or a setting
 * @throws {InputError} `code`
 */
export function parsePatterns(words: readonly string[], where: string, code: ErrorCode): Patterns {
  const patterns = new PatternList();
  for (const word of words) {
    // As a shell completes it; Git knows no such pattern.
    const pattern = word.replace(/^(!?)\.\//, "$1/");
    if (/^\s*(#|$)/.test(pattern) || !patterns.add(pattern)) {
      throw new InputError(code, `${where}: "${printable(word)}" is no pattern that can be used.`, {
        hint: `It is one of .gitignore, such as "*.min.js" or "docs/spec/", with at most ${MAX_STARS} stars.`,
      });
    }
  }
  return patterns;
}

class PatternList implements Patterns {
  // As Git does unless told otherwise: names differ by case where the file system says so.
  readonly matcher = ignore({ ignorecase: process.platform === "win32" || process.platform === "darwin" });
  readonly byStars = new Array<number>(MAX_STARS + 1).fill(0);

  /** Adds `pattern`, unless it cannot be used or takes too long. @returns whether it was added */
  add(pattern: string): boolean {
    const stars = countStars(pattern);
    if (pattern.length > MAX_PATTERN_UNITS || stars > MAX_STARS || !compiles(pattern)) return false;
    this.byStars[stars]++;
    this.matcher.add([pattern]);
    return true;
  }
}

/** Steps that 1, 2, 3 loops inside each other take at most: n, n²/2, n³/6 over the units of each part, and over the parts. */
function mostSteps([, one, two, three]: readonly number[], name: string): number {
  const parts = name.split("/");
  return [parts.length, ...parts.map(({ length }) => length)].reduce(
    (steps, n) => steps + n * (one + (n / 2) * (two + (n / 3) * three)),
    0,
  );
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
