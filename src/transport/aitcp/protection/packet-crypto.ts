/** What the protection of packets needs of the primitives. */
export interface PacketCrypto {
  /** ChaCha20-Poly1305 (RFC 8439, 2.8): the ciphertext and the tag, 16 bytes. */
  sealParts(
    key: Uint8Array,
    nonce: Uint8Array,
    associatedData: Uint8Array,
    plaintext: Uint8Array,
  ): { readonly ciphertext: Uint8Array; readonly tag: Uint8Array };
  /** What `sealParts` was given; `sealed` is the ciphertext and behind it the tag. @throws {IntegrityError} `M2M_AUTHENTICATION_FAILED` */
  open(key: Uint8Array, nonce: Uint8Array, associatedData: Uint8Array, sealed: Uint8Array): Uint8Array;
  /**
   * The first bytes of ChaCha20's key stream (RFC 8439, 2.4).
   * @param counterAndNonce the first block's counter (4 bytes, little-endian; 0 follows the last), then the nonce (12)
   * @param target gets them, at its front
   */
  chacha20Mask(
    key: Uint8Array,
    counterAndNonce: Uint8Array,
    length: number,
    target: Uint8Array<ArrayBuffer>,
  ): Uint8Array;
  /** RFC 5869, 2.3, with SHA-256. */
  hkdfExpand(pseudorandomKey: Uint8Array, info: string, length: number): Uint8Array;
}
