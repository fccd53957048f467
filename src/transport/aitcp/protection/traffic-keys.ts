import { EPHEMERAL_KEY_BYTES } from "../packet/index.js";
import { KEY_BYTES, NONCE_BYTES } from "../sizes.js";
import type { PacketCrypto } from "./packet-crypto.js";
import { writeNonce } from "./sequence.js";

const IV_BYTES = NONCE_BYTES;
const SECRET_OFFSET = 2 * KEY_BYTES;
const IV_OFFSET = 3 * KEY_BYTES;
const SENDER_OFFSET = IV_OFFSET + IV_BYTES;
const END_OFFSET = SENDER_OFFSET + EPHEMERAL_KEY_BYTES;

/** The keys of one epoch of one direction (docs/spec/aitcp.md, Secrets), and whose it is. */
export class TrafficKeys {
  /** Epochs since the connection began. */
  readonly epoch: number;
  readonly #crypto: PacketCrypto;
  /** Key, mask key, secret, iv and sender: a piece of memory costs more than the bytes in it, and so does each view of it that is kept. */
  readonly #bytes: Buffer;

  /** @param secret the traffic secret, 32 bytes, which is copied @param sender its ephemeral public key, 32 bytes, which is copied */
  constructor(crypto: PacketCrypto, secret: Uint8Array, sender: Uint8Array, epoch = 0) {
    this.epoch = epoch;
    this.#crypto = crypto;
    this.#bytes = Buffer.allocUnsafeSlow(END_OFFSET);
    this.#bytes.set(secret, SECRET_OFFSET);
    this.#bytes.set(sender, SENDER_OFFSET);
    this.#derive(secret, "AI-TCP/1 key", 0, KEY_BYTES);
    this.#derive(secret, "AI-TCP/1 sn", KEY_BYTES, KEY_BYTES);
    this.#derive(secret, "AI-TCP/1 iv", IV_OFFSET, IV_BYTES);
  }

  get key(): Uint8Array {
    return this.#bytes.subarray(0, KEY_BYTES);
  }
  get maskKey(): Uint8Array {
    return this.#bytes.subarray(KEY_BYTES, SECRET_OFFSET);
  }

  /** Writes the nonce of a sequence number at the front. */
  writeNonce(target: Buffer, sequence: number): void {
    writeNonce(target, this.#bytes, IV_OFFSET, sequence);
  }

  /** Writes the sender's ephemeral public key at the front. */
  writeSender(target: Buffer): void {
    this.#bytes.copy(target, 0, SENDER_OFFSET, END_OFFSET);
  }

  /** Whether these 32 bytes are the sender's ephemeral public key. */
  isSender(ephemeralKey: Buffer): boolean {
    return this.#bytes.compare(ephemeralKey, 0, EPHEMERAL_KEY_BYTES, SENDER_OFFSET, END_OFFSET) === 0;
  }

  /** The epoch as packets say it. */
  get label(): number {
    return this.epoch % 256;
  }

  /** The keys of the next epoch; these stay until `destroy`. */
  next(): TrafficKeys {
    const present = this.#bytes.subarray(SECRET_OFFSET, IV_OFFSET);
    const secret = this.#crypto.hkdfExpand(present, "AI-TCP/1 update", KEY_BYTES);
    const sender = this.#bytes.subarray(SENDER_OFFSET, END_OFFSET);
    const keys = new TrafficKeys(this.#crypto, secret, sender, this.epoch + 1);
    secret.fill(0);
    return keys;
  }

  /** Overwrites the secrets. */
  destroy(): void {
    this.#bytes.fill(0);
  }

  #derive(secret: Uint8Array, info: string, offset: number, length: number): void {
    const bytes = this.#crypto.hkdfExpand(secret, info, length);
    this.#bytes.set(bytes, offset);
    bytes.fill(0);
  }
}
