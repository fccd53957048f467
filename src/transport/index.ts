/** AI-TCP: secure sessions between agents over any ordered stream of bytes (docs/spec/aitcp.md). */
export { nodeCrypto, type AiTcpCrypto } from "./aitcp/crypto/index.js";
export {
  fingerprint,
  formatIdentity,
  generateIdentity,
  Identity,
  identityFromSeed,
  issueCertificate,
  parseIdentity,
  readKeyFile,
  writeKeyFile,
  type KeyFormat,
} from "./aitcp/identity/index.js";
