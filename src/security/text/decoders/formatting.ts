import { blankEntityEnd } from "../blank-entities.js";
import { MappedTextBuilder } from "../mapped-text.js";
import { isAsciiWord, isLetter } from "../units.js";
import type { Decoder } from "./decoder.js";

/** Around what is formatted word by word, this much of the text is read with it. */
const MARGIN = 128;
const MAX_SIGNS = 3;
const MAX_TAG_UNITS = 256;

/** The layer of `stripFormatting`: how a text is shown is no disguise. */
export const FORMATTING = "formatting";

/**
 * The words alone where they are formatted one by one: without the emphasis around them, and with blanks in place of tags
 * and of entities that are blanks.
 */
export const stripFormatting: Decoder = (text, { formatted }) => {
  if (formatted.length === 0) return [];
  const out = new MappedTextBuilder(text, 1024);
  let copied = 0;
  for (const range of formatted) {
    const from = Math.max(copied, range.start - MARGIN);
    const to = Math.min(text.length, range.end + MARGIN);
    if (from > copied && out.length > 0) out.put("\n", from - 1, from);
    copied = Math.max(copied, from);
    for (let i = copied; i < to;) {
      const next = formattingEnd(text, i);
      if (next > i) {
        out.copy(copied, i);
        const unit = text.charCodeAt(i);
        if (unit === 0x3c || unit === 0x26) out.putUnit(0x20, i, next);
        copied = next;
      }
      i = Math.max(next, i + 1);
    }
    out.copy(copied, to);
    copied = Math.max(copied, to);
  }
  return [{ ...out.finish(), layer: FORMATTING }];
};

/** Offset behind the formatting that begins at `at`, or `at`. */
function formattingEnd(text: string, at: number): number {
  switch (text.charCodeAt(at)) {
    case 0x3c:
      return tagEnd(text, at);
    case 0x26:
      return blankEntityEnd(text, at);
    case 0x2a:
    case 0x5f:
    case 0x60:
    case 0x7e:
      return emphasisEnd(text, at);
    default:
      return at;
  }
}

/** Behind the tag at `at`. No other one begins inside, so that no unit is looked at twice. */
function tagEnd(text: string, at: number): number {
  const name = text.charCodeAt(at + 1) === 0x2f ? at + 2 : at + 1;
  if (!isLetter(text.charCodeAt(name))) return at;
  for (let i = name + 1; i < at + MAX_TAG_UNITS && i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === 0x3c) return at;
    if (unit === 0x3e) return i + 1;
  }
  return at;
}

/** Behind up to three signs that open or close a word; between two letters they are part of one, or cut it. */
function emphasisEnd(text: string, at: number): number {
  const sign = text.charCodeAt(at);
  let end = at + 1;
  while (end - at <= MAX_SIGNS && text.charCodeAt(end) === sign) end++;
  if (end - at > MAX_SIGNS) return at;
  return isAsciiWord(text.charCodeAt(at - 1)) && isAsciiWord(text.charCodeAt(end)) ? at : end;
}
