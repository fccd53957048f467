/** AI-TCP: secure sessions between agents over any ordered stream of bytes (docs/spec/aitcp.md). */
export {
  AiTcpSession,
  connectAiTcp,
  createAiTcpServer,
  DEFAULT_AITCP_PORT,
  parseAiTcpAddress,
  type AiTcpConnectOptions,
  type AiTcpServer,
  type AiTcpServerOptions,
  type AiTcpSettings,
} from "./api/index.js";
export { nodeCrypto, type AiTcpCrypto } from "./crypto/index.js";
export {
  fingerprint,
  formatIdentity,
  generateIdentity,
  Identity,
  identityFromSeed,
  issueCertificate,
  KnownPeers,
  parseIdentity,
  readKeyFile,
  TrustPolicy,
  writeKeyFile,
  type KeyFormat,
} from "./identity/index.js";
export { inspectPackets, type InspectedPacket, type Packet, type PacketState } from "./packet/index.js";
export type { AiTcpStore, AiTcpStream } from "./session/index.js";
export {
  verifyTranscript,
  type Receipt,
  type Role as TranscriptRole,
  type SideReport,
  type TranscriptFailure,
  type TranscriptMessage,
  type TranscriptReport,
  type VerifyTranscriptOptions,
} from "./turn/index.js";
