/**
 * Fixed numbers of the frame (docs/spec/frame.md). Offsets count from the byte behind the prefix.
 */

export const FRAME_PREFIX = "#M2M|1|";
export const PREFIX_BYTES = FRAME_PREFIX.length;

/** Length of the fixed header: length u16, schema u8, security u8, flags u32, 12 reserved bytes. */
export const FIXED_HEADER_BYTES = 20;
export const SCHEMA_OFFSET = 2;
export const SECURITY_OFFSET = 3;
export const FLAGS_OFFSET = 4;
export const RESERVED_OFFSET = 8;

/** Payload length u32 and CRC-32 u32, little-endian, between the headers and the payload. */
export const PAYLOAD_PREFIX_BYTES = 8;

/**
 * Longest header section. The high byte of its length then stays below 0x2b (`+`), the lowest character of the base64
 * alphabet, so the byte behind the prefix's first one tells a binary frame from a text one.
 */
export const MAX_HEADER_BYTES = 0x2aff;

/** Most messages that the routing header describes: 8 KiB of roles, well inside `MAX_HEADER_BYTES`. */
export const MAX_ROUTED_MESSAGES = 32768;

/** Content shorter than this is never compressed: headers of a Brotli stream eat the saving. */
export const COMPRESSION_THRESHOLD_BYTES = 100;

export const HMAC_TAG_BYTES = 32;
export const AEAD_NONCE_BYTES = 12;
export const AEAD_TAG_BYTES = 16;

/** What a frame carries, as its schema byte says. `unknown` is content that was not looked into. */
export const FRAME_SCHEMAS = [
  "request",
  "response",
  "stream",
  "embedding-request",
  "embedding-response",
  "error",
  "custom",
  "unknown",
] as const;
export type FrameSchema = (typeof FRAME_SCHEMAS)[number];

/** Schema byte as written, by name. */
export const SCHEMA_BYTES: Readonly<Record<FrameSchema, number>> = Object.freeze({
  request: 0x01,
  response: 0x02,
  stream: 0x03,
  "embedding-request": 0x04,
  "embedding-response": 0x05,
  error: 0x10,
  custom: 0xfe,
  unknown: 0xff,
});

/** Values that the published page gives for embeddings where its implementation writes 4 and 5. Read, never written. */
const SCHEMA_BYTE_ALIASES: readonly (readonly [number, FrameSchema])[] = [
  [0x11, "embedding-request"],
  [0x12, "embedding-response"],
];

export function schemaOfByte(byte: number): FrameSchema | undefined {
  return (
    FRAME_SCHEMAS.find((schema) => SCHEMA_BYTES[schema] === byte) ??
    SCHEMA_BYTE_ALIASES.find(([alias]) => alias === byte)?.[1]
  );
}

/** Kind of variable header that follows the fixed one. */
export type VariableHeader = "routing" | "response" | "none" | "opaque";

export const VARIABLE_HEADERS: Readonly<Record<FrameSchema, VariableHeader>> = Object.freeze({
  request: "routing",
  response: "response",
  stream: "none",
  "embedding-request": "routing",
  "embedding-response": "response",
  error: "response",
  custom: "opaque",
  unknown: "none",
});

/** Security modes; the index is the security byte. */
export const SECURITY_MODES = ["none", "hmac", "aead"] as const;

/** Roles; the index is the two-bit code. */
export const ROLES = ["system", "user", "assistant", "tool"] as const;
export type FrameRole = (typeof ROLES)[number];

/** Finish reasons; the index is the byte. Anything else is `UNKNOWN_FINISH_REASON`. */
export const FINISH_REASONS = ["stop", "length", "tool_calls", "content_filter"] as const;
export type FinishReason = (typeof FINISH_REASONS)[number] | "unknown";
export const UNKNOWN_FINISH_REASON = 0xff;
