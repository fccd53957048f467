/** Bytes of what the primitives take and give. */

/** A key of any of them, a public one too. */
export const KEY_BYTES = 32;
export const NONCE_BYTES = 12;
/** Of Poly1305 (RFC 8439). */
export const TAG_BYTES = 16;
export const HASH_BYTES = 32;
/** Of Ed25519. */
export const SIGNATURE_BYTES = 64;
