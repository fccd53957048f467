import { DEFAULT_LIMITS } from "../../codec/index.js";
import { LimitError, UnsupportedError } from "../../shared/errors.js";
import { maxWireBytes } from "../../shared/limits.js";
import { quote } from "../../shared/quote.js";
import { utf8Length } from "../../shared/utf8.js";
import {
  MESSAGE_TYPES,
  type DataMessage,
  type Message,
  type MessageType,
  type SecurityStatus,
} from "../message.js";
import { MAX_NAME_LENGTH, MAX_VERSION_LENGTH, readCapabilities, writeCapabilities } from "./capabilities.js";
import { deliveryMembers, readDelivery } from "./delivery.js";
import { FieldReader } from "./fields.js";
import { parseBoundedJson } from "./json.js";
import { readRejection } from "./rejection.js";
import { commonVersion, findVersion, fromWire, toWire, type WireVersion } from "./versions.js";

/** Most bytes of a message that is no DATA. */
export const MAX_CONTROL_BYTES = 64 * 1024;
/** Most keys and values of a message: the largest that this package writes has under 300. */
const MAX_TOKENS = 4096;
const MAX_TYPE_LENGTH = 32;

/** Ids are opaque; they are keys of stores and parts of addresses, so they are plain. */
export const SESSION_ID = /^[\w.:~-]{1,128}$/;

/** Most bytes of a DATA message whose content has at most `maxPayloadBytes`: JSON writes some characters as six. */
export function maxDataMessageBytes(maxPayloadBytes: number): number {
  return 2 * maxWireBytes({ maxOutputBytes: maxPayloadBytes }) + MAX_CONTROL_BYTES;
}

export interface ReadMessageOptions {
  /** The agreed version, of which DATA has its names. Default 3.0. */
  readonly version?: string;
  /** Most bytes of DATA. Default: what a content of 16 MiB may need. Other messages have at most 64 KiB. */
  readonly maxMessageBytes?: number;
  /** The time of a message that has none, milliseconds since 1970. Default: it is refused. */
  readonly receivedAtMs?: number;
}

/**
 * Reads one message. Members that the format does not name are ignored; a member twice, a wrong type or a value out of range
 * is refused.
 * @throws {FormatError} `M2M_MESSAGE_INVALID`, `M2M_JSON_INVALID`, `M2M_UTF8_INVALID`
 * @throws {LimitError} `M2M_INPUT_TOO_LARGE`, `M2M_JSON_TOO_DEEP`
 * @throws {UnsupportedError} `M2M_MESSAGE_TYPE_UNSUPPORTED`, `M2M_ALGORITHM_UNSUPPORTED`
 */
export function readMessage(input: string | Uint8Array, options: ReadMessageOptions = {}): Message {
  const { maxMessageBytes = maxDataMessageBytes(DEFAULT_LIMITS.maxOutputBytes) } = options;
  const limits = {
    maxBytes: maxMessageBytes,
    maxDepth: DEFAULT_LIMITS.maxJsonDepth,
    maxTokens: MAX_TOKENS,
  };
  const envelope = new FieldReader(parseBoundedJson(input, limits), "");
  const spelled = envelope.text("type", MAX_TYPE_LENGTH);
  const type = MESSAGE_TYPES.find((candidate) => candidate === spelled);
  if (type === undefined) {
    throw new UnsupportedError(
      "M2M_MESSAGE_TYPE_UNSUPPORTED",
      `This version has no message of the type ${quote(spelled)}.`,
      { hint: "It may be ignored: the session stays as it was." },
    );
  }
  if (type !== "DATA") assertControlSize(input, type);
  const { receivedAtMs } = options;
  const timestampMs =
    receivedAtMs === undefined || envelope.has("timestamp") ? envelope.integer("timestamp") : receivedAtMs;
  const message = READERS[type](envelope, timestampMs, agreedVersion(options));
  const delivery = readDelivery(envelope);
  return delivery ? { ...message, delivery } : message;
}

/**
 * One message as JSON, as published peers write it.
 * @param options the agreed version, of which DATA has its names; default 3.0
 */
export function writeMessage(message: Message, options: Pick<ReadMessageOptions, "version"> = {}): string {
  const { type, timestampMs: timestamp } = message;
  const rest = { timestamp, ...deliveryMembers(message.delivery) };
  switch (message.type) {
    case "HELLO":
      return JSON.stringify({ type, payload: capabilitiesPayload(message), ...rest });
    case "ACCEPT":
      return JSON.stringify({
        type,
        session_id: message.sessionId,
        payload: capabilitiesPayload(message),
        ...rest,
      });
    case "REJECT":
      return JSON.stringify({
        type,
        payload: { code: message.rejection.code, message: message.rejection.message },
        ...rest,
      });
    case "DATA":
      return JSON.stringify({
        type,
        session_id: message.sessionId,
        payload: dataPayload(message, agreedVersion(options)),
        ...rest,
      });
    case "PING":
    case "PONG":
    case "CLOSE":
      return JSON.stringify({ type, session_id: message.sessionId, payload: {}, ...rest });
  }
}

type ReadType = (envelope: FieldReader, timestampMs: number, wire: WireVersion) => Message;

const READERS: Readonly<Record<MessageType, ReadType>> = Object.freeze({
  HELLO: (envelope, timestampMs) => ({ type: "HELLO", ...readOffer(envelope), timestampMs }),
  ACCEPT: (envelope, timestampMs) => ({
    type: "ACCEPT",
    sessionId: readSessionId(envelope),
    ...readOffer(envelope),
    timestampMs,
  }),
  REJECT: (envelope, timestampMs) => ({
    type: "REJECT",
    rejection: readRejection(envelope.object("payload")),
    timestampMs,
  }),
  DATA: (envelope, timestampMs, wire) => ({
    type: "DATA",
    sessionId: readSessionId(envelope),
    ...readData(envelope.object("payload"), wire),
    timestampMs,
  }),
  PING: readSignal("PING"),
  PONG: readSignal("PONG"),
  CLOSE: readSignal("CLOSE"),
});

function readSignal(type: "PING" | "PONG" | "CLOSE"): ReadType {
  return (envelope, timestampMs) => {
    // Its members say nothing here (a CLOSE may give a reason), but it has to be an object.
    if (envelope.has("payload")) envelope.object("payload");
    return { type, sessionId: readSessionId(envelope), timestampMs };
  };
}

function readSessionId(envelope: FieldReader): string {
  return envelope.text("session_id", MAX_NAME_LENGTH, SESSION_ID);
}

function readOffer(envelope: FieldReader) {
  const payload = envelope.object("payload");
  const version = payload.text("version", MAX_VERSION_LENGTH);
  const wire = findVersion(version);
  return wire ? { version, capabilities: readCapabilities(payload, wire) } : { version };
}

function readData(payload: FieldReader, wire: WireVersion) {
  const spelled = payload.text("algorithm", MAX_NAME_LENGTH);
  const algorithm = fromWire(wire.algorithms, spelled);
  if (algorithm === undefined) {
    throw new UnsupportedError("M2M_ALGORITHM_UNSUPPORTED", `There is no algorithm ${quote(spelled)} here.`, {
      hint: `Known names: ${wire.algorithms.map(([name]) => name).join(", ")}.`,
    });
  }
  return {
    algorithm,
    content: payload.text("content", Infinity),
    ...(payload.has("original_size") ? { originalBytes: payload.integer("original_size") } : {}),
    ...(payload.has("security_status") ? { security: readStatus(payload.object("security_status")) } : {}),
  };
}

function readStatus(status: FieldReader): SecurityStatus {
  return {
    scanned: status.flag("scanned"),
    safe: status.flag("safe"),
    ...(status.has("threat_type") ? { threatType: status.text("threat_type", MAX_NAME_LENGTH) } : {}),
    ...(status.has("confidence") ? { confidence: status.fraction("confidence") } : {}),
  };
}

function capabilitiesPayload({
  version,
  capabilities,
}: Extract<Message, { type: "HELLO" | "ACCEPT" }>): object {
  const wire = findVersion(version);
  if (!wire || !capabilities) throw new TypeError("Only capabilities of a known version are written.");
  return writeCapabilities(capabilities, wire);
}

function agreedVersion({ version }: Pick<ReadMessageOptions, "version">): WireVersion {
  return (version === undefined ? undefined : findVersion(version)) ?? commonVersion();
}

function dataPayload(
  { algorithm, content, originalBytes, security }: DataMessage,
  wire: WireVersion,
): object {
  return {
    algorithm: toWire(wire.algorithms, algorithm),
    content,
    original_size: originalBytes,
    security_status: security && {
      scanned: security.scanned,
      safe: security.safe,
      threat_type: security.threatType,
      confidence: security.confidence,
    },
  };
}

function assertControlSize(input: string | Uint8Array, type: MessageType): void {
  const sizeBytes = typeof input === "string" ? utf8Length(input) : input.length;
  if (sizeBytes <= MAX_CONTROL_BYTES) return;
  throw new LimitError(
    "M2M_INPUT_TOO_LARGE",
    `A ${type} has at most ${MAX_CONTROL_BYTES} bytes, not ${sizeBytes}.`,
  );
}
