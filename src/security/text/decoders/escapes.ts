import { MappedTextBuilder } from "../mapped-text.js";
import type { Decoded, Decoder } from "./decoder.js";
import { isAsciiWord, isLetter } from "../units.js";

/** Escapes that must be there before a text counts as escaped: one or two are how things are quoted. */
const MIN_ESCAPES = 3;
/** Around the first and the last escape, this much of the text belongs to what they say. */
const MARGIN = 512;

interface Escape {
  /** Offset behind it. */
  end: number;
  text: string;
  /** It stands for a letter or digit that needs no escape. */
  needless: boolean;
}

type ReadEscape = (text: string, at: number) => Escape | undefined;

/** `%69`, `&#105;` and `&lt;`, `\u0069`, `\x69` and `\u{69}`, `U+0069`, `=69`. */
export const decodeEscapes: Decoder = (text, { hasMarkup }) => {
  const named = unescape(text, "U+", "escape", readCodePoint);
  if (!hasMarkup) return named;
  return [
    ...named,
    ...unescape(text, "%", "percent", readPercent),
    ...unescape(text, "&", "html-entity", readEntity),
    ...unescape(text, "\\", "escape", readBackslash),
    ...unescape(text, "=", "quoted-printable", readQuoted),
  ];
};

function unescape(text: string, opening: string, layer: string, read: ReadEscape): Decoded[] {
  const first = text.indexOf(opening);
  if (first === -1) return [];
  if (!isEscaped(text, first, opening, read)) return [];
  const from = Math.max(0, first - MARGIN);
  const out = new MappedTextBuilder(text, Math.min(text.length, 4096));
  let copied = from;
  for (let at = first; at !== -1;) {
    const escape = read(text, at);
    if (escape) {
      out.copy(copied, at);
      out.put(escape.text, at, escape.end);
      copied = escape.end;
    }
    at = text.indexOf(opening, escape?.end ?? at + 1);
  }
  out.copy(copied, Math.min(text.length, copied + MARGIN));
  return [{ ...out.finish(), layer }];
}

function isEscaped(text: string, first: number, opening: string, read: ReadEscape): boolean {
  let needless = 0;
  for (let at = first; at !== -1;) {
    const escape = read(text, at);
    if (escape?.needless && ++needless === MIN_ESCAPES) return true;
    at = text.indexOf(opening, escape?.end ?? at + 1);
  }
  return false;
}

/** One percent-encoded character, of up to four bytes of UTF-8 (RFC 3986 section 2.1). */
function readPercent(text: string, at: number): Escape | undefined {
  const lead = hexAt(text, at + 1, 2);
  if (lead < 0) return undefined;
  const size = lead < 0x80 ? 1 : lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  let code = size === 1 ? lead : lead & (0x7f >> size);
  for (let k = 1; k < size; k++) {
    const byte = text.charCodeAt(at + k * 3) === 0x25 ? hexAt(text, at + k * 3 + 1, 2) : -1;
    if ((byte & 0xc0) !== 0x80 || byte < 0) return undefined;
    code = (code << 6) | (byte & 0x3f);
  }
  const escape = codePoint(code, at + size * 3);
  // A space is what percent-encoding is there for; three of them still say that this is a sentence.
  return escape && { ...escape, needless: escape.needless || code === 0x20 };
}

const NAMED: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  lpar: "(",
  rpar: ")",
  lsqb: "[",
  rsqb: "]",
  colon: ":",
  sol: "/",
  num: "#",
  excl: "!",
  period: ".",
  comma: ",",
  newline: "\n",
  tab: "\t",
  zwnj: "",
  zwj: "",
  shy: "",
};
/** Longest escape of variable length. */
const MAX_ESCAPE = 11;

/** How often the sign of an entity may be escaped itself: `&amp;amp;#105;`. */
const MAX_ESCAPED_SIGNS = 4;

/** Numeric character references and the commonest named ones, with their sign escaped or not. */
function readEntity(text: string, at: number): Escape | undefined {
  let sign = at;
  for (let depth = 0; depth < MAX_ESCAPED_SIGNS && text.startsWith("amp;", sign + 1); depth++) sign += 4;
  if (sign === at) return readPlainEntity(text, at);
  return readPlainEntity(text, sign) ?? { end: sign + 1, text: "&", needless: false };
}

function readPlainEntity(text: string, at: number): Escape | undefined {
  if (text.charCodeAt(at + 1) !== 0x23) {
    const end = findNear(text, ";", at);
    if (end === -1) return undefined;
    const named = NAMED[text.slice(at + 1, end).toLowerCase()];
    return named === undefined
      ? undefined
      : { end: end + 1, text: named, needless: named === "<" || named === "" };
  }
  const hexadecimal = (text.charCodeAt(at + 2) | 32) === 0x78;
  let end = at + (hexadecimal ? 3 : 2);
  let code = 0;
  const start = end;
  for (; end - start < 8; end++) {
    const digit = hexValue(text.charCodeAt(end));
    if (digit < 0 || (!hexadecimal && digit > 9)) break;
    code = code * (hexadecimal ? 16 : 10) + digit;
  }
  if (end === start) return undefined;
  return codePoint(code, text.charCodeAt(end) === 0x3b ? end + 1 : end);
}

/** `U+0069`, as Unicode names its characters, and the blank behind it. */
function readCodePoint(text: string, at: number): Escape | undefined {
  let end = at + 2;
  while (end - at < 8 && hexValue(text.charCodeAt(end)) >= 0) end++;
  const code = end - at < 6 ? -1 : hexAt(text, at + 2, end - at - 2);
  if (code < 0) return undefined;
  return codePoint(code, text.charCodeAt(end) === 0x20 && text.startsWith("U+", end + 1) ? end + 1 : end);
}

/**
 * A byte of quoted-printable, and its soft line break (RFC 2045 section 6.7). `x=41, y=42` assigns: an escape is needless
 * where a letter or another one follows.
 */
function readQuoted(text: string, at: number): Escape | undefined {
  const next = text.charCodeAt(at + 1);
  if (next === 0x0a) return { end: at + 2, text: "", needless: false };
  if (next === 0x0d && text.charCodeAt(at + 2) === 0x0a) return { end: at + 3, text: "", needless: false };
  const code = hexAt(text, at + 1, 2);
  if (code < 0x09 || code > 0x7e) return undefined;
  const behind = text.charCodeAt(at + 3);
  const goesOn =
    behind === 0x3d ? hexAt(text, at + 4, 2) >= 0 : isLetter(behind) && isLetter(text.charCodeAt(at - 1));
  const escape = codePoint(code, at + 3);
  return escape && { ...escape, needless: escape.needless && goesOn };
}

const SHORT: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", '"': '"', "'": "'", "/": "/" };

/** Escapes of JSON, JavaScript, Python and C. */
function readBackslash(text: string, at: number): Escape | undefined {
  const kind = text[at + 1];
  if (kind === "u" && text[at + 2] === "{") {
    const end = findNear(text, "}", at);
    const code = end === -1 ? -1 : hexAt(text, at + 3, end - at - 3);
    return code < 0 ? undefined : codePoint(code, end + 1);
  }
  const digits = kind === "x" ? 2 : kind === "u" ? 4 : kind === "U" ? 8 : 0;
  if (digits > 0) {
    const code = hexAt(text, at + 2, digits);
    return code < 0 ? undefined : codePoint(code, at + 2 + digits);
  }
  const short = SHORT[kind];
  return short === undefined ? undefined : { end: at + 2, text: short, needless: false };
}

/** As `indexOf`, but only as far as an escape may reach: a search to the end for every escape would be quadratic. */
function findNear(text: string, wanted: string, at: number): number {
  for (let i = at + 1; i < at + MAX_ESCAPE; i++) {
    if (text[i] === wanted) return i;
    if (text[i] === text[at]) return -1;
  }
  return -1;
}

function codePoint(code: number, end: number): Escape | undefined {
  if (code > 0x10ffff) return undefined;
  const text = code <= 0xffff ? String.fromCharCode(code) : String.fromCodePoint(code);
  return { end, text, needless: isAsciiWord(code) };
}

/** The number that `count` hexadecimal digits at `at` write, or -1. */
function hexAt(text: string, at: number, count: number): number {
  if (count < 1) return -1;
  let value = 0;
  for (let i = at; i < at + count; i++) {
    const digit = hexValue(text.charCodeAt(i));
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

function hexValue(unit: number): number {
  if (unit >= 0x30 && unit <= 0x39) return unit - 0x30;
  const lower = unit | 32;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
