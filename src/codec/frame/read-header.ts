import type { SecurityMode } from "../types.js";
import { frameInvalid, frameTruncated, frameUnsupported } from "./errors.js";
import { COMPRESSED_FLAG, EXTENSIONS_FLAG, knownFlagBits } from "./flags.js";
import {
  FIXED_HEADER_BYTES,
  FLAGS_OFFSET,
  MAX_HEADER_BYTES,
  RESERVED_OFFSET,
  SCHEMA_OFFSET,
  schemaOfByte,
  SECURITY_MODES,
  SECURITY_OFFSET,
  VARIABLE_HEADERS,
  type FrameSchema,
} from "./layout.js";

/** The fixed header, checked. */
export interface FixedHeader {
  /** Length of the fixed and the variable header in bytes. */
  headerBytes: number;
  schema: FrameSchema;
  security: SecurityMode;
  /** Bits 0 to 15 of the flags. */
  flags: number;
  compressed: boolean;
}

/**
 * Reads the fixed header at the start of `body`, the bytes behind the prefix. On return all header bytes are there.
 * @throws {FormatError} `M2M_FRAME_TRUNCATED`, `M2M_FRAME_INVALID` (length, reserved bits or bytes)
 * @throws {UnsupportedError} `M2M_VERSION_UNSUPPORTED` for a schema, security mode or extension of a later version
 */
export function readFixedHeader(body: Uint8Array): FixedHeader {
  if (body.length < FIXED_HEADER_BYTES) throw frameTruncated(body.length, FIXED_HEADER_BYTES, "fixed header");
  const headerBytes = body[0] | (body[1] << 8);
  if (headerBytes < FIXED_HEADER_BYTES || headerBytes > MAX_HEADER_BYTES) {
    const bounds = `${FIXED_HEADER_BYTES} to ${MAX_HEADER_BYTES}`;
    throw frameInvalid(`its header length is ${headerBytes}, outside ${bounds}`, 0);
  }
  const schema = schemaOfByte(body[SCHEMA_OFFSET]);
  if (schema === undefined) throw frameUnsupported(`schema ${body[SCHEMA_OFFSET]}`, SCHEMA_OFFSET);
  const security = SECURITY_MODES.at(body[SECURITY_OFFSET]);
  if (security === undefined)
    throw frameUnsupported(`security mode ${body[SECURITY_OFFSET]}`, SECURITY_OFFSET);
  const flags = body[FLAGS_OFFSET] | (body[FLAGS_OFFSET + 1] << 8);
  const common = body[FLAGS_OFFSET + 3];
  if (common & EXTENSIONS_FLAG) throw frameUnsupported("extensions", FLAGS_OFFSET + 3);
  const unknownBits = flags & ~knownFlagBits(VARIABLE_HEADERS[schema]);
  if (unknownBits !== 0 || body[FLAGS_OFFSET + 2] !== 0 || (common & ~COMPRESSED_FLAG) !== 0) {
    throw frameInvalid("a reserved flag bit is set", FLAGS_OFFSET);
  }
  for (let at = RESERVED_OFFSET; at < FIXED_HEADER_BYTES; at++) {
    if (body[at] !== 0) throw frameInvalid("a reserved byte is not zero", at);
  }
  if (body.length < headerBytes) throw frameTruncated(body.length, headerBytes, "variable header");
  return { headerBytes, schema, security, flags, compressed: (common & COMPRESSED_FLAG) !== 0 };
}
