import { diffieHellman, generateKeyPairSync, timingSafeEqual, type KeyObject } from "node:crypto";
import { IntegrityError } from "../../../shared/errors.js";
import { KEY_BYTES } from "../sizes.js";
import type { X25519KeyPair } from "./ai-tcp-crypto.js";
import { exportPublicKey, importPrivateKey, importPublicKey, publicKeyOf } from "./key-objects.js";
import { LastUsed } from "./last-used.js";

/** Handshakes under way at a time, about. */
const MAX_PEERS = 64;
/** Peers that come back: 200 bytes each. */
const MAX_STATIC_SECRETS = 1024;

/** X25519 of OpenSSL. It keeps the imported public keys of the last peers: a handshake needs each of them twice. */
export class NodeX25519 {
  readonly #peers = new LastUsed<KeyObject>(MAX_PEERS);

  /** A new pair: OpenSSL makes one in a tenth of the time in which it imports random bytes as a private key. */
  generate(): X25519KeyPair {
    const { privateKey, publicKey } = generateKeyPairSync("x25519");
    return new NodeX25519KeyPair(this.#peers, privateKey, exportPublicKey(publicKey));
  }

  /** The pair of a private key. @throws {InputError} `M2M_KEY_INVALID` if there are not 32 bytes */
  keyPair(bytes: Uint8Array): X25519KeyPair {
    const privateKey = importPrivateKey("X25519", bytes);
    return new NodeX25519KeyPair(this.#peers, privateKey, publicKeyOf(privateKey));
  }
}

class NodeX25519KeyPair implements X25519KeyPair {
  readonly publicKey: Uint8Array;
  readonly #peers: LastUsed<KeyObject>;
  readonly #privateKey: KeyObject;
  /** Of static peers. */
  #secrets: LastUsed<Uint8Array> | undefined;

  constructor(peers: LastUsed<KeyObject>, privateKey: KeyObject, publicKey: Uint8Array) {
    this.#peers = peers;
    this.#privateKey = privateKey;
    this.publicKey = publicKey;
  }

  agreeStatic(publicKey: Uint8Array): Uint8Array {
    this.#secrets ??= new LastUsed(MAX_STATIC_SECRETS, (secret) => secret.fill(0));
    return Uint8Array.from(this.#secrets.get(nameOf(publicKey), () => this.agree(publicKey)));
  }

  agree(publicKey: Uint8Array): Uint8Array {
    const peer = this.#peers.get(nameOf(publicKey), () => importPublicKey("X25519", publicKey));
    let secret: Uint8Array;
    try {
      secret = diffieHellman({ privateKey: this.#privateKey, publicKey: peer });
    } catch (cause) {
      // OpenSSL refuses a result of zero by itself, and nothing else of two good keys.
      throw zeroSecret(cause);
    }
    if (timingSafeEqual(secret, new Uint8Array(KEY_BYTES))) throw zeroSecret();
    return secret;
  }
}

/** A key of a map. */
function nameOf(publicKey: Uint8Array): string {
  return Buffer.from(publicKey.buffer, publicKey.byteOffset, publicKey.length).toString("latin1");
}

function zeroSecret(cause?: unknown): IntegrityError {
  return new IntegrityError(
    "M2M_AUTHENTICATION_FAILED",
    "The peer's X25519 key is of small order: the secret would be zero.",
    { cause },
  );
}
