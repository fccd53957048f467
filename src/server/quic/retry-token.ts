import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { MAX_CONNECTION_ID_BYTES } from "./packet.js";
import type { HostPort } from "./quiche.js";

const LIFETIME_MS = 10_000;
const MAC_BYTES = 32;
const TIME_BYTES = 6;

/**
 * Tokens of Retry packets (RFC 9000 section 8.1.2). A token proves that its bearer receives at the address that it was sent
 * to; nothing is kept for it here. Layout: expiry in Unix ms (6 bytes), the id that the client first chose, HMAC-SHA-256.
 */
export class RetryTokens {
  readonly #key = randomBytes(32);
  readonly #nowMs: () => number;

  constructor(nowMs: () => number = Date.now) {
    this.#nowMs = nowMs;
  }

  /** @param newId the id that the Retry packet tells the client to use */
  mint(peer: HostPort, originalId: Uint8Array, newId: Uint8Array): Buffer {
    const expiry = Buffer.alloc(TIME_BYTES);
    expiry.writeUIntBE(this.#nowMs() + LIFETIME_MS, 0, TIME_BYTES);
    return Buffer.concat([expiry, originalId, this.#mac(peer, expiry, originalId, newId)]);
  }

  /** The id that the client first chose; `undefined` if the token is none of ours, of another address, or too old. */
  verify(token: Uint8Array, peer: HostPort, newId: Uint8Array): Buffer | undefined {
    const bytes = Buffer.from(token);
    const macOffset = bytes.length - MAC_BYTES;
    if (macOffset < TIME_BYTES || macOffset > TIME_BYTES + MAX_CONNECTION_ID_BYTES) return undefined;
    const expiry = bytes.subarray(0, TIME_BYTES);
    const originalId = bytes.subarray(TIME_BYTES, macOffset);
    if (!timingSafeEqual(bytes.subarray(macOffset), this.#mac(peer, expiry, originalId, newId)))
      return undefined;
    return expiry.readUIntBE(0, TIME_BYTES) >= this.#nowMs() ? originalId : undefined;
  }

  #mac(peer: HostPort, expiry: Uint8Array, originalId: Uint8Array, newId: Uint8Array): Buffer {
    return createHmac("sha256", this.#key)
      .update(`${peer.host}|${peer.port}|${originalId.length}|`)
      .update(expiry)
      .update(originalId)
      .update(newId)
      .digest();
  }
}
