export {
  HASH_BYTES,
  KEY_BYTES,
  NONCE_BYTES,
  SIGNATURE_BYTES,
  TAG_BYTES,
  type Aead,
  type AiTcpCrypto,
  type Ed25519KeyPair,
  type IncrementalHash,
  type SealedParts,
  type X25519KeyPair,
} from "./ai-tcp-crypto.js";
export { nodeAead } from "./node-aead.js";
export { nodeCrypto } from "./node-crypto.js";
export { loadSodiumAead, type SodiumLoader } from "./sodium-aead.js";
