import { concatBytes } from "../../../shared/bytes.js";
import { HASH_BYTES, KEY_BYTES, TAG_BYTES, type AiTcpCrypto } from "../crypto/index.js";
import { CipherState } from "./cipher-state.js";

/** Noise, revision 34, 5.2: the chaining key, the hash of all that was said, and the cipher between them. */
export class SymmetricState {
  readonly #crypto: AiTcpCrypto;
  readonly #cipher: CipherState;
  #chainingKey: Uint8Array;
  #hash: Uint8Array;

  /** `InitializeSymmetric`. */
  constructor(crypto: AiTcpCrypto, protocolName: string) {
    const name = Buffer.from(protocolName);
    this.#crypto = crypto;
    this.#cipher = new CipherState(crypto);
    this.#hash = new Uint8Array(HASH_BYTES);
    if (name.length <= HASH_BYTES) this.#hash.set(name);
    else this.#hash = crypto.sha256(name);
    this.#chainingKey = Uint8Array.from(this.#hash);
  }

  /** `MixKey`. */
  mixKey(keyMaterial: Uint8Array): void {
    const [chainingKey, key] = this.#derive(keyMaterial, 2);
    this.#replaceChainingKey(chainingKey);
    this.#cipher.initializeKey(key);
  }

  /** `MixHash`. */
  mixHash(data: Uint8Array): void {
    this.#hash = this.#crypto.sha256(concatBytes([this.#hash, data]));
  }

  /** `MixKeyAndHash`. */
  mixKeyAndHash(keyMaterial: Uint8Array): void {
    const [chainingKey, hash, key] = this.#derive(keyMaterial, 3);
    this.#replaceChainingKey(chainingKey);
    this.mixHash(hash);
    this.#cipher.initializeKey(key);
  }

  /** `GetHandshakeHash`, at any time. */
  getHandshakeHash(): Uint8Array {
    return Uint8Array.from(this.#hash);
  }

  /** By how many bytes a ciphertext is longer than its plaintext at this point. */
  get overhead(): number {
    return this.#cipher.hasKey() ? TAG_BYTES : 0;
  }

  /** `EncryptAndHash`. */
  encryptAndHash(plaintext: Uint8Array): Uint8Array {
    const ciphertext = this.#cipher.encryptWithAd(this.#hash, plaintext);
    this.mixHash(ciphertext);
    return ciphertext;
  }

  /** `DecryptAndHash`. @throws {IntegrityError} `M2M_AUTHENTICATION_FAILED` */
  decryptAndHash(ciphertext: Uint8Array): Uint8Array {
    const plaintext = this.#cipher.decryptWithAd(this.#hash, ciphertext);
    this.mixHash(ciphertext);
    return plaintext;
  }

  /** `Split`, as the keys of the two cipher states: of what the initiator sends, and of what the responder sends. */
  split(): [Uint8Array, Uint8Array] {
    const [initiatorKey, responderKey] = this.#derive(new Uint8Array(0), 2);
    return [initiatorKey, responderKey];
  }

  /** Forgets the secrets; the hash is none. */
  destroy(): void {
    this.#chainingKey.fill(0);
    this.#cipher.destroy();
  }

  /** Noise's `HKDF` (4.3) is RFC 5869's with the chaining key as salt and no info. */
  #derive(keyMaterial: Uint8Array, count: number): Uint8Array[] {
    const prk = this.#crypto.hkdfExtract(this.#chainingKey, keyMaterial);
    const output = this.#crypto.hkdfExpand(prk, "", count * KEY_BYTES);
    const keys = Array.from({ length: count }, (_, i) => output.slice(i * KEY_BYTES, (i + 1) * KEY_BYTES));
    prk.fill(0);
    output.fill(0);
    return keys;
  }

  #replaceChainingKey(chainingKey: Uint8Array): void {
    this.#chainingKey.fill(0);
    this.#chainingKey = chainingKey;
  }
}
