import { findInvalidUtf8, tryDecodeUtf8 } from "../../../shared/utf8.js";
import { MIN_ENCODED_RUN } from "../evidence.js";
import { decodeBase32 } from "./base32.js";
import { isReadable, wholeRange, type Decoded, type Decoder } from "./decoder.js";

const VALUES = new Uint8Array(128).fill(0xff);
"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
  .split("")
  .forEach((character, value) => (VALUES[character.charCodeAt(0)] = value));
// base64url (RFC 4648 section 5).
VALUES[0x2d] = 62;
VALUES[0x5f] = 63;

/** Characters that are decoded before the rest is: 18 bytes tell language from an image. */
const PROBE = 24;
/** Lines of mail and of `base64` are 60 to 76 characters long. */
const MIN_WRAPPED_LINE = 60;
/** What was encoded apart begins anew behind it. */
const PADDING = 0x3d;

/** Runs of base64, base64url and base32 that decode to text, wrapped over lines or not. */
export const decodeBase64Runs: Decoder = (text, evidence) => {
  const { start: from, end: to } = evidence.encoded;
  const found: Decoded[] = [];
  if (from === to) return found;
  const probe = new Uint8Array(byteCount(PROBE));
  let i = from;
  while (i < to) {
    if (!isEncoded(text.charCodeAt(i))) {
      i++;
      continue;
    }
    const start = i;
    i = encodedRunEnd(text, i);
    if (i - start < MIN_ENCODED_RUN) continue;
    const decoded = decodeRun(text, start, i, probe) ?? decodeBase32(text, start, i);
    if (decoded) found.push(decoded);
  }
  return found;
};

/**
 * A path or a name may stand directly before the data, so every alignment is tried.
 * @param probe room for the first bytes
 */
function decodeRun(text: string, start: number, end: number, probe: Uint8Array): Decoded | undefined {
  for (let shift = 0; shift < 4; shift++) {
    const from = start + shift;
    if (!looksPrintable(decodeBytes(text, from, Math.min(end, from + PROBE), probe))) continue;
    const bytes = decodeBytes(text, from, end, new Uint8Array(byteCount(end - from)));
    const content = isUtf16(bytes) ? dropZeros(bytes) : bytes;
    const decoded = tryDecodeUtf8(content) ?? printablePrefix(content);
    if (decoded !== undefined && isReadable(decoded)) return wholeRange(decoded, "base64", from, end);
  }
  return undefined;
}

/** The text that the base64 from `start` to `end` holds, whatever stands between. */
export function decodeBase64(text: string, start: number, end: number): Decoded | undefined {
  return decodeRun(text, start, end, new Uint8Array(byteCount(PROBE)));
}

function byteCount(characters: number): number {
  return Math.ceil((characters * 3) / 4);
}

/** Decodes into `bytes`; returns the part of them that was filled. */
function decodeBytes(text: string, from: number, to: number, bytes: Uint8Array): Uint8Array {
  let length = 0;
  let bits = 0;
  let held = 0;
  for (let i = from; i < to; i++) {
    const unit = text.charCodeAt(i);
    if (!isEncoded(unit)) {
      if (unit === PADDING) held = 0;
      continue;
    }
    bits = ((bits << 6) | VALUES[unit]) & 0xffffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[length++] = bits >> held;
    }
  }
  return bytes.subarray(0, length);
}

function looksPrintable(bytes: Uint8Array): boolean {
  if (bytes.length < 10) return false;
  let zeros = 0;
  let odd = 0;
  for (const byte of bytes) {
    if (byte === 0) zeros++;
    else if (byte < 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return false;
    else if (byte >= 0x7f) odd++;
  }
  // Most runs are no text, and an error of the platform's decoder for each would cost more than all the rest.
  return zeros === 0 ? odd === 0 || findInvalidUtf8(trimmed(bytes)) === -1 : isUtf16(bytes);
}

/** `bytes` without a sequence that its end cuts. */
function trimmed(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back];
    if (byte < 0x80) break;
    if (byte >= 0xc0) {
      end = bytes.length - back;
      break;
    }
  }
  return bytes.subarray(0, end);
}

/** UTF-16LE of ASCII, as PowerShell takes commands. */
function isUtf16(bytes: Uint8Array): boolean {
  if (bytes.length < 8) return false;
  for (let i = 1; i < bytes.length; i += 2) if (bytes[i] !== 0) return false;
  return bytes[0] !== 0;
}

function dropZeros(bytes: Uint8Array): Uint8Array {
  return bytes.filter((byte) => byte !== 0);
}

/** What is ASCII before the first byte that is not: text may be followed by bytes that hide it. */
function printablePrefix(bytes: Uint8Array): string | undefined {
  let end = 0;
  while (end < bytes.length && bytes[end] < 0x7f && (bytes[end] >= 0x20 || bytes[end] === 0x0a)) end++;
  return end < MIN_ENCODED_RUN ? undefined : tryDecodeUtf8(bytes.subarray(0, end));
}

export function isEncoded(unit: number): boolean {
  return unit < 128 && VALUES[unit] !== 0xff;
}

/** Behind the run of base64 that begins at `at`, wrapped over lines or not. */
export function encodedRunEnd(text: string, at: number): number {
  for (let lineStart = at; ;) {
    while (isEncoded(text.charCodeAt(at))) at++;
    const next = wrappedLineEnd(text, at);
    if (next === 0 || at - lineStart < MIN_WRAPPED_LINE || !isEncoded(text.charCodeAt(next))) return at;
    lineStart = at = next;
  }
}

/** Offset behind the line break at `at` and the indentation behind it, or 0. */
function wrappedLineEnd(text: string, at: number): number {
  let end = at;
  if (text.charCodeAt(end) === 0x0d) end++;
  if (text.charCodeAt(end) !== 0x0a) return 0;
  end++;
  for (let spaces = 0; spaces < 8 && text.charCodeAt(end) === 0x20; spaces++) end++;
  return end;
}
