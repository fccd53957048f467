/** What a file holds as a text: UTF-16, as Windows writes it, is read as its editors read it; what is no text is told apart. */
import { isUtf8 } from "node:buffer";
import { CodecEngine, findReservedOpening } from "../codec/index.js";
import { M2MError } from "../shared/errors.js";
import { encodeUtf8 } from "../shared/utf8.js";

/** Git looks as far for null bytes. */
const SNIFF_BYTES = 8000;
/**
 * A file with more null bytes than this is no text, nor is UTF-16, or what is neither UTF-8 nor UTF-16, with more control characters.
 * Of compressed data they are a tenth.
 */
const MAX_STRANGE_SHARE = 0.02;
/** Without a mark it is UTF-16 if so many of the bytes at even, or at odd places are null, and hardly any of the others. */
const MIN_HIGH_NULLS = 0.4;
/** A wire is scanned although it is binary. */
const WIRE = /^#(?:TK|T1|M2M)[|[]/;
/** A control character that stands in no text: texts have blanks, ends of lines and pages, and those by which terminals underline and colour. */
const isStrange = (byte: number): boolean => byte < 0x20 && (byte < 8 || byte > 13) && byte !== 0x1b;
/** Words in bytes of one unit each, of which UTF-16 has none: whoever put them there means them to be read so. */
const WORDS_IN_BYTES = /[\x20-\x7e]{24}/;

/** The bytes to scan for those of a file: UTF-8 in place of UTF-16, else the same; `undefined` if it is no text. */
export function textBytes(content: Uint8Array): Uint8Array | undefined {
  const order = utf16Order(content);
  if (order === undefined) return isBinary(content) ? undefined : content;
  return WORDS_IN_BYTES.test(latin1(content)) ? content : encodeUtf8(decodeUtf16(content, order));
}

/** The bytes to scan for those of a file that somebody names, text or not. */
export function namedBytes(content: Uint8Array): Uint8Array {
  return textBytes(content) ?? content;
}

type ByteOrder = "little" | "big";

/** Without the mark; what cannot be read is replaced. */
function decodeUtf16(content: Uint8Array, order: ByteOrder): string {
  // What is odd at the end is half a unit.
  const units = Buffer.from(content.subarray(0, content.length & ~1));
  const text = (order === "big" ? units.swap16() : units).toString("utf16le");
  return text.replace(/^\ufeff/u, "").toWellFormed();
}

function utf16Order(content: Uint8Array): ByteOrder | undefined {
  const mark = content.length < 2 ? 0 : (content[0] << 8) | content[1];
  if (mark === 0xfffe) return "little";
  if (mark === 0xfeff) return "big";
  const head = content.subarray(0, SNIFF_BYTES);
  const nulls = [0, 0];
  for (let i = 0; i < head.length; i++) if (head[i] === 0) nulls[i & 1]++;
  const [even, odd] = nulls.map((count) => (2 * count) / head.length);
  const order = odd > even ? "little" : "big";
  if (Math.max(even, odd) < MIN_HIGH_NULLS || Math.min(even, odd) > MAX_STRANGE_SHARE) return undefined;
  // Tables of small numbers look the same, but for what the numbers are as characters.
  const text = decodeUtf16(head, order);
  const strange = text.match(/[^\P{Cc}\t\n\f\r]/gu)?.length ?? 0;
  return strange <= text.length * MAX_STRANGE_SHARE ? order : undefined;
}

/** One strange byte is no reason to pass a text over: whoever wrote it may have put it there. */
function isBinary(content: Uint8Array): boolean {
  const head = content.subarray(0, SNIFF_BYTES);
  const most = Math.max(1, head.length * MAX_STRANGE_SHARE);
  let nulls = 0;
  let strange = 0;
  for (const byte of head) {
    if (byte === 0) nulls++;
    if (isStrange(byte)) strange++;
  }
  if (nulls <= most && (strange <= most || isUtf8(content))) return false;
  return !WIRE.test(latin1(content.subarray(0, 8))) && !isDictionaryWire(content);
}

/** One byte that also begins every 16th compressed file says little: the checksum decides. */
function isDictionaryWire(content: Uint8Array): boolean {
  if (content[0] < 0x80 || findReservedOpening(content) === undefined) return false;
  try {
    new CodecEngine({ allowUnsecured: true }).decompress(content);
    return true;
  } catch (error) {
    if (error instanceof M2MError) return false;
    throw error;
  }
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}
