import { ProtocolError } from "../shared/errors.js";
import type { MessageType } from "./message.js";

export type Role = "initiator" | "responder";

export const SESSION_STATES = ["initial", "hello-sent", "established", "closing", "closed"] as const;
export type SessionState = (typeof SESSION_STATES)[number];

/**
 * What may happen to a session. In upper case: a message of the peer. In lower case: what this side does, and `expire`,
 * which time does.
 */
export const SESSION_EVENTS = [
  "connect",
  "send",
  "ping",
  "close",
  "expire",
  "HELLO",
  "ACCEPT",
  "REJECT",
  "DATA",
  "PING",
  "PONG",
  "CLOSE",
] as const;
export type SessionEvent = (typeof SESSION_EVENTS)[number];

/** What a transition may depend on besides state, event and role: whether the capabilities lead to an agreement. */
export type Guard = "agreed" | "refused";

export interface Transition {
  readonly from: SessionState;
  readonly event: SessionEvent;
  /** Absent: either. */
  readonly role?: Role;
  readonly guard?: Guard;
  readonly to: SessionState;
  /** The message that goes to the peer. */
  readonly emit?: MessageType;
}

/** Everything that is allowed; docs/spec/session.md prints it. What is not here is refused. */
export const TRANSITIONS: readonly Transition[] = Object.freeze([
  { from: "initial", event: "connect", role: "initiator", to: "hello-sent", emit: "HELLO" },
  { from: "initial", event: "HELLO", role: "responder", guard: "agreed", to: "established", emit: "ACCEPT" },
  { from: "initial", event: "HELLO", role: "responder", guard: "refused", to: "closed", emit: "REJECT" },
  { from: "initial", event: "close", to: "closed" },
  { from: "initial", event: "expire", role: "responder", to: "closed" },

  { from: "hello-sent", event: "ACCEPT", guard: "agreed", to: "established" },
  { from: "hello-sent", event: "ACCEPT", guard: "refused", to: "closed", emit: "CLOSE" },
  { from: "hello-sent", event: "REJECT", to: "closed" },
  { from: "hello-sent", event: "close", to: "closed" },
  { from: "hello-sent", event: "expire", to: "closed" },

  { from: "established", event: "send", to: "established", emit: "DATA" },
  { from: "established", event: "ping", to: "established", emit: "PING" },
  { from: "established", event: "DATA", to: "established" },
  { from: "established", event: "PING", to: "established", emit: "PONG" },
  { from: "established", event: "PONG", to: "established" },
  { from: "established", event: "REJECT", to: "closed" },
  { from: "established", event: "close", to: "closing", emit: "CLOSE" },
  { from: "established", event: "CLOSE", to: "closed", emit: "CLOSE" },
  { from: "established", event: "expire", to: "closed", emit: "CLOSE" },

  // What the peer sent before it saw our CLOSE still arrives; only CLOSE is left to say.
  { from: "closing", event: "DATA", to: "closing" },
  { from: "closing", event: "PING", to: "closing" },
  { from: "closing", event: "PONG", to: "closing" },
  { from: "closing", event: "REJECT", to: "closed" },
  { from: "closing", event: "CLOSE", to: "closed" },
  { from: "closing", event: "expire", to: "closed" },
]);

/**
 * The transition that is due.
 * @throws {ProtocolError} `M2M_PROTOCOL_STATE` if there is none
 */
export function findTransition(
  state: SessionState,
  event: SessionEvent,
  role: Role,
  guard?: Guard,
): Transition {
  const found = TRANSITIONS.find(
    (row) =>
      row.from === state &&
      row.event === event &&
      (row.role === undefined || row.role === role) &&
      // Without facts, that there is a row for the event at all is what is asked.
      (row.guard === undefined || guard === undefined || row.guard === guard),
  );
  if (found) return found;
  throw new ProtocolError(
    "M2M_PROTOCOL_STATE",
    `${isPeerMessage(event) ? `A ${event} of the peer` : `To ${event}`} is not allowed for the ${role} in the state ${state}.`,
    { hint: "The session stays as it was." },
  );
}

/** Whether `event` is a message of the peer. */
export function isPeerMessage(event: SessionEvent): boolean {
  return event === event.toUpperCase();
}
