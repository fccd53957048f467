import {
  rejectionFor,
  type CloseMessage,
  type DataMessage,
  type Message,
  type PongMessage,
  type Reception,
  type Session,
} from "../../session/index.js";
import { M2MError, ProtocolError } from "../../shared/errors.js";
import type { HandledMessage } from "./types.js";

/**
 * Errors after which there is no session to go on with, whatever message was refused with them: there is none any more, none came about, or what
 * came does not fit its state, so that the peer, which is told by REJECT, takes it for over.
 */
const ENDINGS: readonly string[] = [
  "M2M_SESSION_UNKNOWN",
  "M2M_SESSION_EXPIRED",
  "M2M_SESSION_REJECTED",
  "M2M_SESSIONS_FULL",
  "M2M_PROTOCOL_STATE",
];

/** Whether an error says no more than that a session is over. */
export function isOver(error: unknown): boolean {
  return error instanceof M2MError && ENDINGS.includes(error.code);
}

/**
 * How a peer is told that a message was refused: numbered DATA alone by PONG, which leaves the session as it is, anything else
 * by REJECT.
 * @param message absent: it could not be read
 */
export function refusalOf(message: Message | undefined, error: M2MError, nowMs: number): HandledMessage {
  const rejection = rejectionFor(error);
  const sessionId = message && "sessionId" in message ? { sessionId: message.sessionId } : {};
  const sequence = message?.type === "DATA" ? message.delivery?.sequence : undefined;
  const reply: Message =
    message?.type === "DATA" && sequence !== undefined && !isOver(error)
      ? { ...pong(message.sessionId, nowMs), delivery: { ack: sequence, rejection } }
      : { type: "REJECT", rejection, timestampMs: Math.floor(nowMs) };
  return { ...sessionId, reply, error };
}

/** DATA of the same content. */
export async function echoOf(session: Session, { data }: Reception): Promise<DataMessage | undefined> {
  return data && session.send(data.bytes);
}

export function pong(sessionId: string, nowMs: number): PongMessage {
  return { type: "PONG", sessionId, timestampMs: Math.floor(nowMs) };
}

export function closeMessage(sessionId: string, nowMs: number): CloseMessage {
  return { type: "CLOSE", sessionId, timestampMs: Math.floor(nowMs) };
}

/** Why a HELLO was refused. */
export function rejected({ end }: Session): ProtocolError {
  const { code = "UNKNOWN", message = "" } = end?.rejection ?? {};
  return new ProtocolError("M2M_SESSION_REJECTED", `The session was rejected: ${code} ${message}`);
}
