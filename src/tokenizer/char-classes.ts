import { UNICODE_CLASS_RUNS } from "./unicode-classes.gen.js";

/**
 * Character classes the pre-tokenizers tell apart. They partition the code points; letters are `>= UPPER`.
 * The numbers index bit sets such as `(1 << kind) & UPPER_RUN`.
 */
export const OTHER = 0;
/** White_Space other than CR and LF. */
export const SPACE = 1;
/** CR or LF. */
export const NEWLINE = 2;
/** General category N. */
export const NUMBER = 3;
/** General category M. */
export const MARK = 4;
/** Lu or Lt. */
export const UPPER = 5;
/** Ll. */
export const LOWER = 6;
/** Lm or Lo: letters without case. */
export const CASELESS = 7;
/** Only in the byte table: a byte of a character beyond ASCII. */
export const MULTIBYTE = 8;

const LETTERS = "OWRNMULB";
/** Code points from here on are OTHER, but for the variation selectors. */
const TABLE_SIZE = 0x32400;
const SELECTORS_FIRST = 0xe0100;
const SELECTORS_LAST = 0xe01ef;

export interface CharClasses {
  /** Class of each byte that is a character by itself; `MULTIBYTE` for 0x80 to 0xff. */
  readonly ofByte: Uint8Array;
  /** Class of each code point below the table's size. */
  readonly ofCodePoint: Uint8Array;
}

/** Expands the class table (205 KB, about 0.1 ms). */
export function makeCharClasses(): CharClasses {
  const ofCodePoint = new Uint8Array(TABLE_SIZE);
  const runs = UNICODE_CLASS_RUNS;
  let codePoint = 0;
  for (let i = 0; i < runs.length && codePoint < TABLE_SIZE;) {
    const kind = LETTERS.indexOf(runs[i++]);
    let length = 0;
    for (; i < runs.length; i++) {
      const unit = runs.charCodeAt(i);
      if (unit >= 65 && unit <= 90) break;
      length = length * 36 + (unit >= 97 ? unit - 87 : unit - 48);
    }
    if (kind !== OTHER) ofCodePoint.fill(kind, codePoint, codePoint + length);
    codePoint += length;
  }
  const ofByte = new Uint8Array(256).fill(MULTIBYTE);
  ofByte.set(ofCodePoint.subarray(0, 128));
  return { ofByte, ofCodePoint };
}

/** Bytes of the UTF-8 sequence whose first byte is `lead`. */
export function sequenceLength(lead: number): number {
  return lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/** Class of the character beyond ASCII that starts at `at` of well-formed UTF-8. */
export function classAt(bytes: Uint8Array, at: number, ofCodePoint: Uint8Array): number {
  const lead = bytes[at];
  if (lead < 0xe0) return ofCodePoint[((lead & 31) << 6) | (bytes[at + 1] & 63)];
  if (lead < 0xf0) {
    return ofCodePoint[((lead & 15) << 12) | ((bytes[at + 1] & 63) << 6) | (bytes[at + 2] & 63)];
  }
  const codePoint =
    ((lead & 7) << 18) | ((bytes[at + 1] & 63) << 12) | ((bytes[at + 2] & 63) << 6) | (bytes[at + 3] & 63);
  if (codePoint < TABLE_SIZE) return ofCodePoint[codePoint];
  return codePoint >= SELECTORS_FIRST && codePoint <= SELECTORS_LAST ? MARK : OTHER;
}
