import {
  aligned,
  DATA_PREFIX_BYTES,
  NONCE_BYTES,
  NONCE_OFFSET,
  SEQUENCE_BYTES,
  SEQUENCE_OFFSET,
  SIGNATURE_BYTES,
  SIGNATURE_OFFSET,
} from "../packet/index.js";

/** Bytes of a sealed record that choose the mask: counter and nonce of ChaCha20. */
const SAMPLE_BYTES = 16;
export const MASK_BYTES = NONCE_BYTES + SEQUENCE_BYTES + SIGNATURE_BYTES;

/**
 * What stands before the sealed record of a DATA packet, unmasked, and what is authenticated of it. It is used again for each packet, so
 * that sealing and opening take no memory but that of their results.
 */
export class PacketHead {
  /** `DATA_PREFIX_BYTES`, and the longest padding, which is always zero. */
  readonly bytes = Buffer.alloc(aligned(DATA_PREFIX_BYTES + 1));
  readonly nonce = this.bytes.subarray(NONCE_OFFSET, NONCE_OFFSET + NONCE_BYTES);
  readonly signature = this.bytes.subarray(SIGNATURE_OFFSET, SIGNATURE_OFFSET + SIGNATURE_BYTES);
  readonly mask = new Uint8Array(MASK_BYTES);
  /** The associated data by the length of the padding. */
  readonly #associated = [0, 1, 2, 3].map((padding) => this.bytes.subarray(0, DATA_PREFIX_BYTES + padding));

  /** The packet without the content of `encrypted_payload`, which is `contentLength` bytes long: what is before it and behind it. */
  associatedData(contentLength: number): Uint8Array {
    return this.#associated[aligned(contentLength) - contentLength];
  }
}

/** The bytes that a sealed record's mask is made from. */
export function maskSample(packet: Uint8Array): Uint8Array {
  return packet.subarray(DATA_PREFIX_BYTES, DATA_PREFIX_BYTES + SAMPLE_BYTES);
}

/** Masks `nonce`, `encrypted_sequence_id` and `signature` of a DATA packet, or unmasks them. @param mask of `MASK_BYTES` */
export function applyMask(packet: Uint8Array, mask: Uint8Array): void {
  let at = 0;
  for (let index = 0; index < NONCE_BYTES; index++) packet[NONCE_OFFSET + index] ^= mask[at++];
  for (let index = 0; index < SEQUENCE_BYTES; index++) packet[SEQUENCE_OFFSET + index] ^= mask[at++];
  for (let index = 0; index < SIGNATURE_BYTES; index++) packet[SIGNATURE_OFFSET + index] ^= mask[at++];
}
