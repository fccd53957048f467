import {
  aligned,
  DATA_PREFIX_BYTES,
  EPHEMERAL_KEY_BYTES,
  EPHEMERAL_KEY_OFFSET,
  NONCE_BYTES,
  NONCE_OFFSET,
  SEQUENCE_BYTES,
  SEQUENCE_OFFSET,
  SIGNATURE_BYTES,
  SIGNATURE_OFFSET,
  writePacket,
} from "../packet/index.js";

/** Bytes of a sealed record that choose the mask: counter and nonce of ChaCha20. */
const SAMPLE_BYTES = 16;
export const MASK_BYTES = NONCE_BYTES + SEQUENCE_BYTES + SIGNATURE_BYTES;

/**
 * What stands before the sealed record of a DATA packet, unmasked, and what is made of it. It holds one packet at a time and nothing
 * between packets, so that all connections may share it: sealing and opening take no memory but that of their results.
 */
export class PacketHead {
  /** `DATA_PREFIX_BYTES`, and the longest padding, which is always zero. */
  readonly bytes: Uint8Array = Buffer.alloc(aligned(DATA_PREFIX_BYTES + 1));
  readonly ephemeralKey = this.bytes.subarray(
    EPHEMERAL_KEY_OFFSET,
    EPHEMERAL_KEY_OFFSET + EPHEMERAL_KEY_BYTES,
  );
  readonly nonce = this.bytes.subarray(NONCE_OFFSET, NONCE_OFFSET + NONCE_BYTES);
  readonly signature = this.bytes.subarray(SIGNATURE_OFFSET, SIGNATURE_OFFSET + SIGNATURE_BYTES);
  /** `bytes`, masked, without the padding. */
  readonly masked = new Uint8Array(DATA_PREFIX_BYTES);
  readonly expectedNonce: Uint8Array = Buffer.alloc(NONCE_BYTES);
  readonly mask = new Uint8Array(MASK_BYTES);
  readonly sample = new Uint8Array(SAMPLE_BYTES);
  /** The associated data by the length of the padding. */
  readonly #associated = [0, 1, 2, 3].map((padding) => this.bytes.subarray(0, DATA_PREFIX_BYTES + padding));

  constructor() {
    this.bytes.set(emptyPacket());
  }

  /** The packet without the content of `encrypted_payload`, which is `contentLength` bytes long: what is before it and behind it. */
  associatedData(contentLength: number): Uint8Array {
    return this.#associated[aligned(contentLength) - contentLength];
  }

  /** Overwrites what says something of keys. */
  wipe(): void {
    for (const part of [this.nonce, this.expectedNonce, this.mask]) part.fill(0);
  }
}

/** Masks `nonce`, `encrypted_sequence_id` and `signature` of a DATA packet, or unmasks them. @param mask of `MASK_BYTES` */
export function applyMask(packet: Uint8Array, mask: Uint8Array): void {
  let at = 0;
  for (let index = 0; index < NONCE_BYTES; index++) packet[NONCE_OFFSET + index] ^= mask[at++];
  for (let index = 0; index < SEQUENCE_BYTES; index++) packet[SEQUENCE_OFFSET + index] ^= mask[at++];
  for (let index = 0; index < SIGNATURE_BYTES; index++) packet[SIGNATURE_OFFSET + index] ^= mask[at++];
}

/** What stands before the record of a packet, without what differs from packet to packet. */
function emptyPacket(): Uint8Array {
  return writePacket({
    kind: "data",
    epoch: 0,
    ephemeralKey: new Uint8Array(EPHEMERAL_KEY_BYTES),
    nonce: new Uint8Array(NONCE_BYTES),
    encryptedSequenceId: new Uint8Array(SEQUENCE_BYTES),
    signature: new Uint8Array(SIGNATURE_BYTES),
    encryptedPayload: new Uint8Array(0),
  });
}
