export type {
  Aead,
  AiTcpCrypto,
  Ed25519KeyPair,
  IncrementalHash,
  SealedParts,
  X25519KeyPair,
} from "./ai-tcp-crypto.js";
export { HASH_BYTES, KEY_BYTES, NONCE_BYTES, SIGNATURE_BYTES, TAG_BYTES } from "../sizes.js";
export { pkcs8Of } from "./pkcs8.js";
export { nodeAead } from "./node-aead.js";
export { nodeCrypto } from "./node-crypto.js";
export { loadSodiumAead, type SodiumLoader } from "./sodium-aead.js";
