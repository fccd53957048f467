import { tryDecodeUtf8 } from "../../../shared/utf8.js";
import { isReadable, wholeRange, type Decoded } from "./decoder.js";

/** Ten bytes of text; what is shorter may be a word. */
const MIN_RUN = 16;

/** Base32 (RFC 4648 section 6), in capitals or small letters throughout. */
export function decodeBase32(text: string, start: number, end: number): Decoded | undefined {
  if (end - start < MIN_RUN) return undefined;
  const caseBit = text.charCodeAt(start) >= 0x61 || text.charCodeAt(start + 1) >= 0x61 ? 32 : 0;
  const bytes = new Uint8Array(((end - start) * 5) >> 3);
  let length = 0;
  let bits = 0;
  let held = 0;
  for (let i = start; i < end; i++) {
    const value = valueOf(text.charCodeAt(i), caseBit);
    if (value < 0) return undefined;
    bits = ((bits << 5) | value) & 0xfff;
    held += 5;
    if (held < 8) continue;
    held -= 8;
    const byte = (bits >> held) & 0xff;
    // Most runs are words and names, which decode to bytes that no text has.
    if (byte < 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return undefined;
    bytes[length++] = byte;
  }
  const decoded = tryDecodeUtf8(bytes);
  return decoded !== undefined && isReadable(decoded) ? wholeRange(decoded, "base32", start, end) : undefined;
}

function valueOf(unit: number, caseBit: number): number {
  if (unit >= 0x32 && unit <= 0x37) return unit - 0x32 + 26;
  const letter = unit - 0x41 - caseBit;
  return letter >= 0 && letter < 26 ? letter : -1;
}
