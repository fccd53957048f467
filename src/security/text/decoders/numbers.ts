import { tryDecodeUtf8 } from "../../../shared/utf8.js";
import { isNumberSeparator, MAX_SEPARATOR, MIN_ENCODED_RUN, type Range } from "../evidence.js";
import { isReadable, wholeRange, type Decoded, type Decoder } from "./decoder.js";

const MIN_ITEMS = 6;

/** Lists of character codes (binary, hexadecimal, decimal) and unbroken runs of hexadecimal or binary digits. */
export const decodeNumbers: Decoder = (text, { numberRun, encoded }) => {
  const found: Decoded[] = [];
  decodeRuns(text, encoded, found);
  if (numberRun >= MIN_ITEMS) decodeLists(text, found);
  return found;
};

function decodeRuns(text: string, { start: first, end: last }: Range, found: Decoded[]): void {
  let i = first;
  while (i < last) {
    const start = i;
    let binary = true;
    for (; hexValue(text.charCodeAt(i)) >= 0; i++) binary &&= (text.charCodeAt(i) & 0xfe) === 0x30;
    const length = i - start;
    // ASCII has seven bits.
    const digits = binary && length >= 48 ? (length % 8 === 0 ? 8 : 7) : 2;
    if (length >= MIN_ENCODED_RUN && length % digits === 0) {
      const bytes = new Uint8Array(length / digits);
      for (let k = 0; k < bytes.length; k++) {
        bytes[k] = parseDigits(text, start + k * digits, digits, digits === 2 ? 16 : 2);
        // Hashes and keys fail within the first bytes.
        if (bytes[k] < 9) break;
      }
      keep(found, bytes, digits === 2 ? "hex" : "binary", start, i);
    }
    i = Math.max(i, start + 1);
  }
}

interface List {
  start: number;
  end: number;
  values: number[];
  base: number;
}

function decodeLists(text: string, found: Decoded[]): void {
  let list: List | undefined;
  const close = (): void => {
    if (list && list.values.length >= MIN_ITEMS) {
      keep(found, Uint8Array.from(list.values), layerOf(list.base), list.start, list.end);
    }
    list = undefined;
  };
  let i = 0;
  while (i < text.length) {
    if (hexValue(text.charCodeAt(i)) < 0) {
      i++;
      continue;
    }
    let start = i;
    const prefixed = text.charCodeAt(i) === 0x30 && (text.charCodeAt(i + 1) | 32) === 0x78;
    if (prefixed) i = start += 2;
    while (hexValue(text.charCodeAt(i)) >= 0 || isOtherLetter(text.charCodeAt(i))) i++;
    const base = baseOf(text, start, i, prefixed, list?.base);
    const from = prefixed ? start - 2 : start;
    if (list && (base !== list.base || !isSeparated(text, list.end, from))) {
      close();
      if (base === 0) continue;
    }
    if (base === 0) continue;
    const value = parseDigits(text, start, i - start, base);
    if (value > 0xff) {
      close();
      continue;
    }
    list ??= { start: from, end: i, values: [], base };
    list.values.push(value);
    list.end = i;
  }
  close();
}

/** Whether what stands between two numbers separates items of a list. */
function isSeparated(text: string, from: number, to: number): boolean {
  if (to - from > MAX_SEPARATOR || to === from) return false;
  for (let i = from; i < to; i++) if (!isNumberSeparator(text.charCodeAt(i))) return false;
  return true;
}

/** The base that the digits from `start` to `end` are written in, of those that lists of characters use; 0 if none. */
function baseOf(
  text: string,
  start: number,
  end: number,
  prefixed: boolean,
  before: number | undefined,
): number {
  const length = end - start;
  let binary = true;
  let decimal = true;
  for (let i = start; i < end; i++) {
    const unit = text.charCodeAt(i);
    if (isOtherLetter(unit)) return 0;
    if (unit > 0x39) decimal = false;
    if ((unit & 0xfe) !== 0x30) binary = false;
  }
  if (prefixed) return length <= 2 ? 16 : 0;
  if (length === 7 || length === 8) return binary ? 2 : 0;
  if (length > 3 || length < 2) return 0;
  if (before === 16 && length === 2) return 16;
  if (length === 3) return decimal ? 10 : 0;
  if (!decimal) return 16;
  // Two decimal digits may be either: codes of letters in hexadecimal begin with 2 to 7, and few are such in decimal.
  return before ?? (couldBeHex(text, start, end) ? 16 : 10);
}

/** Looks one item ahead: a list of decimal codes of letters has three digits soon. */
function couldBeHex(text: string, start: number, end: number): boolean {
  for (let i = end, items = 0; items < 4 && i < text.length; items++) {
    let from = i;
    while (from < text.length && from - i < MAX_SEPARATOR && hexValue(text.charCodeAt(from)) < 0) from++;
    let to = from;
    while (hexValue(text.charCodeAt(to)) >= 0 && to - from < 4) to++;
    if (to - from === 3) return false;
    i = Math.max(to, i + 1);
  }
  return text.charCodeAt(start) <= 0x37;
}

function layerOf(base: number): string {
  return base === 2 ? "binary" : base === 16 ? "hex" : "decimal";
}

function keep(found: Decoded[], bytes: Uint8Array, layer: string, start: number, end: number): void {
  const decoded = tryDecodeUtf8(bytes);
  if (decoded !== undefined && isReadable(decoded)) found.push(wholeRange(decoded, layer, start, end));
}

function parseDigits(text: string, start: number, count: number, base: number): number {
  let value = 0;
  for (let i = start; i < start + count; i++) value = value * base + hexValue(text.charCodeAt(i));
  return value;
}

function hexValue(unit: number): number {
  if (unit >= 0x30 && unit <= 0x39) return unit - 0x30;
  const lower = unit | 32;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

function isOtherLetter(unit: number): boolean {
  const lower = unit | 32;
  return lower >= 0x67 && lower <= 0x7a;
}
