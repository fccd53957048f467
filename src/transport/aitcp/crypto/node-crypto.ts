import { createHash, hash, randomBytes } from "node:crypto";
import type { Aead, AiTcpCrypto, IncrementalHash } from "./ai-tcp-crypto.js";
import { ed25519KeyPair, verifyEd25519 } from "./ed25519.js";
import { hkdfExpandSha256, hmacSha256 } from "./hkdf.js";
import { nodeAead } from "./node-aead.js";
import { NodeX25519 } from "./x25519.js";

/** The primitives of `node:crypto`. @param aead takes the place of OpenSSL's, such as that of `loadSodiumAead` */
export function nodeCrypto(aead: Aead = nodeAead()): AiTcpCrypto {
  const x25519 = new NodeX25519();
  return {
    ...aead,
    randomBytes: (length) => randomBytes(length),
    generateX25519: () => x25519.generate(),
    x25519KeyPair: (privateKey) => x25519.keyPair(privateKey),
    ed25519KeyPair,
    verify: verifyEd25519,
    // A third of the time that a `Hash` object takes.
    sha256: (message) => hash("sha256", message, "buffer"),
    createSha256,
    hmac: (key, message) => hmacSha256(key, message),
    hkdfExtract: (salt, keyMaterial) => hmacSha256(salt, keyMaterial),
    hkdfExpand: hkdfExpandSha256,
  };
}

function createSha256(): IncrementalHash {
  const sha256 = createHash("sha256");
  return { update: (bytes) => void sha256.update(bytes), digest: () => sha256.digest() };
}
