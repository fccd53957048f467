/** Sessions between agents: messages, negotiation, keep-alive, DATA. Values in and values out; connections are others' business. */
export {
  DEFAULT_AGENT_TYPE,
  defaultAlgorithms,
  type Capabilities,
  type CapabilityOptions,
  type CompressionCapabilities,
  type SecurityCapabilities,
} from "./capabilities.js";
export {
  dictionaryExtensions,
  HISTORY_EXTENSION,
  HISTORY_WINDOW,
  namedPriors,
  usesHistory,
} from "./dictionary-extensions.js";
export type { RandomBytes } from "./ids.js";
export { LinkHistory } from "./link-history.js";
export { DEFAULT_TIMING, type ExpiryReason, type SessionTiming } from "./liveness.js";
export {
  SESSION_EVENTS,
  SESSION_STATES,
  TRANSITIONS,
  type Guard,
  type Role,
  type SessionEvent,
  type SessionState,
  type Transition,
} from "./machine.js";
export {
  compareMailboxIds,
  DEFAULT_READ_LIMIT,
  MAX_MAILBOX_SOURCES,
  parseMailboxId,
  type ChannelDirectory,
  type Mailbox,
  type MailboxEntry,
  type MailboxPutOptions,
  type MailboxReadOptions,
  type MailboxSource,
} from "./mailbox.js";
export { MemoryChannelDirectory, type MemoryChannelDirectoryOptions } from "./memory-channels.js";
export { MemoryMailbox, type MemoryMailboxOptions } from "./memory-mailbox.js";
export {
  MESSAGE_TYPES,
  REJECTION_CODES,
  type AcceptMessage,
  type CloseMessage,
  type DataMessage,
  type Delivery,
  type HelloMessage,
  type Message,
  type MessageType,
  type PingMessage,
  type PongMessage,
  type Rejection,
  type RejectionCode,
  type RejectMessage,
  type SecurityStatus,
  type SignalMessage,
} from "./message.js";
export {
  narrowCapabilities,
  negotiate,
  type AgreedSecurity,
  type Agreement,
  type Negotiation,
  type NegotiationPolicy,
} from "./negotiate.js";
export type { ContentRoom } from "./content-room.js";
export type { SessionEnvironment, SessionOptions } from "./options.js";
export type { SessionCodecOptions } from "./payload.js";
export type { ReceivedData, Reception, SendOptions } from "./reception.js";
export type { SessionEnd } from "./record.js";
export { mailboxFull, membersFull, sessionsFull } from "./refusals.js";
export { rejectionFor } from "./rejection.js";
export { Session } from "./session.js";
export type { SessionSnapshot } from "./snapshot.js";
export {
  assertKeepable,
  MemorySessionStore,
  type MemorySessionStoreOptions,
  type PutOptions,
  type SessionStore,
} from "./store.js";
export type { SessionCounters, Traffic } from "./traffic.js";
export { CHANNEL_EXTENSION, WEBSOCKET_BEARER_PREFIX, WEBSOCKET_SUBPROTOCOL } from "./transport-names.js";
export { fitsBinary, readBinaryData, writeBinaryData } from "./wire/binary.js";
export { MAX_SEQUENCE } from "./wire/delivery.js";
export {
  MAX_CONTROL_BYTES,
  maxDataMessageBytes,
  readMessage,
  writeMessage,
  type ReadMessageOptions,
} from "./wire/messages.js";
export { readTypedMessage, writeTypedMessage, type TypedMessage } from "./wire/typed.js";
export { PROTOCOL_VERSIONS, type ProtocolVersion } from "./wire/versions.js";
