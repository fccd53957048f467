/** A connection of AI-TCP: packets over a stream of bytes, the handshake on it, and records after that. */
export type { ByteStream } from "./byte-stream.js";
export { CLOSE_CODES, closeReasonOf, connectionLost, type CloseReason } from "./close-codes.js";
export { initiate, respond } from "./drive-handshake.js";
export { PacketPipe } from "./packet-pipe.js";
export type { LinkEnd, LinkOwner, RecordLinkOptions } from "./link-contract.js";
export { RecordLink } from "./record-link.js";
