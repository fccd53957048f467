import { createCipheriv, createDecipheriv } from "node:crypto";
import { assertKeyAndNonce, assertTagFits, tagMismatch } from "./aead-arguments.js";
import { TAG_BYTES, type Aead } from "./ai-tcp-crypto.js";
import { wrappingMask } from "./key-stream.js";

const OPTIONS = { authTagLength: TAG_BYTES };

/** The AEAD of OpenSSL. */
export function nodeAead(): Aead {
  return { seal, open, chacha20Mask: wrappingMask(keyStream) };
}

function seal(
  key: Uint8Array,
  nonce: Uint8Array,
  associatedData: Uint8Array,
  plaintext: Uint8Array,
): Uint8Array<ArrayBuffer> {
  assertKeyAndNonce(key, nonce);
  const cipher = createCipheriv("chacha20-poly1305", key, nonce, OPTIONS);
  cipher.setAAD(associatedData, { plaintextLength: plaintext.length });
  const ciphertext = cipher.update(plaintext);
  cipher.final();
  return Buffer.concat([ciphertext, cipher.getAuthTag()]);
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

function keyStream(key: Uint8Array, counterAndNonce: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  // Node's name for the stream alone. Its iv is counter and nonce together.
  const cipher = createCipheriv("chacha20", key, counterAndNonce);
  return cipher.update(new Uint8Array(length));
}
