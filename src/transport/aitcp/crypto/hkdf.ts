import { createHmac } from "node:crypto";
import { HASH_BYTES } from "../sizes.js";

/** HMAC-SHA-256 of all `parts` together. */
export function hmacSha256(key: Uint8Array, ...parts: readonly Uint8Array[]): Uint8Array {
  const hmac = createHmac("sha256", key);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}

/**
 * HKDF-Expand (RFC 5869, 2.3). Node has extract and expand only in one call, and AI-TCP expands a key many times.
 * @throws {RangeError} for more than 255 blocks
 */
export function hkdfExpandSha256(
  pseudorandomKey: Uint8Array,
  info: string | Uint8Array,
  length: number,
): Uint8Array {
  const blocks = Math.ceil(length / HASH_BYTES);
  if (blocks > 255) throw new RangeError(`HKDF-SHA-256 gives at most 8,160 bytes, not ${length}.`);
  const infoBytes = typeof info === "string" ? Buffer.from(info) : info;
  const output = new Uint8Array(blocks * HASH_BYTES);
  let block: Uint8Array = new Uint8Array(0);
  for (let i = 0; i < blocks; i++) {
    block = hmacSha256(pseudorandomKey, block, infoBytes, Uint8Array.of(i + 1));
    output.set(block, i * HASH_BYTES);
  }
  block.fill(0);
  output.fill(0, length);
  return output.subarray(0, length);
}
