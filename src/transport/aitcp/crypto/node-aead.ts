import { createCipheriv, createDecipheriv } from "node:crypto";
import { assertKeyAndNonce, assertTagFits, tagMismatch } from "./aead-arguments.js";
import { TAG_BYTES } from "../sizes.js";
import type { Aead, SealedParts } from "./ai-tcp-crypto.js";
import { chacha20Mask } from "./chacha20.js";

const OPTIONS = { authTagLength: TAG_BYTES };

/** The AEAD of OpenSSL. */
export function nodeAead(): Aead {
  return { seal, sealParts, open, chacha20Mask };
}

function seal(
  key: Uint8Array,
  nonce: Uint8Array,
  associatedData: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const { ciphertext, tag } = sealParts(key, nonce, associatedData, plaintext);
  return Buffer.concat([ciphertext, tag]);
}

function sealParts(
  key: Uint8Array,
  nonce: Uint8Array,
  associatedData: Uint8Array,
  plaintext: Uint8Array,
): SealedParts {
  assertKeyAndNonce(key, nonce);
  const cipher = createCipheriv("chacha20-poly1305", key, nonce, OPTIONS);
  cipher.setAAD(associatedData, { plaintextLength: plaintext.length });
  const ciphertext = cipher.update(plaintext);
  cipher.final();
  return { ciphertext, tag: cipher.getAuthTag() };
}

function open(
  key: Uint8Array,
  nonce: Uint8Array,
  associatedData: Uint8Array,
  sealed: Uint8Array,
): Uint8Array<ArrayBuffer> {
  assertKeyAndNonce(key, nonce);
  assertTagFits(sealed);
  const length = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv("chacha20-poly1305", key, nonce, OPTIONS);
  decipher.setAAD(associatedData, { plaintextLength: length });
  decipher.setAuthTag(sealed.subarray(length));
  const plaintext = decipher.update(sealed.subarray(0, length));
  try {
    decipher.final();
  } catch (cause) {
    plaintext.fill(0);
    throw tagMismatch(cause);
  }
  return plaintext;
}
