import { MappedTextBuilder } from "../mapped-text.js";
import { EMPTY_HASH, hashStep, isWordHash } from "../vocabulary.js";
import type { Decoder } from "./decoder.js";
import { isLetter } from "../units.js";

/** Letters of known words that joining has to give: honest markup stands around words, and inside of few. */
const MIN_JOINED_LETTERS = 6;
/** Signs of emphasis in a row, and all markup in one place. */
const MAX_SIGNS = 3;
const MAX_MARKUP_UNITS = 256;
/** Tags that do not end a word; those of blocks do. */
const INLINE_TAGS = new Set(
  "a abbr b bdi bdo big code del em font i ins kbd mark q s samp small span strike strong sub sup tt u var wbr".split(
    " ",
  ),
);

/** Words with emphasis, tags, comments or hyphenation inside: `ig**no**re`, `ig<b>no</b>re`, `ig<!-- -->nore`. */
export const joinCutWords: Decoder = (text, { cuts }) => {
  if (cuts === 0) return [];
  const out = new MappedTextBuilder(text);
  const { length } = text;
  let copied = 0;
  let known = 0;
  for (let i = 0; i < length;) {
    if (!isLetter(text.charCodeAt(i))) {
      i++;
      continue;
    }
    let hash = EMPTY_HASH;
    let letters = 0;
    let isCut = false;
    for (;;) {
      for (let unit; isLetter((unit = text.charCodeAt(i))); i++) {
        hash = hashStep(hash, unit | 32);
        letters++;
      }
      const next = markupEnd(text, i);
      if (next === i || !isLetter(text.charCodeAt(next))) break;
      out.copy(copied, i);
      copied = i = next;
      isCut = true;
    }
    if (isCut && isWordHash(hash)) known += letters;
  }
  if (known < MIN_JOINED_LETTERS) return [];
  out.copy(copied, length);
  return [{ ...out.finish(), layer: "markup" }];
};

/** Offset behind all markup that begins at `at`, or `at`. */
function markupEnd(text: string, at: number): number {
  let end = at;
  while (end - at < MAX_MARKUP_UNITS) {
    const unit = text.charCodeAt(end);
    const next = unit === 0x3c ? tagEnd(text, end) : signsEnd(text, end, unit);
    if (next === end) break;
    end = next;
  }
  return end;
}

/**
 * Behind up to three asterisks, tildes or backticks, two or three underscores (one alone is part of a name), or a hyphen
 * or the sign of a soft line break (RFC 2045 section 6.7) at the end of a line.
 */
function signsEnd(text: string, at: number, sign: number): number {
  if (sign === 0x2d || sign === 0x3d) {
    const lineEnd = text.charCodeAt(at + 1) === 0x0d ? at + 2 : at + 1;
    return text.charCodeAt(lineEnd) === 0x0a ? lineEnd + 1 : at;
  }
  if (sign !== 0x2a && sign !== 0x7e && sign !== 0x60 && sign !== 0x5f) return at;
  let end = at + 1;
  while (end - at < MAX_SIGNS && text.charCodeAt(end) === sign) end++;
  return sign === 0x5f && end - at === 1 ? at : end;
}

/** Behind the inline tag or the comment at `at`. No other one begins inside, so that no unit is looked at twice. */
function tagEnd(text: string, at: number): number {
  const isComment = text.startsWith("!--", at + 1);
  let i = at + (text.charCodeAt(at + 1) === 0x2f ? 2 : 1);
  const nameStart = i;
  if (!isComment) {
    while (isLetter(text.charCodeAt(i))) i++;
    if (i === nameStart || !INLINE_TAGS.has(text.slice(nameStart, Math.min(i, at + 16)).toLowerCase()))
      return at;
  }
  for (i = Math.max(i, at + 1); i < at + MAX_MARKUP_UNITS && i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === 0x3c) return at;
    if (unit === 0x3e && (!isComment || text.startsWith("--", i - 2))) return i + 1;
  }
  return at;
}
