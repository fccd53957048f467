import { decodeBase64 } from "../../shared/base64.js";
import { assertContent } from "../../shared/content.js";
import { FormatError, UnsupportedError } from "../../shared/errors.js";
import { frameTruncated } from "./errors.js";
import { flagNames } from "./flags.js";
import type { FrameHeader } from "./header.js";
import {
  FIXED_HEADER_BYTES,
  FRAME_PREFIX,
  PAYLOAD_PREFIX_BYTES,
  PREFIX_BYTES,
  VARIABLE_HEADERS,
} from "./layout.js";
import { readFixedHeader } from "./read-header.js";
import { readVariableHeader } from "./read-variable-header.js";

/** Opening that frames of every version share. */
const FAMILY_PREFIX = "#M2M|";

/** Base64 characters that surely hold the fixed header. */
const FIXED_HEADER_CHARS = 28;

/**
 * The headers of a frame, without its key and without decompressing its payload. Nothing is verified: whoever changed
 * the frame may have changed its headers.
 * @param wire a text wire, a binary wire, or the bytes of a text wire
 * @throws {FormatError} `M2M_FRAME_TRUNCATED`, `M2M_FRAME_INVALID`, `M2M_BASE64_INVALID`, `M2M_WIRE_UNKNOWN`
 * @throws {UnsupportedError} `M2M_VERSION_UNSUPPORTED`
 * @throws {InputError} `M2M_USAGE` if it is neither text nor bytes
 */
export function peekFrame(wire: string | Uint8Array): FrameHeader {
  assertContent("A frame", wire);
  if (typeof wire !== "string") {
    if (isBinaryFrame(wire)) return peekBody(binaryBody(wire));
    wire = latin1(wire);
  }
  assertPrefix(wire);
  const head = decodeBase64(wire.slice(0, PREFIX_BYTES + FIXED_HEADER_CHARS), PREFIX_BYTES);
  if (head.length < FIXED_HEADER_BYTES) throw frameTruncated(head.length, FIXED_HEADER_BYTES, "fixed header");
  const needBytes = (head[0] | (head[1] << 8)) + PAYLOAD_PREFIX_BYTES;
  return peekBody(decodeBase64(wire.slice(0, PREFIX_BYTES + Math.ceil(needBytes / 3) * 4), PREFIX_BYTES));
}

/** @param body the bytes behind the prefix, at least the headers */
function peekBody(body: Uint8Array): FrameHeader {
  const fixed = readFixedHeader(body);
  const { schema, security, compressed, headerBytes } = fixed;
  const header: FrameHeader = {
    version: 1,
    schema,
    security,
    compressed,
    flags: flagNames(VARIABLE_HEADERS[schema], fixed.flags),
    headerBytes,
    ...readVariableHeader(body, fixed),
  };
  if (security !== "aead" && body.length >= headerBytes + PAYLOAD_PREFIX_BYTES) {
    header.payloadBytes = readUint32(body, headerBytes);
  }
  return header;
}

/** Little-endian u32 at `offset`. */
export function readUint32(bytes: Uint8Array, offset: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset + offset, 4).getUint32(0, true);
}

/**
 * Whether `bytes` are a frame in binary form, as against base64 behind the same prefix. What ends before the byte that
 * tells the forms apart is cut short in either; as a binary frame it is refused as such, and not as bad base64.
 */
export function isBinaryFrame(bytes: Uint8Array): boolean {
  if (bytes.length < PREFIX_BYTES) return false;
  for (let i = 0; i < PREFIX_BYTES; i++) if (bytes[i] !== FRAME_PREFIX.charCodeAt(i)) return false;
  // The high byte of the header length; "+" is the lowest character of base64.
  return bytes.length < PREFIX_BYTES + 2 || bytes[PREFIX_BYTES + 1] < 0x2b;
}

/** The bytes of a binary frame behind its prefix. @throws {FormatError} @throws {UnsupportedError} */
export function binaryBody(wire: Uint8Array): Uint8Array {
  assertPrefix(String.fromCharCode(...wire.subarray(0, PREFIX_BYTES)));
  return wire.subarray(PREFIX_BYTES);
}

/**
 * @throws {FormatError} `M2M_FRAME_TRUNCATED` if `wire` ends within the prefix, `M2M_WIRE_UNKNOWN` if it has another
 * @throws {UnsupportedError} `M2M_VERSION_UNSUPPORTED` if it is a frame of another version
 */
export function assertPrefix(wire: string): void {
  if (wire.startsWith(FRAME_PREFIX)) return;
  if (FRAME_PREFIX.startsWith(wire)) throw frameTruncated(wire.length - PREFIX_BYTES, 0, "prefix");
  if (wire.startsWith(FAMILY_PREFIX)) {
    throw new UnsupportedError(
      "M2M_VERSION_UNSUPPORTED",
      `This version only reads frames that start with ${FRAME_PREFIX}`,
      {
        offset: FAMILY_PREFIX.length,
      },
    );
  }
  throw new FormatError("M2M_WIRE_UNKNOWN", `A frame starts with ${FRAME_PREFIX}`, { offset: 0 });
}

/** The opening of `bytes`, one character a byte, long enough for the longest headers in base64. */
function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes.subarray(0, 16384)) text += String.fromCharCode(byte);
  return text;
}
