import { foldTables, UNIT, type FoldTables } from "./fold-tables.js";
import { foldHomoglyphs } from "./homoglyphs.js";
import { flatText, isAsciiWord } from "./units.js";
import { clampRange, MappedTextBuilder, type MappedText } from "./mapped-text.js";

export interface Folded extends MappedText {
  /** What was undone that honest text does not do. */
  readonly layers: readonly string[];
}

const NOT_ASCII = /[^\x00-\x7f]/u;

/** Marks that languages put on letters, two at a time at most; overlays and piles of others are decoration. */
const MAX_MARKS = 2;
const OVERLAY_FROM = 0x0334;
const OVERLAY_TO = 0x0338;

const TAG_FROM = 0xe0000;
const TAG_TO = 0xe007f;

/** Whether folding leaves `text` as it is without looking closer. */
export function isAscii(text: string): boolean {
  return !NOT_ASCII.test(text);
}

/**
 * `text` with ASCII in place of what only looks like it: no invisible characters, no bidi controls, no piled marks,
 * compatibility forms, look-alikes and typographic signs as ASCII. Folding twice changes nothing more.
 */
export function foldText(source: string): Folded {
  const text = flatText(source);
  if (isAscii(text))
    return { text, layers: [], toSource: (start, end) => clampRange(text.length, start, end) };
  const layers = new Set<string>();
  const stripped = stripAndMap(text, foldTables(), layers);
  const folded = foldHomoglyphs(stripped.text);
  if (!folded) return { ...stripped, layers: [...layers] };
  layers.add("homoglyph");
  return {
    text: folded.text,
    layers: [...layers],
    toSource(start, end) {
      const range = folded.toSource(start, end);
      return stripped.toSource(range.start, range.end);
    },
  };
}

function stripAndMap(text: string, { kinds, ascii }: FoldTables, layers: Set<string>): MappedText {
  const out = new MappedTextBuilder(text);
  let copied = 0;
  let i = 0;
  const skip = (to: number): void => {
    out.copy(copied, i);
    copied = i = to;
  };
  while (i < text.length) {
    const unit = text.charCodeAt(i);
    switch (kinds[unit]) {
      case UNIT.COPY:
        i++;
        break;
      case UNIT.INVISIBLE:
        if (isAsciiWord(text.charCodeAt(i - 1))) layers.add("zero-width");
        skip(i + 1);
        break;
      case UNIT.BIDI:
        if (unit >= 0x202a) layers.add("bidi");
        skip(i + 1);
        break;
      case UNIT.MARK: {
        const end = markRunEnd(text, i, kinds);
        if (end > 0) {
          layers.add("combining");
          skip(end);
        } else i++;
        break;
      }
      case UNIT.SELECTOR: {
        let end = i + 1;
        while (kinds[text.charCodeAt(end)] === UNIT.SELECTOR) end++;
        // One selector behind a sign chooses how it is shown; more carry something else.
        if (end - i > 1) skip(end);
        else i = end;
        break;
      }
      case UNIT.COMPATIBLE:
      case UNIT.TYPOGRAPHIC: {
        if (kinds[unit] === UNIT.COMPATIBLE) layers.add("compatibility");
        const at = i;
        skip(i + 1);
        out.put(ascii.get(unit)!, at, i);
        break;
      }
      default:
        i = foldAstral(i);
    }
  }
  out.copy(copied, text.length);
  return out.finish();

  function foldAstral(at: number): number {
    const code = text.codePointAt(at)!;
    if (code <= 0xffff) return at + 1;
    if ((code >= TAG_FROM && code <= TAG_TO) || (code >= 0xe0100 && code <= 0xe01ef)) {
      skip(at + 2);
      return i;
    }
    const folded = ascii.get(code);
    if (folded === undefined) return at + 2;
    layers.add("compatibility");
    skip(at + 2);
    out.put(folded, at, at + 2);
    return i;
  }
}

/** Where the run of marks at `at` ends if it is no honest one, else 0. */
function markRunEnd(text: string, at: number, kinds: Uint8Array): number {
  let marks = 0;
  let overlay = false;
  let end = at;
  for (; end < text.length; end++) {
    const unit = text.charCodeAt(end);
    const kind = kinds[unit];
    if (kind === UNIT.MARK) {
      marks++;
      overlay ||= (unit >= OVERLAY_FROM && unit <= OVERLAY_TO) || (unit >= 0x20d0 && unit <= 0x20ff);
    } else if (kind !== UNIT.INVISIBLE && kind !== UNIT.BIDI) break;
  }
  // U+20E3 makes a keycap of a digit.
  if (marks === 1 && text.charCodeAt(at) === 0x20e3) return 0;
  return marks > MAX_MARKS || overlay ? end : 0;
}
