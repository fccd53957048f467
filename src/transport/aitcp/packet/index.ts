/** Packets of AI-TCP as bytes: one form, written and checked; and the FlatBuffers that are not bound to it. */
export {
  readEphemeralSession,
  writeEphemeralSession,
  type EphemeralSessionFields,
} from "./ephemeral-session.js";
export { inspectPackets, type InspectedPacket, type PacketState } from "./inspect.js";
export {
  aligned,
  DATA_PREFIX_BYTES,
  EPHEMERAL_KEY_BYTES,
  EPHEMERAL_KEY_OFFSET,
  HEADER_BYTES,
  HEADER_OFFSET,
  LAST_LENGTH_OFFSET,
  MAX_PACKET_BYTES,
  MAX_RECORD_BYTES,
  MAX_SEALED_BYTES,
  NONCE_BYTES,
  NONCE_OFFSET,
  SEQUENCE_BYTES,
  SEQUENCE_OFFSET,
  SIGNATURE_BYTES,
  SIGNATURE_OFFSET,
  SIZE_PREFIX_BYTES,
  TAG_BYTES,
} from "./layout.js";
export {
  PACKET_KINDS,
  type DataPacket,
  type HandshakePacket,
  type Packet,
  type PacketKind,
} from "./packet.js";
export { PacketReader, type PacketTaker } from "./packet-reader.js";
export { checkPacket, readPacket, type PacketShape } from "./read.js";
export { AITCP_PACKET, EPHEMERAL_SESSION, type TableSchema } from "./schema.js";
export { verifyTable, type Span, type VerifiedTable, type VerifyOptions } from "./verifier.js";
export { packetBytes, writePacket } from "./write.js";
