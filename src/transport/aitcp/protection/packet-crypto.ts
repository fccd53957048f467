/** What the protection of packets needs of the primitives. */
export interface PacketCrypto {
  /** ChaCha20-Poly1305 (RFC 8439, 2.8). @returns the ciphertext and behind it the tag, 16 bytes */
  seal(key: Uint8Array, nonce: Uint8Array, associatedData: Uint8Array, plaintext: Uint8Array): Uint8Array;
  /** What `seal` was given. @throws {IntegrityError} `M2M_AUTHENTICATION_FAILED` */
  open(key: Uint8Array, nonce: Uint8Array, associatedData: Uint8Array, sealed: Uint8Array): Uint8Array;
  /**
   * The first bytes of ChaCha20's key stream (RFC 8439, 2.4).
   * @param counterAndNonce the first block's counter (4 bytes, little-endian; 0 follows the last), then the nonce (12)
   */
  chacha20Mask(key: Uint8Array, counterAndNonce: Uint8Array, length: number): Uint8Array;
  /** RFC 5869, 2.3, with SHA-256. */
  hkdfExpand(pseudorandomKey: Uint8Array, info: string, length: number): Uint8Array;
}
