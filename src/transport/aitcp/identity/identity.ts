import { KEY_BYTES, type AiTcpCrypto, type Ed25519KeyPair, type X25519KeyPair } from "../crypto/index.js";

const STATIC_SALT = Buffer.from("AI-TCP/1 static");

/** An agent's own identity (docs/spec/aitcp.md, Keys): the Ed25519 pair whose public key is its name, and what follows from it. */
export class Identity {
  readonly #seed: Uint8Array;
  readonly #pair: Ed25519KeyPair;
  /** The X25519 pair of handshakes, derived from the seed. */
  readonly staticPair: X25519KeyPair;

  /** @throws {InputError} `M2M_KEY_INVALID` if the seed has not 32 bytes */
  constructor(crypto: AiTcpCrypto, seed: Uint8Array) {
    this.#pair = crypto.ed25519KeyPair(seed);
    this.#seed = Uint8Array.from(seed);
    const prk = crypto.hkdfExtract(STATIC_SALT, seed);
    const staticKey = crypto.hkdfExpand(prk, "x25519", KEY_BYTES);
    this.staticPair = crypto.x25519KeyPair(staticKey);
    prk.fill(0);
    staticKey.fill(0);
  }

  /** 32 bytes: the agent's name. */
  get publicKey(): Uint8Array {
    return this.#pair.publicKey;
  }

  /** The Ed25519 signature, 64 bytes. */
  sign(message: Uint8Array): Uint8Array {
    return this.#pair.sign(message);
  }

  /** A copy of the secret, 32 bytes, for a key file. Whoever asks for it zeroes it. */
  exportSeed(): Uint8Array {
    return Uint8Array.from(this.#seed);
  }

  /** Forgets the seed. What was derived from it stays usable. */
  forgetSeed(): void {
    this.#seed.fill(0);
  }
}

/** @throws {InputError} `M2M_KEY_INVALID` if the seed has not 32 bytes */
export function identityFromSeed(crypto: AiTcpCrypto, seed: Uint8Array): Identity {
  return new Identity(crypto, seed);
}

/** A new identity. */
export function generateIdentity(crypto: AiTcpCrypto): Identity {
  const seed = crypto.randomBytes(KEY_BYTES);
  const identity = new Identity(crypto, seed);
  seed.fill(0);
  return identity;
}
