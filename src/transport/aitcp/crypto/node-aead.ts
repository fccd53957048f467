import { createCipheriv, createDecipheriv } from "node:crypto";
import { assertKeyAndNonce, assertTagFits, tagMismatch } from "./aead-arguments.js";
import { TAG_BYTES, type Aead } from "./ai-tcp-crypto.js";
import { chacha20Mask } from "./chacha20.js";

const OPTIONS = { authTagLength: TAG_BYTES };

/** The AEAD of OpenSSL. */
export function nodeAead(): Aead {
  return { seal, sealInto, open, chacha20Mask };
}

function seal(
  key: Uint8Array,
  nonce: Uint8Array,
  associatedData: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const sealed = new Uint8Array(plaintext.length + TAG_BYTES);
  sealInto(key, nonce, associatedData, plaintext, sealed);
  return sealed;
}

function sealInto(
  key: Uint8Array,
  nonce: Uint8Array,
  associatedData: Uint8Array,
  plaintext: Uint8Array,
  target: Uint8Array,
): void {
  assertKeyAndNonce(key, nonce);
  const cipher = createCipheriv("chacha20-poly1305", key, nonce, OPTIONS);
  cipher.setAAD(associatedData, { plaintextLength: plaintext.length });
  target.set(cipher.update(plaintext));
  cipher.final();
  target.set(cipher.getAuthTag(), plaintext.length);
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
