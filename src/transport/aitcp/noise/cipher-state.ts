import { NONCE_BYTES, type Aead } from "../crypto/index.js";

/** Noise, revision 34, 5.1: a key and the counter of its nonces. Without a key everything passes as it is. */
export class CipherState {
  readonly #aead: Aead;
  #key: Uint8Array | undefined;
  /** Numbers above 2^53 − 1 are not exact, so the counter ends there and not at 2^64 − 2. */
  #nonce = 0;

  /** @param key 32 bytes, which are the cipher's from now on */
  constructor(aead: Aead, key?: Uint8Array) {
    this.#aead = aead;
    this.#key = key;
  }

  hasKey(): boolean {
    return this.#key !== undefined;
  }

  /** `InitializeKey`. @param key 32 bytes, which are the cipher's from now on */
  initializeKey(key: Uint8Array): void {
    this.destroy();
    this.#key = key;
    this.#nonce = 0;
  }

  /** `SetNonce`. */
  setNonce(nonce: number): void {
    this.#nonce = nonce;
  }

  /** `EncryptWithAd`. @throws {Error} when the nonces of the key are used up */
  encryptWithAd(associatedData: Uint8Array, plaintext: Uint8Array): Uint8Array {
    if (!this.#key) return plaintext;
    const sealed = this.#aead.seal(this.#key, this.#nextNonce(), associatedData, plaintext);
    this.#nonce++;
    return sealed;
  }

  /**
   * `DecryptWithAd`. The nonce goes on only if the tag is right.
   * @throws {IntegrityError} `M2M_AUTHENTICATION_FAILED`
   * @throws {Error} when the nonces of the key are used up
   */
  decryptWithAd(associatedData: Uint8Array, ciphertext: Uint8Array): Uint8Array {
    if (!this.#key) return ciphertext;
    const plaintext = this.#aead.open(this.#key, this.#nextNonce(), associatedData, ciphertext);
    this.#nonce++;
    return plaintext;
  }

  /** Forgets the key. */
  destroy(): void {
    this.#key?.fill(0);
    this.#key = undefined;
  }

  /** 4 zero bytes, then the counter (Noise, revision 34, 12.3). */
  #nextNonce(): Uint8Array {
    // A counter that is used twice gives the plaintexts away.
    if (this.#nonce >= Number.MAX_SAFE_INTEGER) throw new Error("The nonces of this key are used up.");
    const nonce = new Uint8Array(NONCE_BYTES);
    new DataView(nonce.buffer).setBigUint64(4, BigInt(this.#nonce), true);
    return nonce;
  }
}
