/**
 * Where everything is in a packet, counted from its size prefix (docs/spec/aitcp.md, Layout). A packet with a `payload` has one more
 * offset in its table, so the vectors stand `PAYLOAD_SHIFT` bytes later than these numbers say.
 */
import { KEY_BYTES, NONCE_BYTES, SIGNATURE_BYTES, TAG_BYTES } from "../sizes.js";

/** The version of the packets, and the value of their field `version`. */
export const PACKET_VERSION = 1;
/** The most that the size prefix may say. */
export const MAX_SIZE_FIELD = 65536;
export const SIZE_PREFIX_BYTES = 4;
/** Longest packet, with its size prefix. */
export const MAX_PACKET_BYTES = SIZE_PREFIX_BYTES + MAX_SIZE_FIELD;

/** Slot of `payload` in the vtable: tells the two forms apart. */
export const PAYLOAD_SLOT_OFFSET = 26;
export const VERSION_OFFSET = 36;
export const EPHEMERAL_KEY_OFFSET = 68;
export const NONCE_OFFSET = 104;
export const SEQUENCE_OFFSET = 120;
export const SIGNATURE_OFFSET = 132;
export const HEADER_OFFSET = 200;
/** Length of `encrypted_payload`, or of `payload` if there is one (with `PAYLOAD_SHIFT`). */
export const LAST_LENGTH_OFFSET = 204;
/** Bytes of a DATA packet before its sealed record: no shorter packet is one. */
export const DATA_PREFIX_BYTES = 208;

export { KEY_BYTES as EPHEMERAL_KEY_BYTES, NONCE_BYTES, SIGNATURE_BYTES, TAG_BYTES };
export const SEQUENCE_BYTES = 8;
export const HEADER_BYTES = 4;

export const PAYLOAD_SHIFT = 4;

/** Longest `encrypted_payload` of a packet without `payload`. */
export const MAX_SEALED_BYTES = MAX_PACKET_BYTES - DATA_PREFIX_BYTES;
/** Longest record. */
export const MAX_RECORD_BYTES = MAX_SEALED_BYTES - TAG_BYTES;

/** `length` with the zeros that bring it to a multiple of 4. */
export function aligned(length: number): number {
  return (length + 3) & ~3;
}

/** Where the words of `structureWords` begin. */
export const STRUCTURE_OFFSET = 4;

/** Two numbers of 16 bits as one of 32. */
const PLAIN_STRUCTURE: readonly number[] = [
  // Root offset: to the table at byte 32.
  28,
  // Vtable: its size, that of the table, and nine slots; then 2 zeros, which bring the table to a multiple of 4.
  22 | (32 << 16),
  ...[4 | (8 << 16), 12 | (16 << 16), 20 | (24 << 16), 28, 0],
  // Table: back to the vtable at byte 8, version, then ephemeral_key, nonce, encrypted_sequence_id, encrypted_payload, signature, header.
  24,
  PACKET_VERSION,
  ...[24, 56, 68, 152, 72, 136],
  KEY_BYTES,
];

/**
 * What stands from `STRUCTURE_OFFSET` to the bytes of `ephemeral_key`, the same in all packets with as long a `payload`: numbers
 * of 32 bits.
 */
export function structureWords(payloadLength: number): readonly number[] {
  if (payloadLength === 0) return PLAIN_STRUCTURE;
  const words = [...PLAIN_STRUCTURE];
  words[1] = 22 | (36 << 16);
  words[5] = 28 | (32 << 16);
  // The table's new last word, the offset of `payload`, moves all vectors away; encrypted_payload stands behind that of `payload`.
  for (let index = 9; index < 15; index++) words[index] += PAYLOAD_SHIFT;
  words[12] += 4 + aligned(payloadLength);
  words.splice(15, 0, 144);
  return words;
}

/** The lengths of the vectors behind `ephemeral_key`, by where they stand in a packet without `payload`. */
export const FIXED_LENGTHS: readonly (readonly [offset: number, length: number])[] = [
  [NONCE_OFFSET - 4, NONCE_BYTES],
  [SEQUENCE_OFFSET - 4, SEQUENCE_BYTES],
  [SIGNATURE_OFFSET - 4, SIGNATURE_BYTES],
  [HEADER_OFFSET - 4, HEADER_BYTES],
];
