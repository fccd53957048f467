/** AI-TCP: secure sessions between agents over any ordered stream of bytes (docs/spec/aitcp.md). */
export {
  AiTcpSession,
  connectAiTcp,
  createAiTcpServer,
  DEFAULT_AITCP_PORT,
  formatAddress,
  parseAiTcpAddress,
  StreamOutbox,
  type AiTcpAddress,
  type AiTcpConnectOptions,
  type AiTcpReconnectOptions,
  type AiTcpServer,
  type AiTcpServerLimits,
  type AiTcpServerOptions,
  type AiTcpSettings,
  type OpenTranscript,
  type TranscriptSink,
} from "./api/index.js";
export type { ByteStream } from "./connection/index.js";
export { nodeCrypto, type AiTcpCrypto } from "./crypto/index.js";
export {
  fingerprint,
  formatIdentity,
  generateIdentity,
  Identity,
  identityFromSeed,
  issueCertificate,
  IdentityList,
  KnownPeers,
  parseCertificate,
  parseIdentity,
  readKeyFile,
  TrustPolicy,
  writeKeyFile,
  type Certificate,
  type KeyFormat,
  type TrustDecision,
  type TrustOptions,
  type TrustReason,
} from "./identity/index.js";
export { inspectPackets, type InspectedPacket, type Packet, type PacketState } from "./packet/index.js";
export type { AiTcpAgreement, AiTcpPeer } from "./handshake/index.js";
export type { AiTcpStore, AiTcpStream, ReceiveOptions, SendOptions } from "./session/index.js";
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
