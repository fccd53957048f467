import type { PacketCrypto } from "./packet-crypto.js";

const KEY_BYTES = 32;
const IV_BYTES = 12;

/** The keys of one epoch of one direction (docs/spec/aitcp.md, Secrets). */
export class TrafficKeys {
  /** Epochs since the connection began. */
  readonly epoch: number;
  readonly key: Uint8Array;
  readonly iv: Buffer;
  readonly maskKey: Uint8Array;
  readonly #crypto: PacketCrypto;
  readonly #secret: Uint8Array;

  /** @param secret the traffic secret, 32 bytes, which is copied */
  constructor(crypto: PacketCrypto, secret: Uint8Array, epoch = 0) {
    this.epoch = epoch;
    this.#crypto = crypto;
    this.#secret = Uint8Array.from(secret);
    this.key = crypto.hkdfExpand(this.#secret, "AI-TCP/1 key", KEY_BYTES);
    this.iv = Buffer.from(crypto.hkdfExpand(this.#secret, "AI-TCP/1 iv", IV_BYTES));
    this.maskKey = crypto.hkdfExpand(this.#secret, "AI-TCP/1 sn", KEY_BYTES);
  }

  /** The epoch as packets say it. */
  get label(): number {
    return this.epoch % 256;
  }

  /** The keys of the next epoch; these stay until `destroy`. */
  next(): TrafficKeys {
    const secret = this.#crypto.hkdfExpand(this.#secret, "AI-TCP/1 update", KEY_BYTES);
    const keys = new TrafficKeys(this.#crypto, secret, this.epoch + 1);
    secret.fill(0);
    return keys;
  }

  /** Overwrites the secrets. */
  destroy(): void {
    for (const secret of [this.#secret, this.key, this.iv, this.maskKey]) secret.fill(0);
  }
}
