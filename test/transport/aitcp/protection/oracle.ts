import { writePacket } from "../../../../src/transport/aitcp/packet/index.js";
import type { SlowCrypto } from "./primitives.js";

/** One packet, as docs/spec/aitcp.md (Secrets, Protection) says it, step by step and slowly. */
export interface PlainPacket {
  readonly secret: Uint8Array;
  readonly epoch: number;
  readonly ephemeralKey: Uint8Array;
  readonly sequence: number;
  /** The number that the nonce is of, where it is not the packet's. */
  readonly nonceSequence?: number;
  readonly signature: Uint8Array;
  readonly record: Uint8Array;
}

export function sealByThePage(crypto: SlowCrypto, plain: PlainPacket): Uint8Array {
  let secret = plain.secret;
  for (let epoch = 0; epoch < plain.epoch; epoch++) secret = crypto.hkdfExpand(secret, "AI-TCP/1 update", 32);
  const key = crypto.hkdfExpand(secret, "AI-TCP/1 key", 32);
  const iv = crypto.hkdfExpand(secret, "AI-TCP/1 iv", 12);
  const maskKey = crypto.hkdfExpand(secret, "AI-TCP/1 sn", 32);

  const bigEndian = Buffer.alloc(12);
  bigEndian.writeBigUInt64BE(BigInt(plain.nonceSequence ?? plain.sequence), 4);
  const littleEndian = Buffer.alloc(8);
  littleEndian.writeBigUInt64LE(BigInt(plain.sequence));
  const nonce = iv.map((byte, index) => byte ^ bigEndian[index]);
  const fields = {
    kind: "data" as const,
    epoch: plain.epoch % 256,
    ephemeralKey: plain.ephemeralKey,
    nonce,
    encryptedSequenceId: littleEndian,
    signature: plain.signature,
  };
  const placeholder = new Uint8Array(plain.record.length + 16);
  const unmasked = writePacket({ ...fields, encryptedPayload: placeholder });
  const end = 208 + placeholder.length;
  const associatedData = Buffer.concat([unmasked.subarray(0, 208), unmasked.subarray(end)]);
  const encryptedPayload = crypto.seal(key, nonce, associatedData, plain.record);

  const mask = crypto.chacha20Mask(maskKey, encryptedPayload.subarray(0, 16), 84, new Uint8Array(84));
  const hidden = Buffer.concat([nonce, littleEndian, plain.signature]).map(
    (byte, index) => byte ^ mask[index],
  );
  return writePacket({
    ...fields,
    nonce: hidden.subarray(0, 12),
    encryptedSequenceId: hidden.subarray(12, 20),
    signature: hidden.subarray(20),
    encryptedPayload,
  });
}
