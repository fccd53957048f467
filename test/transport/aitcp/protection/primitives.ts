import { chacha20, chacha20poly1305 } from "@noble/ciphers/chacha.js";
import { expand } from "@noble/hashes/hkdf.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { createCipheriv, createDecipheriv, createHmac } from "node:crypto";
import { IntegrityError } from "../../../../src/shared/errors.js";
import type { PacketCrypto } from "../../../../src/transport/aitcp/protection/index.js";

/** What the page calls sealing, which `sealParts` is to be equal to. */
type Seal = (
  key: Uint8Array,
  nonce: Uint8Array,
  associatedData: Uint8Array,
  plaintext: Uint8Array,
) => Uint8Array;
export type SlowCrypto = PacketCrypto & { readonly seal: Seal };

function withParts(crypto: Omit<SlowCrypto, "sealParts">): SlowCrypto {
  return {
    ...crypto,
    sealParts(key, nonce, associatedData, plaintext) {
      const sealed = crypto.seal(key, nonce, associatedData, plaintext);
      return { ciphertext: sealed.subarray(0, plaintext.length), tag: sealed.subarray(plaintext.length) };
    },
  };
}

/** The primitives of OpenSSL. */
export const openSsl = withParts({
  seal(key, nonce, associatedData, plaintext) {
    const cipher = createCipheriv("chacha20-poly1305", key, nonce, { authTagLength: 16 });
    cipher.setAAD(associatedData, { plaintextLength: plaintext.length });
    const sealed = cipher.update(plaintext);
    cipher.final();
    return Buffer.concat([sealed, cipher.getAuthTag()]);
  },
  open(key, nonce, associatedData, sealed) {
    const length = sealed.length - 16;
    const decipher = createDecipheriv("chacha20-poly1305", key, nonce, { authTagLength: 16 });
    decipher.setAAD(associatedData, { plaintextLength: length });
    decipher.setAuthTag(sealed.subarray(length));
    const plaintext = decipher.update(sealed.subarray(0, length));
    try {
      decipher.final();
    } catch (cause) {
      throw new IntegrityError("M2M_AUTHENTICATION_FAILED", "The tag is not that of the packet.", { cause });
    }
    return plaintext;
  },
  chacha20Mask(key, counterAndNonce, length, target) {
    target.set(createCipheriv("chacha20", key, counterAndNonce).update(new Uint8Array(length)));
    return target;
  },
  hkdfExpand(pseudorandomKey, info, length) {
    // One block is enough for what is derived here (RFC 5869, 2.3).
    const block = createHmac("sha256", pseudorandomKey).update(info).update(Uint8Array.of(1)).digest();
    return block.subarray(0, length);
  },
});

/** The same by @noble, which shares no code with OpenSSL. */
export const noble = withParts({
  seal: (key, nonce, associatedData, plaintext) =>
    chacha20poly1305(key, nonce, associatedData).encrypt(Uint8Array.from(plaintext)),
  open(key, nonce, associatedData, sealed) {
    try {
      return chacha20poly1305(key, nonce, associatedData).decrypt(Uint8Array.from(sealed));
    } catch (cause) {
      throw new IntegrityError("M2M_AUTHENTICATION_FAILED", "The tag is not that of the packet.", { cause });
    }
  },
  chacha20Mask(key, counterAndNonce, length, target) {
    const counter = Buffer.from(counterAndNonce).readUInt32LE(0);
    const nonce = Uint8Array.from(counterAndNonce.subarray(4));
    target.set(chacha20(key, nonce, new Uint8Array(length), undefined, counter));
    return target;
  },
  hkdfExpand: (pseudorandomKey, info, length) => expand(sha256, pseudorandomKey, Buffer.from(info), length),
});
