/** The frames of a record: bytes to values and back (docs/spec/aitcp.md, Records). */
export {
  FRAME,
  MAX_CLOSE_TEXT_BYTES,
  MAX_TURN_END_BYTES,
  PING_BYTES,
  type AckFrame,
  type CloseFrame,
  type CreditAllFrame,
  type CreditFrame,
  type EndFrame,
  type Frame,
  type MessageFrame,
  type PingFrame,
  type PongFrame,
  type ResetDoneFrame,
  type ResetFrame,
  type ResumedAllFrame,
  type ResumedFrame,
  type StreamFrame,
  type TicketFrame,
  type TurnEnd,
} from "./frames.js";
export { readRecord, type RecordContent } from "./read.js";
export { MAX_VARINT53_BYTES, tryReadVarint53, varint53Size, writeVarint53 } from "./varint53.js";
export { messageHeaderBytes, RecordWriter } from "./write.js";
