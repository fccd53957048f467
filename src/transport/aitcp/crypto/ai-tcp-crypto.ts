/** The primitives of AI-TCP. Tests inject fixed keys through it, and an accelerator replaces a part of it. */
export interface AiTcpCrypto extends Aead {
  randomBytes(length: number): Uint8Array;
  /** A new pair. */
  generateX25519(): X25519KeyPair;
  /** The pair of a private key of 32 bytes. @throws {InputError} `M2M_KEY_INVALID` for another length */
  x25519KeyPair(privateKey: Uint8Array): X25519KeyPair;
  /** The pair of a seed of 32 bytes (RFC 8032, 5.1.5). @throws {InputError} `M2M_KEY_INVALID` for another length */
  ed25519KeyPair(seed: Uint8Array): Ed25519KeyPair;
  /** Whether `signature` is `publicKey`'s of `message`; a key or a signature of a wrong length is never right. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
  sha256(message: Uint8Array): Uint8Array;
  /** SHA-256 of a message that comes in parts. */
  createSha256(): IncrementalHash;
  /** HMAC-SHA-256 (RFC 2104), 32 bytes. */
  hmac(key: Uint8Array, message: Uint8Array): Uint8Array;
  /** RFC 5869, 2.2, with SHA-256: 32 bytes. */
  hkdfExtract(salt: Uint8Array, keyMaterial: Uint8Array): Uint8Array;
  /**
   * RFC 5869, 2.3, with SHA-256.
   * @param info a text stands for its bytes in UTF-8
   * @throws {RangeError} for more than 8,160 bytes
   */
  hkdfExpand(pseudorandomKey: Uint8Array, info: string | Uint8Array, length: number): Uint8Array;
}

/** ChaCha20-Poly1305 (RFC 8439, 2.8) and the ChaCha20 below it. Nothing is kept between calls. */
export interface Aead {
  /**
   * @param key 32 bytes
   * @param nonce 12 bytes, never twice with a key
   * @returns the ciphertext and behind it the tag, 16 bytes
   * @throws {RangeError} for a key or nonce of another length
   */
  seal(
    key: Uint8Array,
    nonce: Uint8Array,
    associatedData: Uint8Array,
    plaintext: Uint8Array,
  ): Uint8Array<ArrayBuffer>;
  /**
   * As `seal`, in two parts, each in memory of its own: a long ciphertext is copied no further.
   * @throws {RangeError} as `seal`
   */
  sealParts(
    key: Uint8Array,
    nonce: Uint8Array,
    associatedData: Uint8Array,
    plaintext: Uint8Array,
  ): SealedParts;
  /**
   * The plaintext of what `seal` has returned, in memory of its own.
   * @throws {IntegrityError} `M2M_AUTHENTICATION_FAILED`
   * @throws {RangeError} for a key or nonce of another length
   */
  open(
    key: Uint8Array,
    nonce: Uint8Array,
    associatedData: Uint8Array,
    sealed: Uint8Array,
  ): Uint8Array<ArrayBuffer>;
  /**
   * The first bytes of ChaCha20's key stream (RFC 8439, 2.4).
   * @param counterAndNonce the first block's counter (4 bytes, little-endian; 0 follows the last), then the nonce (12)
   * @param target gets them, at its front; default: new memory
   * @throws {RangeError} for a key or `counterAndNonce` of another length
   */
  chacha20Mask(
    key: Uint8Array,
    counterAndNonce: Uint8Array,
    length: number,
    target?: Uint8Array<ArrayBuffer>,
  ): Uint8Array<ArrayBuffer>;
}

export interface SealedParts {
  /** As long as the plaintext. */
  readonly ciphertext: Uint8Array;
  /** 16 bytes. */
  readonly tag: Uint8Array;
}

/** X25519 (RFC 7748). The private key stays inside. */
export interface X25519KeyPair {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /**
   * The secret that is shared with the owner of `publicKey`, 32 bytes.
   * @throws {IntegrityError} `M2M_AUTHENTICATION_FAILED` if it is zero: anybody would know it (RFC 7748, 6.1)
   * @throws {InputError} `M2M_KEY_INVALID` for a key that is not of 32 bytes
   */
  agree(publicKey: Uint8Array): Uint8Array;
  /**
   * As `agree`, for two keys that stay: the secret is kept for the next time, as long as the pair is and others do not take its place. It is as
   * secret as the private key.
   */
  agreeStatic(publicKey: Uint8Array): Uint8Array;
}

/** Ed25519 (RFC 8032). The private key stays inside. */
export interface Ed25519KeyPair {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** The signature, 64 bytes. */
  sign(message: Uint8Array): Uint8Array;
}

export interface IncrementalHash {
  update(bytes: Uint8Array): void;
  /** The hash, 32 bytes. Nothing may be added afterwards. */
  digest(): Uint8Array;
}
