import { FormatError } from "../../shared/errors.js";
import { encodeUtf8 } from "../../shared/utf8.js";
import type { Message } from "../message.js";
import { fitsBinary, writeBinaryData } from "./binary.js";
import { writeMessage } from "./messages.js";

/** What a message of a transport that carries whole ones holds behind its first byte (docs/spec/transport.md, "AI-TCP"). */
const TYPES = { text: 0x01, binary: 0x02 } as const;

/** A message of a session in the shape in which it was sent. */
export interface TypedMessage {
  /** Whether it is DATA as bytes, for the session of the connection; else it is JSON in UTF-8. */
  readonly isBinary: boolean;
  readonly body: Uint8Array;
}

/** A message of a session behind the byte of its type; DATA as bytes wherever these can say all of it. */
export function writeTypedMessage(message: Message): Uint8Array {
  const isBinary = message.type === "DATA" && fitsBinary(message);
  const body = isBinary ? writeBinaryData(message) : encodeUtf8(writeMessage(message));
  const bytes = new Uint8Array(1 + body.length);
  bytes[0] = isBinary ? TYPES.binary : TYPES.text;
  bytes.set(body, 1);
  return bytes;
}

/**
 * What a typed message holds, as a view of it.
 * @throws {FormatError} `M2M_MESSAGE_INVALID` if it has no type, or one that does not exist
 */
export function readTypedMessage(bytes: Uint8Array): TypedMessage {
  const type: number | undefined = bytes[0];
  if (type !== TYPES.text && type !== TYPES.binary) {
    const what = type === undefined ? "It is empty" : `There is no type ${type}`;
    throw new FormatError("M2M_MESSAGE_INVALID", `This is no message of a session: ${what}.`, { offset: 0 });
  }
  return { isBinary: type === TYPES.binary, body: bytes.subarray(1) };
}
