export {
  CERTIFICATE_BYTES,
  checkCertificate,
  issueCertificate,
  parseCertificate,
  type Certificate,
  type CertificateState,
} from "./certificate.js";
export { generateIdentity, Identity, identityFromSeed } from "./identity.js";
export { IdentityList } from "./identity-list.js";
export { decodeKey, encodeKey, type KeyFormat } from "./key-encoding.js";
export { readKeyFile, writeKeyFile, type KeyFileContent, type WriteKeyOptions } from "./key-file.js";
export { KnownPeers, type KnownPeer } from "./known-peers.js";
export { fingerprint, formatIdentity, isSameIdentity, parseIdentity } from "./public-identity.js";
export { TrustPolicy, type TrustDecision, type TrustOptions, type TrustReason } from "./trust.js";
