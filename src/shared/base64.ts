import { FormatError } from "./errors.js";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const INVALID = 0xff;
const VALUES = new Uint8Array(256).fill(INVALID);
for (let i = 0; i < 64; i++) VALUES[ALPHABET.charCodeAt(i)] = i;

/** Padded standard base64 (RFC 4648 section 4) of `bytes`. */
export function encodeBase64(bytes: Uint8Array): string {
  if (typeof Buffer !== "undefined") {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
  }
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const bits = (bytes[i] << 16) | ((left > 1 ? bytes[i + 1] : 0) << 8) | (left > 2 ? bytes[i + 2] : 0);
    text += ALPHABET[bits >> 18] + ALPHABET[(bits >> 12) & 63];
    text += (left > 1 ? ALPHABET[(bits >> 6) & 63] : "=") + (left > 2 ? ALPHABET[bits & 63] : "=");
  }
  return text;
}

/**
 * Decodes the padded standard base64 that starts at `start` in `text` and runs to its end. Strict: one byte string
 * has exactly one accepted spelling, so length, alphabet, padding and the unused bits are all checked.
 * @throws {FormatError} `M2M_BASE64_INVALID` with the offset in `text`.
 */
export function decodeBase64(text: string, start = 0): Uint8Array {
  const length = text.length - start;
  if (length % 4 !== 0) throw invalid(text.length, "its length is not a multiple of 4");
  if (length === 0) return new Uint8Array(0);
  const end = text.length;
  const padding = text.charCodeAt(end - 1) !== 61 ? 0 : text.charCodeAt(end - 2) !== 61 ? 1 : 2;
  const bytes = new Uint8Array((length / 4) * 3 - padding);
  const whole = end - (padding > 0 ? 4 : 0);
  let out = 0;
  for (let i = start; i < whole; i += 4) {
    const a = valueAt(text, i);
    const b = valueAt(text, i + 1);
    const c = valueAt(text, i + 2);
    const d = valueAt(text, i + 3);
    if ((a | b | c | d) & 0xc0) throw invalidCharacter(text, i);
    const bits = (a << 18) | (b << 12) | (c << 6) | d;
    bytes[out++] = bits >> 16;
    bytes[out++] = bits >> 8;
    bytes[out++] = bits;
  }
  if (padding > 0) {
    const a = valueAt(text, whole);
    const b = valueAt(text, whole + 1);
    const c = padding === 1 ? valueAt(text, whole + 2) : 0;
    if ((a | b | c) & 0xc0) throw invalidCharacter(text, whole);
    const unused = padding === 1 ? c & 0x03 : b & 0x0f;
    if (unused !== 0) throw invalid(whole, "the unused bits before the padding are not zero");
    bytes[out++] = (a << 2) | (b >> 4);
    if (padding === 1) bytes[out] = ((b & 15) << 4) | (c >> 2);
  }
  return bytes;
}

function valueAt(text: string, index: number): number {
  const unit = text.charCodeAt(index);
  return unit < 256 ? VALUES[unit] : INVALID;
}

function invalidCharacter(text: string, from: number): FormatError {
  let offset = from;
  while (valueAt(text, offset) !== INVALID) offset++;
  const what = text[offset] === "=" ? "padding in the middle" : "a character outside the alphabet";
  return invalid(offset, `there is ${what}`);
}

function invalid(offset: number, why: string): FormatError {
  return new FormatError("M2M_BASE64_INVALID", `The base64 is invalid at offset ${offset}: ${why}.`, {
    offset,
  });
}
