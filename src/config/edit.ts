import { dirname, isAbsolute, relative, resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { InputError } from "../shared/errors.js";
import { isThere } from "../shared/files.js";
import { makeFolder } from "../shared/make-folder.js";
import { attemptWrite, ReplacementFile } from "../shared/replacement-file.js";
import { parseToml, scanToml, type TomlEntry, type TomlLayout } from "../shared/toml.js";
import { whileLocked } from "./edit-lock.js";
import { readTextFile } from "./file.js";
import { type ConfigKey, type ConfigScalar, parseText, specOf } from "./schema.js";

/**
 * Sets `key` in the settings file `path` to the value that `text` spells. One line changes; comments, order and
 * everything else stay, wrong settings too, so that a file can be mended. The file is made if there is none (readable
 * by its owner only, as is a new folder), and replaced in one step.
 * @param cwd what a relative path in `text` is relative to; in the file it is relative to the file's folder
 * @returns the value
 * @throws {InputError} `M2M_CONFIG_INVALID` if the value is invalid or the file is no TOML; `M2M_FILE_READ`,
 *   `M2M_FILE_WRITE`
 */
export async function setConfigValue(
  path: string,
  key: ConfigKey,
  text: string,
  cwd: string,
): Promise<ConfigScalar> {
  const given = parseText(key, text);
  const isPath = specOf(key).type === "path" && typeof given === "string";
  const value = isPath ? pathInFile(given, cwd, dirname(path)) : given;
  attemptWrite(path, () => makeFolder(dirname(path), 0o700));
  return whileLocked(path, async () => {
    const current = isThere(path) ? readTextFile(path) : "";
    const expected = await readLeaves(current, path);
    takeOut(expected, key);
    const edited = editConfigText(current, key, value, path);
    await assertMeans(edited, expected.set(leafName(key), value), path, key);
    writeWhole(path, edited);
    return value;
  });
}

/**
 * Takes the line of `key` out of the settings file `path`; everything else stays.
 * @returns whether it was there
 * @throws {InputError} `M2M_CONFIG_INVALID` if the file is no TOML; `M2M_FILE_READ`, `M2M_FILE_WRITE`
 */
export async function unsetConfigValue(path: string, key: ConfigKey): Promise<boolean> {
  if (!isThere(path)) return false;
  return whileLocked(path, () => unsetLocked(path, key));
}

async function unsetLocked(path: string, key: ConfigKey): Promise<boolean> {
  const current = readTextFile(path);
  const expected = await readLeaves(current, path);
  if (!takeOut(expected, key)) return false;
  const wanted = key.split(".");
  const entry = scanToml(current).entries.find((one) => isSamePath(one.path, wanted));
  if (!entry) throw cannotEdit(path, key);
  const start = current.lastIndexOf("\n", entry.start - 1) + 1;
  const feed = current.indexOf("\n", entry.valueEnd);
  const edited = current.slice(0, start) + (feed < 0 ? "" : current.slice(feed + 1));
  await assertMeans(edited, expected, path, key);
  writeWhole(path, edited);
  return true;
}

/** A path as it stands in a file of `folder`: relative if it is inside, so that a project can be moved. */
function pathInFile(given: string, cwd: string, folder: string): string {
  if (given === "~" || given.startsWith("~/")) return given;
  const absolute = resolve(cwd, given);
  const inside = relative(folder, absolute);
  return isAbsolute(given) || inside.startsWith("..") || isAbsolute(inside) ? absolute : inside;
}

/** The values in the TOML `text` that are no tables, by their JSON-quoted, dotted path. */
async function readLeaves(text: string, name: string): Promise<Map<string, unknown>> {
  const leaves = new Map<string, unknown>();
  const visit = (value: unknown, path: string) => {
    if (typeof value !== "object" || value === null || value instanceof Date) leaves.set(path, value);
    else for (const [key, inner] of Object.entries(value)) visit(inner, `${path}.${JSON.stringify(key)}`);
  };
  visit((await parseToml(text, name, "M2M_CONFIG_INVALID")).root, "");
  return leaves;
}

/** Takes `key`, or what a wrong value of it holds, out of `leaves`. @returns whether there was any */
function takeOut(leaves: Map<string, unknown>, key: ConfigKey): boolean {
  const names = [...leaves.keys()].filter((name) => `${name}.`.startsWith(`${leafName(key)}.`));
  for (const name of names) leaves.delete(name);
  return names.length > 0;
}

function leafName(key: ConfigKey): string {
  return key
    .split(".")
    .map((word) => `.${JSON.stringify(word)}`)
    .join("");
}

/** The edit works on the text: what it means now is checked before anything is written. */
async function assertMeans(
  text: string,
  expected: ReadonlyMap<string, unknown>,
  path: string,
  key: ConfigKey,
): Promise<void> {
  const found = await readLeaves(text, path).catch(() => undefined);
  if (!isDeepStrictEqual(found, expected)) throw cannotEdit(path, key);
}

/** `text` with `key` set to `value`, by changing or adding one line. */
function editConfigText(text: string, key: ConfigKey, value: ConfigScalar, name: string): string {
  const [section, word] = key.split(".");
  const layout = scanToml(text);
  const assignment = `${word} = ${toToml(key, value)}`;
  const same = layout.entries.find((entry) => isSamePath(entry.path, [section, word]));
  if (same) return text.slice(0, same.valueStart) + toToml(key, value) + text.slice(same.valueEnd);
  if (layout.entries.some((entry) => isSamePath(entry.path, [section]))) throw cannotEdit(name, key);
  const last = layout.entries.filter((entry) => entry.path[0] === section).at(-1);
  if (last)
    return insertAfter(
      text,
      last,
      isSamePath(last.table, [section]) ? assignment : `${key} = ${toToml(key, value)}`,
    );
  return insertInTable(text, layout, section, assignment);
}

/** A line like `entry`'s, behind it. */
function insertAfter(text: string, entry: TomlEntry, line: string): string {
  const lineStart = text.lastIndexOf("\n", entry.start - 1) + 1;
  const indent = text.slice(lineStart, entry.start).replace(/\ufeff/, "");
  return insertLine(text, entry.valueEnd, indent + line);
}

function insertInTable(text: string, layout: TomlLayout, section: string, line: string): string {
  const header = layout.headers.find((found) => isSamePath(found.path, [section]));
  if (header) return insertLine(text, header.end, line);
  const eol = endOfLine(text);
  const gap = text === "" ? "" : text.endsWith("\n") ? eol : eol + eol;
  return `${text}${gap}[${section}]${eol}${line}${eol}`;
}

/** `line` behind the line of `text` that holds `offset`. */
function insertLine(text: string, offset: number, line: string): string {
  const feed = text.indexOf("\n", offset);
  if (feed < 0) return `${text}${endOfLine(text)}${line}${endOfLine(text)}`;
  return `${text.slice(0, feed + 1)}${line}${endOfLine(text)}${text.slice(feed + 1)}`;
}

function endOfLine(text: string): string {
  return text.includes("\r\n") ? "\r\n" : "\n";
}

/** JSON strings are TOML basic strings, but for U+007F, which TOML wants escaped. */
function toToml(key: ConfigKey, value: ConfigScalar): string {
  if (typeof value === "string") return JSON.stringify(value).replaceAll("\x7f", "\\u007f");
  return specOf(key).type === "number" && Number.isInteger(value) ? `${value}.0` : String(value);
}

function isSamePath(path: readonly string[], wanted: readonly string[]): boolean {
  return path.length === wanted.length && wanted.every((key, index) => path[index] === key);
}

function cannotEdit(path: string, key: ConfigKey): InputError {
  return new InputError(
    "M2M_CONFIG_INVALID",
    `${path} is laid out so that ${key} cannot be changed by changing one line.`,
    { hint: `Change ${key} in the file by hand.` },
  );
}

/** Replaces the file at `path` (or the one it links to) in one step. */
function writeWhole(path: string, text: string): void {
  const file = new ReplacementFile(path, { mode: 0o600 });
  try {
    file.write(Buffer.from(text));
    file.finish();
  } finally {
    file.discard();
  }
}
