import type { Evidence } from "../evidence.js";
import type { MappedText } from "../mapped-text.js";
import { isLetter } from "../units.js";

/** A text that a disguise hid, and what hid it. */
export interface Decoded extends MappedText {
  readonly layer: string;
}

/** Finds what one family of disguises hides in `text`; time is linear in its length. */
export type Decoder = (text: string, evidence: Evidence) => Decoded[];

/** Letters and spaces that a decoded text must have: less than this share is data, not language. */
const MIN_READABLE_SHARE = 0.6;
const MIN_LENGTH = 6;

/** Whether `text` could be language or code, as against bytes that happen to decode. */
export function isReadable(text: string): boolean {
  if (text.length < MIN_LENGTH) return false;
  let readable = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x20 && unit !== 0x0a && unit !== 0x0d && unit !== 0x09) return false;
    if (isLetter(unit) || unit === 0x20 || unit === 0x0a || unit > 0xa0) readable++;
  }
  return readable >= text.length * MIN_READABLE_SHARE;
}

/** The decoded text as a whole stands for the range of the source. */
export function wholeRange(text: string, layer: string, start: number, end: number): Decoded {
  const { length } = text;
  const scale = length === 0 ? 0 : (end - start) / length;
  return {
    text,
    layer,
    toSource(from, to) {
      const first = Math.min(Math.max(from, 0), length);
      const last = Math.min(Math.max(to, first), length);
      return { start: start + Math.floor(first * scale), end: start + Math.ceil(last * scale) };
    },
  };
}
