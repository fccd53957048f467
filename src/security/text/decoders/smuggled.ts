import { tryDecodeUtf8 } from "../../../shared/utf8.js";
import { MappedTextBuilder } from "../mapped-text.js";
import { isReadable, wholeRange, type Decoded } from "./decoder.js";

const TAG_BASE = 0xe0000;
/** High surrogate of U+E0000 to U+E03FF: tags and the further variation selectors. */
const HIDDEN_PLANE = "\u{db40}";
/** Below this, tags are the region of a flag emoji. */
const MIN_TAGS = 8;
const MIN_SELECTORS = 6;
/** Bits that two invisible characters may spell: four letters. */
const MIN_BITS = 32;

/** Text in characters that show nothing: Unicode tags, variation selectors, zero-width bits. Reads the text unfolded. */
export function decodeSmuggled(text: string): Decoded[] {
  const found: Decoded[] = [];
  if (text.includes(HIDDEN_PLANE)) found.push(...decodeTags(text));
  if (/[\ufe00-\ufe0f]/u.test(text) || text.includes(HIDDEN_PLANE)) found.push(...decodeSelectors(text));
  if (/[\u200b\u200c]/u.test(text)) found.push(...decodeBits(text));
  return found;
}

/** U+E0020 to U+E007E are ASCII, shifted (Unicode 16, section 23.9). */
function decodeTags(text: string): Decoded[] {
  const out = new MappedTextBuilder(text, 256);
  for (let i = text.indexOf(HIDDEN_PLANE); i !== -1; i = text.indexOf(HIDDEN_PLANE, i + 1)) {
    const code = text.codePointAt(i)! - TAG_BASE;
    if (code >= 0x20 && code <= 0x7e) out.putUnit(code, i, i + 2);
  }
  return out.length < MIN_TAGS ? [] : [{ ...out.finish(), layer: "tags" }];
}

/** A byte a selector: VS1 to VS16 are 0 to 15, VS17 to VS256 the rest. */
function decodeSelectors(text: string): Decoded[] {
  const found: Decoded[] = [];
  let bytes: number[] = [];
  let start = 0;
  for (let i = 0; i <= text.length;) {
    const code = i < text.length ? text.codePointAt(i)! : 0;
    const byte =
      code >= 0xfe00 && code <= 0xfe0f
        ? code - 0xfe00
        : code >= 0xe0100 && code <= 0xe01ef
          ? code - 0xe0100 + 16
          : -1;
    if (byte >= 0) {
      if (bytes.length === 0) start = i;
      bytes.push(byte);
    } else if (bytes.length > 0) {
      const decoded = bytes.length < MIN_SELECTORS ? undefined : tryDecodeUtf8(Uint8Array.from(bytes));
      if (decoded !== undefined && isReadable(decoded)) {
        found.push(wholeRange(decoded, "variation-selectors", start, i));
      }
      bytes = [];
    }
    i += code > 0xffff ? 2 : 1;
  }
  return found;
}

/** U+200B and U+200C as bits, either way round; other characters between them are skipped. */
function decodeBits(text: string): Decoded[] {
  const bits: number[] = [];
  let start = -1;
  let end = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit !== 0x200b && unit !== 0x200c) continue;
    if (start < 0) start = i;
    end = i + 1;
    bits.push(unit - 0x200b);
  }
  if (bits.length < MIN_BITS) return [];
  for (const one of [1, 0]) {
    const bytes = new Uint8Array(bits.length >> 3);
    for (let i = 0; i < bytes.length * 8; i++) {
      bytes[i >> 3] = (bytes[i >> 3] << 1) | (bits[i] === one ? 1 : 0);
    }
    const decoded = tryDecodeUtf8(bytes);
    if (decoded !== undefined && isReadable(decoded))
      return [wholeRange(decoded, "zero-width-bits", start, end)];
  }
  return [];
}
