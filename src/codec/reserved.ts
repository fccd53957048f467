import { assertContent } from "../shared/content.js";
import { RAW_OPENING_COUNT } from "./tk/index.js";

/**
 * Openings that a text wire of this or a later version may have (docs/spec/none.md). Content that begins with one, or
 * with a first byte of the raw `token-native` or `dictionary` form, is never passed through as `none`: the reader would take it for a wire.
 */
const RESERVED_OPENING = /^#(?:TK\||T\d\||M2M[|[])/u;

/** First bytes of the binary form of `dictionary`, now or later: b0 to bf. */
const DICTIONARY_MASK = 0xf0;
const DICTIONARY_OPENING = 0xb0;

/** The reserved opening of `content`, as a person would spell it, or `undefined`. @throws {InputError} `M2M_USAGE` */
export function findReservedOpening(content: string | Uint8Array): string | undefined {
  assertContent("Content", content);
  const head = headOf(content, 5);
  const first = head.charCodeAt(0);
  if (first < RAW_OPENING_COUNT) return `0x0${first}`;
  // Of a text this is a letter of Latin-1, whose UTF-8 begins with another byte.
  if (typeof content !== "string" && (first & DICTIONARY_MASK) === DICTIONARY_OPENING) {
    return `0x${first.toString(16)}`;
  }
  return RESERVED_OPENING.exec(head)?.[0];
}

/** The first `length` units, bytes as one unit each. */
export function headOf(content: string | Uint8Array, length: number): string {
  return typeof content === "string"
    ? content.slice(0, length)
    : String.fromCharCode(...content.subarray(0, length));
}
