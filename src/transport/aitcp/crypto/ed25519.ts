import { sign, verify, type KeyObject } from "node:crypto";
import { KEY_BYTES, SIGNATURE_BYTES } from "../sizes.js";
import type { Ed25519KeyPair } from "./ai-tcp-crypto.js";
import { importPrivateKey, importPublicKey, publicKeyOf } from "./key-objects.js";

/** The pair of a seed. @throws {InputError} `M2M_KEY_INVALID` if there are not 32 bytes */
export function ed25519KeyPair(seed: Uint8Array): Ed25519KeyPair {
  const privateKey = importPrivateKey("Ed25519", seed);
  return new NodeEd25519KeyPair(privateKey, publicKeyOf(privateKey));
}

/** Whether the signature is right. The key is imported each time: that takes a twentieth of a verification. */
export function verifyEd25519(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  if (publicKey.length !== KEY_BYTES || signature.length !== SIGNATURE_BYTES) return false;
  return verify(null, message, importPublicKey("Ed25519", publicKey), signature);
}

class NodeEd25519KeyPair implements Ed25519KeyPair {
  readonly publicKey: Uint8Array;
  readonly #privateKey: KeyObject;

  constructor(privateKey: KeyObject, publicKey: Uint8Array) {
    this.#privateKey = privateKey;
    this.publicKey = publicKey;
  }

  sign(message: Uint8Array): Uint8Array {
    return sign(null, message, this.#privateKey);
  }
}
