import { packageMissing } from "../../../shared/optional-package.js";
import { assertKeyAndNonce, assertTagFits, tagMismatch } from "./aead-arguments.js";
import { TAG_BYTES } from "../sizes.js";
import type { Aead } from "./ai-tcp-crypto.js";
import { chacha20Mask } from "./chacha20.js";

/** What is used of the bindings to libsodium. The package is optional, so its own types are not imported. */
interface Sodium {
  crypto_aead_chacha20poly1305_ietf_encrypt(
    out: Uint8Array,
    plaintext: Uint8Array,
    associatedData: Uint8Array,
    secretNonce: null,
    nonce: Uint8Array,
    key: Uint8Array,
  ): number;
  /** Throws if the tag does not match. */
  crypto_aead_chacha20poly1305_ietf_decrypt(
    out: Uint8Array,
    secretNonce: null,
    sealed: Uint8Array,
    associatedData: Uint8Array,
    nonce: Uint8Array,
    key: Uint8Array,
  ): number;
}

/** Imports the package; another one than the default is for tests. */
export type SodiumLoader = () => Promise<unknown>;

const PACKAGE = "sodium-native";

/** A name in a variable is left alone by bundlers. */
const importPackage: SodiumLoader = () => import(PACKAGE) as Promise<unknown>;

/**
 * The AEAD of libsodium, which seals a small record in a quarter of OpenSSL's time: it makes no cipher object.
 * @throws {UnsupportedError} `M2M_PACKAGE_MISSING` if the optional package is not there, or has nothing for this machine
 */
export async function loadSodiumAead(load: SodiumLoader = importPackage): Promise<Aead> {
  let sodium: Sodium;
  try {
    const module = (await load()) as { default?: Sodium } & Sodium;
    sodium = module.default ?? module;
  } catch (cause) {
    throw packageMissing(PACKAGE, cause);
  }
  return sodiumAead(sodium);
}

function sodiumAead(sodium: Sodium): Aead {
  const seal: Aead["seal"] = (key, nonce, associatedData, plaintext) => {
    assertKeyAndNonce(key, nonce);
    const sealed = new Uint8Array(plaintext.length + TAG_BYTES);
    sodium.crypto_aead_chacha20poly1305_ietf_encrypt(sealed, plaintext, associatedData, null, nonce, key);
    return sealed;
  };
  return {
    seal,
    sealParts(key, nonce, associatedData, plaintext) {
      const sealed = seal(key, nonce, associatedData, plaintext);
      const { length } = plaintext;
      return { ciphertext: sealed.subarray(0, length), tag: sealed.subarray(length) };
    },
    open(key, nonce, associatedData, sealed) {
      assertKeyAndNonce(key, nonce);
      assertTagFits(sealed);
      const plaintext = new Uint8Array(sealed.length - TAG_BYTES);
      try {
        sodium.crypto_aead_chacha20poly1305_ietf_decrypt(plaintext, null, sealed, associatedData, nonce, key);
      } catch (cause) {
        throw tagMismatch(cause);
      }
      return plaintext;
    },
    chacha20Mask,
  };
}
