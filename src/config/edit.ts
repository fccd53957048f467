import { chmodSync, mkdirSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { InputError } from "../shared/errors.js";
import { scanToml, type TomlEntry, type TomlLayout } from "../shared/toml.js";
import { parseConfigText, readTextFile, reasonOf } from "./file.js";
import { isFile } from "./locations.js";
import { badValue, type ConfigKey, type ConfigScalar, specOf, tryParseText } from "./schema.js";

/**
 * Sets `key` in the settings file `path` to the value that `text` spells. One line changes; comments, order and
 * everything else stay. The file is made if there is none (readable by its owner only, as is a new folder), and
 * replaced in one step.
 * @returns the value
 * @throws {InputError} `M2M_CONFIG_INVALID` if the value or the file as it is is invalid; `M2M_FILE_READ`,
 *   `M2M_FILE_WRITE`
 */
export async function setConfigValue(path: string, key: ConfigKey, text: string): Promise<ConfigScalar> {
  const value = tryParseText(key, text);
  if (value === undefined) throw badValue(key, text);
  const current = isFile(path) ? readTextFile(path) : "";
  const before = await parseConfigText(current, path);
  const edited = editConfigText(current, key, value, path);
  // The edit works on the text: what it means now is checked before anything is written.
  const after = await parseConfigText(edited, path);
  const expected = new Map(before).set(key, value);
  if (after.size !== expected.size || [...expected].some(([name, wanted]) => after.get(name) !== wanted)) {
    throw cannotEdit(path, key);
  }
  writeWhole(path, edited);
  return value;
}

/** `text` with `key` set to `value`, by changing or adding one line. */
function editConfigText(text: string, key: ConfigKey, value: ConfigScalar, name: string): string {
  const [section, word] = key.split(".");
  const layout = scanToml(text);
  const assignment = `${word} = ${toToml(key, value)}`;
  const same = layout.entries.find((entry) => isPath(entry.path, [section, word]));
  if (same) return text.slice(0, same.valueStart) + toToml(key, value) + text.slice(same.valueEnd);
  if (layout.entries.some((entry) => isPath(entry.path, [section]))) throw cannotEdit(name, key);
  const last = layout.entries.filter((entry) => entry.path[0] === section).at(-1);
  if (last)
    return insertAfter(
      text,
      last,
      isPath(last.table, [section]) ? assignment : `${key} = ${toToml(key, value)}`,
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
  const header = layout.headers.find((found) => isPath(found.path, [section]));
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

function isPath(path: readonly string[], wanted: readonly string[]): boolean {
  return path.length === wanted.length && wanted.every((key, index) => path[index] === key);
}

function cannotEdit(path: string, key: ConfigKey): InputError {
  return new InputError(
    "M2M_CONFIG_INVALID",
    `${path} is laid out so that ${key} cannot be set by changing one line.`,
    {
      hint: "Edit the file by hand.",
    },
  );
}

/** Replaces the file at `path` (or the one it links to) in one step, so that a reader never sees half of it. */
function writeWhole(path: string, text: string): void {
  let temporary: string | undefined;
  try {
    const target = isFile(path) ? realpathSync(path) : path;
    const mode = isFile(target) ? statSync(target).mode & 0o777 : 0o600;
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    temporary = join(dirname(target), `.${basename(target)}.${process.pid}.tmp`);
    writeFileSync(temporary, text, { flag: "wx", mode: 0o600 });
    chmodSync(temporary, mode);
    renameSync(temporary, target);
  } catch (cause) {
    if (temporary !== undefined && (cause as NodeJS.ErrnoException).code !== "EEXIST")
      rmSync(temporary, { force: true });
    throw new InputError("M2M_FILE_WRITE", `Cannot write ${path}: ${reasonOf(cause)}.`, { cause });
  }
}
