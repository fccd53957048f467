import { requireNodeModule } from "../../shared/platform.js";
import { authenticationFailed } from "./errors.js";
import { AEAD_NONCE_BYTES, AEAD_TAG_BYTES } from "./layout.js";

/** The primitives that secured frames need. Passed in, so that tests can fix the nonce. */
export interface FrameCrypto {
  /** HMAC-SHA256 (RFC 2104), 32 bytes. */
  hmac(key: Uint8Array, data: Uint8Array): Uint8Array;
  /** Whether `a` and `b` are equal, in time that depends on their lengths only. */
  equal(a: Uint8Array, b: Uint8Array): boolean;
  /** A fresh 96-bit nonce. It must never repeat under one key. */
  nonce(): Uint8Array;
  /** ChaCha20-Poly1305 (RFC 8439): ciphertext followed by the 16-byte tag. */
  seal(key: Uint8Array, nonce: Uint8Array, plaintext: Uint8Array, associatedData: Uint8Array): Uint8Array;
  /** The plaintext of what `seal` made. @throws {IntegrityError} `M2M_AUTHENTICATION_FAILED` */
  open(key: Uint8Array, nonce: Uint8Array, sealed: Uint8Array, associatedData: Uint8Array): Uint8Array;
}

const CIPHER = "chacha20-poly1305";

/**
 * The primitives of `node:crypto`, with random nonces: no counter can be rolled back by a restart, and 2^32 frames
 * under one key keep the chance of a repeated nonce below 2^-32.
 * @throws {UnsupportedError} `M2M_PLATFORM_UNSUPPORTED` outside Node
 */
export function createNodeFrameCrypto(): FrameCrypto {
  const crypto = requireNodeModule("crypto", "A secured frame");
  return {
    hmac: (key, data) => crypto.createHmac("sha256", key).update(data).digest(),
    equal: (a, b) => a.length === b.length && crypto.timingSafeEqual(a, b),
    nonce: () => crypto.randomBytes(AEAD_NONCE_BYTES),
    seal(key, nonce, plaintext, associatedData) {
      const cipher = crypto.createCipheriv(CIPHER, key, nonce, { authTagLength: AEAD_TAG_BYTES });
      cipher.setAAD(associatedData, { plaintextLength: plaintext.length });
      return Buffer.concat([cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
    },
    open(key, nonce, sealed, associatedData) {
      const end = sealed.length - AEAD_TAG_BYTES;
      const cipher = crypto.createDecipheriv(CIPHER, key, nonce, { authTagLength: AEAD_TAG_BYTES });
      cipher.setAAD(associatedData, { plaintextLength: end });
      cipher.setAuthTag(sealed.subarray(end));
      const plaintext = cipher.update(sealed.subarray(0, end));
      try {
        // Nothing of the plaintext leaves before the tag is verified.
        return Buffer.concat([plaintext, cipher.final()]);
      } catch {
        throw authenticationFailed();
      }
    },
  };
}
