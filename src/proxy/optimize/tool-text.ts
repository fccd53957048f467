import { isDeepStrictEqual } from "node:util";
import { decode, encode } from "@toon-format/toon";
import { M2MError } from "../../shared/errors.js";
import { JsonScanner, TOKEN } from "../../shared/json-scanner.js";
import { minifyJsonText } from "../../shared/json-text.js";
import { isJsonObject } from "../../shared/json-value.js";
import { DEFAULT_LIMITS } from "../../shared/limits.js";

/** How a text was made shorter. */
export type Shortening = "minify" | "toon";

export interface ShorterText {
  readonly text: string;
  readonly how: Shortening;
  readonly tokensSaved: number;
}

const { maxJsonDepth } = DEFAULT_LIMITS;

/** Counting takes a tenth of a second for so many UTF-16 units, in which nobody else is served. */
const MAX_UNITS = 512 * 1024;

/**
 * A spelling of the JSON in `text` with fewer tokens. It depends on the text and the counter alone, so that a conversation's earlier
 * turns are spelled the same in later ones.
 * @param allowToon whether it may be another notation than JSON
 * @returns `undefined` if there is none, or `text` is no JSON object or array, or too long to be counted
 */
export function shorten(
  text: string,
  allowToon: boolean,
  countTokens: (text: string) => number,
): ShorterText | undefined {
  if (text.length > MAX_UNITS || !/^\s*[[{]/.test(text)) return undefined;
  const minified = tryMinify(text);
  if (minified === undefined) return undefined;
  const tokens = countTokens(text);
  let best: ShorterText | undefined;
  const consider = (candidate: string, how: Shortening): void => {
    const tokensSaved = tokens - countTokens(candidate);
    if (tokensSaved > (best?.tokensSaved ?? 0)) best = { text: candidate, how, tokensSaved };
  };
  if (minified !== text) consider(minified, "minify");
  const toon = allowToon ? tryToon(minified) : undefined;
  if (toon !== undefined) consider(toon, "toon");
  return best;
}

function tryMinify(text: string): string | undefined {
  try {
    return minifyJsonText(text, maxJsonDepth);
  } catch (error) {
    if (error instanceof M2MError) return undefined;
    throw error;
  }
}

/** The value of `json` in TOON, if it has tables and they read back as exactly that value. */
function tryToon(json: string): string | undefined {
  const value: unknown = JSON.parse(json);
  if (!hasTable(value) || !isWhole(json, value)) return undefined;
  try {
    const toon = encode(value);
    return isDeepStrictEqual(decode(toon), value) ? toon : undefined;
  } catch {
    // What the format cannot hold stays JSON.
    return undefined;
  }
}

/** Whether an array of at least two objects with the same members, all of them scalars, is in it. */
function hasTable(value: unknown): boolean {
  if (Array.isArray(value)) return isTable(value) || value.some(hasTable);
  return isJsonObject(value) && Object.values(value).some(hasTable);
}

function isTable(rows: readonly unknown[]): boolean {
  if (rows.length < 2 || !isJsonObject(rows[0])) return false;
  const names = Object.keys(rows[0]);
  return (
    names.length > 0 &&
    rows.every((row) => {
      if (!isJsonObject(row) || Object.keys(row).length !== names.length) return false;
      return names.every(
        (name) => Object.hasOwn(row, name) && (row[name] === null || typeof row[name] !== "object"),
      );
    })
  );
}

/** Whether `value` is all that `json` says: no member was told twice, and no number has digits that a double lacks. */
function isWhole(json: string, value: unknown): boolean {
  const scanner = new JsonScanner(json, maxJsonDepth);
  let members = 0;
  for (let token = scanner.next(); token !== TOKEN.END; token = scanner.next()) {
    if (token === TOKEN.KEY) members++;
    else if (token === TOKEN.NUMBER && !isExactNumber(json.slice(scanner.start, scanner.end))) return false;
  }
  return members === countMembers(value);
}

function countMembers(value: unknown): number {
  if (Array.isArray(value)) return value.reduce((sum: number, item: unknown) => sum + countMembers(item), 0);
  if (!isJsonObject(value)) return 0;
  return Object.values(value).reduce((sum: number, item) => sum + 1 + countMembers(item), 0);
}

/** Whether a double printed again means the same decimal: `10.0` and `1e2` do, `12345678901234567890` does not. */
export function isExactNumber(spelling: string): boolean {
  const decimal = decimalOf(spelling);
  return decimal !== undefined && decimal === decimalOf(String(Number(spelling)));
}

/** Sign, digits and exponent of a number, the same for all spellings of it. */
function decimalOf(spelling: string): string | undefined {
  const parts = /^(-?)([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/.exec(spelling);
  if (!parts) return undefined;
  const [, sign, whole, fraction = "", exponent = "0"] = parts;
  const padded = whole + fraction;
  let last = padded.length;
  while (last > 0 && padded[last - 1] === "0") last--;
  let first = 0;
  while (first < last && padded[first] === "0") first++;
  if (first === last) return "0";
  return `${sign}${padded.slice(first, last)}e${Number(exponent) - fraction.length + padded.length - last}`;
}
