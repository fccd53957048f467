import { createPrivateKey, createPublicKey, type KeyObject } from "node:crypto";
import { InputError } from "../../../shared/errors.js";
import { KEY_BYTES } from "../sizes.js";
import { pkcs8Of, type Curve } from "./pkcs8.js";

/**
 * Imports a public key. As a JWK, because that takes 6 µs and as SPKI it takes 87 (OpenSSL 3 starts its general decoder).
 * @throws {InputError} `M2M_KEY_INVALID` if there are not 32 bytes
 */
export function importPublicKey(curve: Curve, bytes: Uint8Array): KeyObject {
  assertKeyLength(bytes);
  const x = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64url");
  return createPublicKey({ key: { kty: "OKP", crv: curve, x }, format: "jwk" });
}

/**
 * Imports a private key. As PKCS#8, because a JWK must have the public key too, which is not known yet.
 * @throws {InputError} `M2M_KEY_INVALID` if there are not 32 bytes
 */
export function importPrivateKey(curve: Curve, bytes: Uint8Array): KeyObject {
  assertKeyLength(bytes);
  const key = pkcs8Of(curve, bytes);
  try {
    return createPrivateKey({
      key: Buffer.from(key.buffer, key.byteOffset, key.length),
      format: "der",
      type: "pkcs8",
    });
  } finally {
    key.fill(0);
  }
}

/** The 32 bytes of a public key. */
export function exportPublicKey(key: KeyObject): Uint8Array {
  return Buffer.from(key.export({ format: "jwk" }).x as string, "base64url");
}

/** The public key that belongs to a private one. */
export function publicKeyOf(privateKey: KeyObject): Uint8Array {
  return exportPublicKey(createPublicKey(privateKey));
}

function assertKeyLength(bytes: Uint8Array): void {
  if (bytes.length === KEY_BYTES) return;
  throw new InputError("M2M_KEY_INVALID", `A key has ${KEY_BYTES} bytes; this one has ${bytes.length}.`);
}
