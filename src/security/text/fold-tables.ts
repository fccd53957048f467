import { lazily } from "../../shared/lazy.js";

/** What folding does with a UTF-16 unit. */
export const UNIT = Object.freeze({
  COPY: 0,
  /** Removed: it shows nothing. */
  INVISIBLE: 1,
  /** Removed: it changes the order in which text is shown. */
  BIDI: 2,
  /** A combining mark. */
  MARK: 3,
  /** A variation selector. */
  SELECTOR: 4,
  /** A compatibility form of an ASCII letter, digit or sign. */
  COMPATIBLE: 5,
  /** A typographic quotation mark, dash or space; common in honest text. */
  TYPOGRAPHIC: 6,
  /** The first half of a surrogate pair. */
  HIGH_SURROGATE: 7,
});

/** Units that show nothing: Unicode's Default_Ignorable_Code_Point without selectors, tags and bidi controls. */
const INVISIBLE_RANGES = [
  [0x00ad, 0x00ad],
  [0x034f, 0x034f],
  [0x115f, 0x1160],
  [0x17b4, 0x17b5],
  [0x180e, 0x180e],
  [0x200b, 0x200d],
  [0x2060, 0x2065],
  [0x206a, 0x206f],
  [0x3164, 0x3164],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
] as const;

const BIDI_RANGES = [
  [0x061c, 0x061c],
  [0x200e, 0x200f],
  [0x202a, 0x202e],
  [0x2066, 0x2069],
] as const;

const MARK_RANGES = [
  [0x0300, 0x034e],
  [0x0350, 0x036f],
  [0x0483, 0x0489],
  [0x1ab0, 0x1aff],
  [0x1dc0, 0x1dff],
  [0x20d0, 0x20ff],
  [0xfe20, 0xfe2f],
] as const;

/** Blocks whose characters may be compatibility forms of ASCII (Unicode 16, UAX 15). */
const COMPATIBLE_RANGES = [
  [0x00aa, 0x00aa],
  [0x00ba, 0x00ba],
  [0x02b0, 0x02b8],
  [0x02e0, 0x02e4],
  [0x1d2c, 0x1d6a],
  [0x1d9c, 0x1dbf],
  [0x2070, 0x209c],
  [0x2100, 0x214f],
  [0x2460, 0x24ff],
  [0xfb00, 0xfb06],
  [0xff01, 0xff5e],
] as const;

const TYPOGRAPHIC: Readonly<Record<string, string>> = {
  "‘’‚‛′ʼ": "'",
  "“”„‟″«»": '"',
  "‐‑‒–—―−": "-",
  "\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000": " ",
  "…": "...",
};

/** Blocks beyond the basic plane: mathematical letters and digits, enclosed letters, segmented digits. */
const ASTRAL_RANGES = [
  [0x1d400, 0x1d7ff],
  [0x1f100, 0x1f189],
  [0x1fbf0, 0x1fbf9],
] as const;

export interface FoldTables {
  /** What to do with each unit, of `UNIT`. */
  readonly kinds: Uint8Array;
  /** ASCII text of a unit or code point that is COMPATIBLE or TYPOGRAPHIC, or of an astral one. */
  readonly ascii: ReadonlyMap<number, string>;
}

/** Made at the first text that is not ASCII. */
export const foldTables = lazily((): FoldTables => {
  const kinds = new Uint8Array(0x10000);
  const ascii = new Map<number, string>();
  fill(kinds, INVISIBLE_RANGES, UNIT.INVISIBLE);
  fill(kinds, BIDI_RANGES, UNIT.BIDI);
  fill(kinds, MARK_RANGES, UNIT.MARK);
  kinds.fill(UNIT.SELECTOR, 0xfe00, 0xfe10);
  kinds.fill(UNIT.HIGH_SURROGATE, 0xd800, 0xdc00);
  for (const [from, to] of [...COMPATIBLE_RANGES, ...ASTRAL_RANGES]) {
    for (let code = from; code <= to; code++) {
      const folded = toAscii(code);
      if (folded === undefined) continue;
      ascii.set(code, folded);
      if (code > 0xffff) continue;
      // Full-width punctuation is how Chinese and Japanese write: only letters and digits are a disguise.
      kinds[code] = /[a-z0-9]/iu.test(folded) ? UNIT.COMPATIBLE : UNIT.TYPOGRAPHIC;
    }
  }
  for (const [characters, folded] of Object.entries(TYPOGRAPHIC)) {
    for (const character of characters) {
      kinds[character.charCodeAt(0)] = UNIT.TYPOGRAPHIC;
      ascii.set(character.charCodeAt(0), folded);
    }
  }
  return { kinds, ascii };
});

/** The ASCII that a code point stands for, if it does. */
function toAscii(code: number): string | undefined {
  const boxed = boxedLetter(code);
  if (boxed !== undefined) return boxed;
  const folded = String.fromCodePoint(code).normalize("NFKC");
  return /^[\x21-\x7e]{1,6}$/u.test(folded) ? folded : undefined;
}

/** Letters in circles and squares without a compatibility mapping: U+1F150, U+1F170. */
function boxedLetter(code: number): string | undefined {
  for (const first of [0x1f150, 0x1f170]) {
    if (code >= first && code < first + 26) return String.fromCharCode(0x41 + code - first);
  }
  return undefined;
}

function fill(kinds: Uint8Array, ranges: readonly (readonly [number, number])[], kind: number): void {
  for (const [from, to] of ranges) kinds.fill(kind, from, to + 1);
}
