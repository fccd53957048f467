import { diffieHellman, generateKeyPairSync, timingSafeEqual, type KeyObject } from "node:crypto";
import { IntegrityError } from "../../../shared/errors.js";
import { KEY_BYTES, type X25519KeyPair } from "./ai-tcp-crypto.js";
import { exportPublicKey, importPrivateKey, importPublicKey, publicKeyOf } from "./key-objects.js";

/** A new pair: OpenSSL makes one in a tenth of the time in which it imports random bytes as a private key. */
export function generateX25519(): X25519KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync("x25519");
  return new NodeX25519KeyPair(privateKey, exportPublicKey(publicKey));
}

/** The pair of a private key. @throws {InputError} `M2M_KEY_INVALID` if there are not 32 bytes */
export function x25519KeyPair(bytes: Uint8Array): X25519KeyPair {
  const privateKey = importPrivateKey("X25519", bytes);
  return new NodeX25519KeyPair(privateKey, publicKeyOf(privateKey));
}

class NodeX25519KeyPair implements X25519KeyPair {
  readonly publicKey: Uint8Array;
  readonly #privateKey: KeyObject;

  constructor(privateKey: KeyObject, publicKey: Uint8Array) {
    this.#privateKey = privateKey;
    this.publicKey = publicKey;
  }

  agree(publicKey: Uint8Array): Uint8Array {
    const peer = importPublicKey("X25519", publicKey);
    let secret: Uint8Array;
    try {
      secret = diffieHellman({ privateKey: this.#privateKey, publicKey: peer });
    } catch (cause) {
      // OpenSSL refuses a result of zero by itself, and nothing else of two good keys.
      throw zeroSecret(cause);
    }
    if (timingSafeEqual(secret, new Uint8Array(KEY_BYTES))) throw zeroSecret();
    return secret;
  }
}

function zeroSecret(cause?: unknown): IntegrityError {
  return new IntegrityError(
    "M2M_AUTHENTICATION_FAILED",
    "The peer's X25519 key is of small order: the secret would be zero.",
    { cause },
  );
}
