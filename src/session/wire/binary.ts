import { packWire, unpackWire, type AlgorithmName } from "../../codec/index.js";
import { concatBytes } from "../../shared/bytes.js";
import { FormatError, UnsupportedError } from "../../shared/errors.js";
import { decodeUtf8, encodeUtf8 } from "../../shared/utf8.js";
import { tryReadVarint, varintSize, writeVarint, type Cursor } from "../../shared/varint.js";
import { MAILBOX_ID } from "../mailbox.js";
import type { DataMessage, Delivery, SecurityStatus } from "../message.js";

/** DATA as bytes, for connections that know their session and carry bytes (docs/spec/transport.md, binary frames). */
const FORM = 1;
const FORM_OFFSET = 0;
const FLAGS_OFFSET = 1;
const ALGORITHM_OFFSET = 2;
const TIMESTAMP_OFFSET = 3;
const HEADER_BYTES = 9;

/** Bits of the flags, in the order of the fields behind the header. */
const HAS_SEQUENCE = 1;
const HAS_ACK = 2;
const HAS_CURSOR = 4;
const HAS_SIZE = 8;
const HAS_SECURITY = 16;
const KNOWN_FLAGS = 31;

/** Bits of the first byte of the security status. */
const SCANNED = 1;
const SAFE = 2;
const HAS_CONFIDENCE = 4;
const HAS_THREAT_TYPE = 8;
const KNOWN_STATUS = 15;

const MAX_THREAT_TYPE_LENGTH = 128;
const CONFIDENCE_BYTES = 8;
const U32 = 2 ** 32;
const MAX_TIMESTAMP = 2 ** 48 - 1;

/** By the number that stands for each. */
const ALGORITHMS: readonly AlgorithmName[] = ["none", "token", "token-native", "brotli", "m2m", "dictionary"];

/** Whether a binary frame can say all that the message says: it has no place for a refusal or a window. */
export function fitsBinary({ algorithm, delivery, originalBytes = 0 }: DataMessage): boolean {
  return (
    ALGORITHMS.includes(algorithm) &&
    originalBytes < U32 &&
    delivery?.rejection === undefined &&
    delivery?.window === undefined
  );
}

/**
 * A DATA message as bytes, its wire without base64. The session is not in it.
 * @throws {FormatError} if the opening or the base64 of the wire is malformed
 */
export function writeBinaryData(message: DataMessage): Uint8Array {
  const { algorithm, content, timestampMs, originalBytes, security, delivery = {} } = message;
  const { sequence, ack, cursor } = delivery;
  const header = new Uint8Array(HEADER_BYTES);
  header[FORM_OFFSET] = FORM;
  header[FLAGS_OFFSET] =
    (sequence === undefined ? 0 : HAS_SEQUENCE) |
    (ack === undefined ? 0 : HAS_ACK) |
    (cursor === undefined ? 0 : HAS_CURSOR) |
    (originalBytes === undefined ? 0 : HAS_SIZE) |
    (security === undefined ? 0 : HAS_SECURITY);
  header[ALGORITHM_OFFSET] = ALGORITHMS.indexOf(algorithm);
  const timestamp = Math.min(timestampMs, MAX_TIMESTAMP);
  const view = new DataView(header.buffer);
  view.setUint16(TIMESTAMP_OFFSET, Math.floor(timestamp / U32));
  view.setUint32(TIMESTAMP_OFFSET + 2, timestamp % U32);
  return concatBytes([
    header,
    ...numbers(sequence, ack),
    ...(cursor === undefined ? [] : counted(cursor)),
    ...numbers(originalBytes),
    ...(security ? statusParts(security) : []),
    packWire(algorithm, content),
  ]);
}

/**
 * Reads one binary frame. Every byte means something, and each message has one spelling but for its wire.
 * @param sessionId the session of the connection
 * @throws {FormatError} `M2M_MESSAGE_INVALID`, `M2M_UTF8_INVALID`; those of the wire's opening
 * @throws {UnsupportedError} `M2M_MESSAGE_TYPE_UNSUPPORTED`, `M2M_ALGORITHM_UNSUPPORTED`
 */
export function readBinaryData(frame: Uint8Array, sessionId: string): DataMessage {
  if (frame.length < HEADER_BYTES) throw invalid("it has no whole header");
  if (frame[FORM_OFFSET] !== FORM) {
    throw new UnsupportedError(
      "M2M_MESSAGE_TYPE_UNSUPPORTED",
      `This version has no binary frame of the form ${frame[FORM_OFFSET]}.`,
      { offset: FORM_OFFSET },
    );
  }
  const algorithm = ALGORITHMS[frame[ALGORITHM_OFFSET]];
  if (algorithm === undefined) {
    throw new UnsupportedError(
      "M2M_ALGORITHM_UNSUPPORTED",
      `There is no algorithm with the number ${frame[ALGORITHM_OFFSET]}.`,
      { offset: ALGORITHM_OFFSET },
    );
  }
  const flags = frame[FLAGS_OFFSET];
  if (flags > KNOWN_FLAGS) throw invalid("a reserved flag is set");
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  const cursor: Cursor = { offset: HEADER_BYTES };
  const delivery: Delivery = {
    ...(flags & HAS_SEQUENCE ? { sequence: readNumber(frame, cursor, "sequence", 1) } : {}),
    ...(flags & HAS_ACK ? { ack: readNumber(frame, cursor, "ack") } : {}),
    ...(flags & HAS_CURSOR ? { cursor: readCursor(frame, cursor) } : {}),
  };
  const size = flags & HAS_SIZE ? { originalBytes: readNumber(frame, cursor, "original size") } : {};
  const security = flags & HAS_SECURITY ? { security: readStatus(frame, view, cursor) } : {};
  return {
    type: "DATA",
    sessionId,
    algorithm,
    content: unpackWire(algorithm, frame.subarray(cursor.offset)),
    ...size,
    ...security,
    timestampMs: view.getUint16(TIMESTAMP_OFFSET) * U32 + view.getUint32(TIMESTAMP_OFFSET + 2),
    ...(Object.keys(delivery).length === 0 ? {} : { delivery }),
  };
}

function numbers(...values: readonly (number | undefined)[]): Uint8Array[] {
  return values
    .filter((value) => value !== undefined)
    .map((value) => {
      const bytes = new Uint8Array(varintSize(value));
      writeVarint(bytes, 0, value);
      return bytes;
    });
}

/** A text with its length in bytes in front. */
function counted(text: string): Uint8Array[] {
  const bytes = encodeUtf8(text);
  return [...numbers(bytes.length), bytes];
}

function statusParts({ scanned, safe, threatType, confidence }: SecurityStatus): Uint8Array[] {
  const bits =
    (scanned ? SCANNED : 0) |
    (safe ? SAFE : 0) |
    (confidence === undefined ? 0 : HAS_CONFIDENCE) |
    (threatType === undefined ? 0 : HAS_THREAT_TYPE);
  const score = new Uint8Array(CONFIDENCE_BYTES);
  if (confidence !== undefined) new DataView(score.buffer).setFloat64(0, confidence);
  return [
    Uint8Array.of(bits),
    ...(confidence === undefined ? [] : [score]),
    ...(threatType === undefined ? [] : counted(threatType)),
  ];
}

function readStatus(frame: Uint8Array, view: DataView, cursor: Cursor): SecurityStatus {
  const bits = take(frame, cursor, 1, "security status")[0];
  if (bits > KNOWN_STATUS) throw invalid("a reserved bit of the security status is set");
  const status = { scanned: (bits & SCANNED) !== 0, safe: (bits & SAFE) !== 0 };
  let confidence: number | undefined;
  if (bits & HAS_CONFIDENCE) {
    take(frame, cursor, CONFIDENCE_BYTES, "confidence");
    confidence = view.getFloat64(cursor.offset - CONFIDENCE_BYTES);
    if (!(confidence >= 0 && confidence <= 1)) throw invalid("the confidence is not from 0 to 1");
  }
  const threatType = bits & HAS_THREAT_TYPE ? readText(frame, cursor, "threat type") : undefined;
  if (threatType !== undefined && threatType.length > MAX_THREAT_TYPE_LENGTH) {
    throw invalid(`the threat type has more than ${MAX_THREAT_TYPE_LENGTH} characters`);
  }
  return {
    ...status,
    ...(threatType === undefined ? {} : { threatType }),
    ...(confidence === undefined ? {} : { confidence }),
  };
}

function readCursor(frame: Uint8Array, cursor: Cursor): string {
  const text = readText(frame, cursor, "cursor");
  if (!MAILBOX_ID.test(text)) throw invalid("the cursor is no id of a mailbox");
  return text;
}

function readText(frame: Uint8Array, cursor: Cursor, what: string): string {
  return decodeUtf8(take(frame, cursor, readNumber(frame, cursor, what), what));
}

function readNumber(frame: Uint8Array, cursor: Cursor, what: string, least = 0): number {
  const value = tryReadVarint(frame, cursor);
  if (value === undefined || value < least) throw invalid(`there is no ${what}`);
  return value;
}

/** The next bytes. A length that is declared is checked before anything is made of it. */
function take(frame: Uint8Array, cursor: Cursor, lengthBytes: number, what: string): Uint8Array {
  const end = cursor.offset + lengthBytes;
  if (end > frame.length) throw invalid(`it ends inside the ${what}`);
  const bytes = frame.subarray(cursor.offset, end);
  cursor.offset = end;
  return bytes;
}

function invalid(why: string): FormatError {
  return new FormatError("M2M_MESSAGE_INVALID", `The binary frame is malformed: ${why}.`);
}
