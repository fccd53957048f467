import { isJsonObject } from "./json-value.js";
import { type ErrorCode, InputError } from "./errors.js";

/** A `key = value` of a TOML text, with UTF-16 offsets. */
export interface TomlEntry {
  /** Keys from the root; an element of an array of tables is its index as text. */
  readonly path: readonly string[];
  /** The table that the line stands in: the path of the last header. */
  readonly table: readonly string[];
  readonly start: number;
  readonly valueStart: number;
  readonly valueEnd: number;
}

/** A `[table]` or `[[table]]` header; `end` is behind the line, its line feed not included. */
export interface TomlHeader {
  readonly path: readonly string[];
  readonly start: number;
  readonly end: number;
}

export interface TomlLayout {
  readonly entries: readonly TomlEntry[];
  readonly headers: readonly TomlHeader[];
}

export interface TomlDocument {
  readonly root: Readonly<Record<string, unknown>>;
  /** 1-based line of the entry or header at `path`, else of what holds it, else 1. */
  lineOf(path: readonly string[]): number;
}

/**
 * The TOML 1.0 document `text`. The parser is loaded on the first call.
 * @param name what messages call the text: its file
 * @throws {InputError} `code` with file, line and column if it is no TOML
 */
export async function parseToml(text: string, name: string, code: ErrorCode): Promise<TomlDocument> {
  const { parse, TomlError } = await import("smol-toml");
  const content = text.startsWith("\ufeff") ? text.slice(1) : text;
  let root: Record<string, unknown>;
  try {
    root = parse(content);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const why = cause.message.split("\n", 1)[0].replace(/^Invalid TOML document: /, "");
    const at = `${name}:${cause.line}:${cause.column}`;
    throw new InputError(code, `${at}: This is not valid TOML: ${why}.`, { line: cause.line, cause });
  }
  let layout: TomlLayout | undefined;
  return {
    root,
    lineOf(path) {
      layout ??= scanToml(content);
      return lineAt(content, offsetOf(layout, path));
    },
  };
}

/** Where headers and entries stand in `text`, which is valid TOML. Entries of inline tables are part of their value. */
export function scanToml(text: string): TomlLayout {
  const entries: TomlEntry[] = [];
  const headers: TomlHeader[] = [];
  const lengths = new Map<string, number>();
  let table: string[] = [];
  let offset = 0;
  while (offset < text.length) {
    const start = skip(text, offset, /[\s\ufeff]*/y);
    if (start >= text.length) break;
    if (text[start] === "#") {
      offset = lineEnd(text, start);
    } else if (text[start] === "[") {
      const isArray = text[start + 1] === "[";
      const { keys } = readKeys(text, start + (isArray ? 2 : 1));
      table = resolveHeader(keys, isArray, lengths);
      offset = lineEnd(text, start);
      headers.push({ path: table, start, end: offset });
    } else {
      const { keys, end } = readKeys(text, start);
      const valueStart = skip(text, end + 1, /[ \t]*/y);
      const valueEnd = skipValue(text, valueStart);
      entries.push({ path: [...table, ...keys], table, start, valueStart, valueEnd });
      offset = lineEnd(text, valueEnd);
    }
  }
  return { entries, headers };
}

/** Full path of a header: names of arrays of tables are followed by the index of their last element. */
function resolveHeader(keys: readonly string[], isArray: boolean, lengths: Map<string, number>): string[] {
  const path: string[] = [];
  keys.forEach((key, index) => {
    path.push(key);
    const name = JSON.stringify(path);
    const length = lengths.get(name);
    if (isArray && index === keys.length - 1) {
      lengths.set(name, (length ?? 0) + 1);
      path.push(String(length ?? 0));
    } else if (length !== undefined) path.push(String(length - 1));
  });
  return path;
}

/** The dotted keys at `offset`; `end` is at the `=` or `]` behind them. */
function readKeys(text: string, offset: number): { keys: string[]; end: number } {
  const keys: string[] = [];
  for (;;) {
    offset = skip(text, offset, /[ \t]*/y);
    const end = skip(text, offset, /"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[A-Za-z0-9_-]*/y);
    keys.push(unquote(text.slice(offset, end)));
    offset = skip(text, end, /[ \t]*/y);
    if (text[offset] !== ".") return { keys, end: offset };
    offset++;
  }
}

function unquote(key: string): string {
  if (key.startsWith("'")) return key.slice(1, -1);
  if (!key.startsWith('"')) return key;
  return key
    .slice(1, -1)
    .replace(
      /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))/g,
      (_, short?: string, long?: string, letter?: string) =>
        letter === undefined
          ? String.fromCodePoint(parseInt(short ?? long ?? "0", 16))
          : ({ b: "\b", t: "\t", n: "\n", f: "\f", r: "\r" }[letter] ?? letter),
    );
}

/** Offset behind the value at `offset`; arrays and multi-line strings may span lines. */
function skipValue(text: string, offset: number): number {
  const token = /"""[^]*?(?<!\\)(?:\\\\)*"{3,5}|'''[^]*?'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|#[^\n]*|[^]/y;
  let depth = 0;
  let end = offset;
  for (let at = offset; at < text.length;) {
    const next = skip(text, at, token);
    const first = text[at];
    if (depth === 0 && (first === "\n" || first === "#")) break;
    if (first === "[" || first === "{") depth++;
    if (first === "]" || first === "}") depth--;
    if (!/\s/.test(first)) end = next;
    at = next;
  }
  return end;
}

/** Start of the first item at `path`; else of the first inside it; else of the same for the path above. */
function offsetOf({ entries, headers }: TomlLayout, path: readonly string[]): number {
  const items = [...entries, ...headers].sort((a, b) => a.start - b.start);
  for (let length = path.length; length > 0; length--) {
    const wanted = JSON.stringify(path.slice(0, length));
    const found =
      items.find((item) => JSON.stringify(item.path) === wanted) ??
      items.find((item) => JSON.stringify(item.path.slice(0, length)) === wanted);
    if (found) return found.start;
  }
  return 0;
}

/** Offset behind what the sticky `pattern` matches at `offset`. */
function skip(text: string, offset: number, pattern: RegExp): number {
  pattern.lastIndex = offset;
  const match = pattern.exec(text);
  return offset + (match ? match[0].length : 0);
}

function lineEnd(text: string, offset: number): number {
  const end = text.indexOf("\n", offset);
  return end < 0 ? text.length : end;
}

function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) line++;
  return line;
}

/** Whether a TOML value is a table: no array and no date. */
export function isTable(value: unknown): value is Record<string, unknown> {
  return isJsonObject(value) && !(value instanceof Date);
}
