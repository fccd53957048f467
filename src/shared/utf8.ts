import { FormatError, LimitError } from "./errors.js";

const encoder = new TextEncoder();
// ignoreBOM keeps a leading U+FEFF, which is content here.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * The UTF-8 bytes of `text`.
 * @throws {FormatError} `M2M_TEXT_LONE_SURROGATE` if `text` holds a lone surrogate: it has no UTF-8 form, and a
 *   replacement character would silently change the content.
 */
export function encodeUtf8(text: string): Uint8Array {
  if (!text.isWellFormed()) {
    const offset = findLoneSurrogate(text);
    throw new FormatError("M2M_TEXT_LONE_SURROGATE", `The text holds a lone surrogate at offset ${offset}.`, {
      offset,
      hint: "Pass the content as bytes, or replace the surrogate before compressing.",
    });
  }
  return encoder.encode(text);
}

/**
 * The text of UTF-8 `bytes`; a byte order mark is kept.
 * @throws {FormatError} `M2M_UTF8_INVALID` with the byte offset of the first ill-formed sequence.
 * @throws {LimitError} `M2M_OUTPUT_TOO_LARGE` if the platform has no string that long.
 */
export function decodeUtf8(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    const offset = findInvalidUtf8(bytes);
    if (offset === -1) {
      const message = `A text of ${bytes.length} bytes is longer than a string can be here.`;
      throw new LimitError("M2M_OUTPUT_TOO_LARGE", message, { cause, hint: "Use the bytes instead." });
    }
    throw new FormatError("M2M_UTF8_INVALID", `The bytes are not valid UTF-8 at offset ${offset}.`, {
      offset,
    });
  }
}

/** The text of UTF-8 `bytes`, or `undefined` if they are ill-formed. */
export function tryDecodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return decoder.decode(bytes);
  } catch {
    return undefined;
  }
}

/** Byte offset of the first ill-formed sequence (Unicode 16, table 3-7), or -1. */
export function findInvalidUtf8(bytes: Uint8Array): number {
  const length = bytes.length;
  let i = 0;
  while (i < length) {
    const lead = bytes[i];
    if (lead < 0x80) {
      i++;
      continue;
    }
    let size: number;
    let low = 0x80;
    let high = 0xbf;
    if (lead >= 0xc2 && lead <= 0xdf) size = 2;
    else if (lead >= 0xe0 && lead <= 0xef) {
      size = 3;
      if (lead === 0xe0) low = 0xa0;
      if (lead === 0xed) high = 0x9f;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
      size = 4;
      if (lead === 0xf0) low = 0x90;
      if (lead === 0xf4) high = 0x8f;
    } else return i;
    if (i + size > length) return i;
    if (bytes[i + 1] < low || bytes[i + 1] > high) return i;
    for (let k = 2; k < size; k++) if ((bytes[i + k] & 0xc0) !== 0x80) return i;
    i += size;
  }
  return -1;
}

function findLoneSurrogate(text: string): number {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0xd800 || unit > 0xdfff) continue;
    const next = text.charCodeAt(i + 1);
    if (unit < 0xdc00 && next >= 0xdc00 && next <= 0xdfff) i++;
    else return i;
  }
  return -1;
}

/** Bytes of `text` in UTF-8; a lone surrogate counts as its replacement, three bytes. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    // A surrogate pair is two units and four bytes: two more than its units, one more for each.
    const paired =
      (unit & 0xfc00) === 0xd800
        ? (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00
        : (unit & 0xfc00) === 0xdc00 && i > 0 && (text.charCodeAt(i - 1) & 0xfc00) === 0xd800;
    bytes += unit < 0x800 || paired ? 1 : 2;
  }
  return bytes;
}
