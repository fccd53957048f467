import type { Rejection } from "../session/index.js";
import { LimitError, ProtocolError, SecurityThreat, UpstreamError, type M2MError } from "../shared/errors.js";

export function connectionFailed(message: string, cause?: unknown, status?: number): UpstreamError {
  return new UpstreamError("M2M_CONNECTION_FAILED", message, {
    cause,
    status,
    hint: "Check the address, the token and whether the server runs.",
  });
}

/** An answer of HTTP, or to an upgrade, that is none of the protocol. */
export function unexpectedStatus(status: number, cause?: unknown): UpstreamError {
  if (status >= 400) return connectionFailed(`The server answers with the status ${status}.`, cause, status);
  // A server of sessions that does not do what it is asked for says 4xx or 5xx.
  return new UpstreamError(
    "M2M_CONNECTION_FAILED",
    `What answers there is no m2m server: its answer has the status ${status} and is no message.`,
    { cause, status, hint: "Check the address." },
  );
}

/** A server of HTTP or WebSocket does not answer at all. @param cause what the network or TLS says */
export function serverUnreachable(cause: unknown): UpstreamError {
  const reason = reasonOf(cause);
  return connectionFailed(`The server cannot be reached${reason === "" ? "" : `: ${reason}`}.`, cause);
}

/** Of errors around errors the innermost says what it is: `fetch failed` says nothing. */
function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return "";
  const inner: unknown = thrown instanceof AggregateError ? thrown.errors[0] : thrown.cause;
  return reasonOf(inner) || thrown.message;
}

export function connectionLost(message: string, cause?: unknown): UpstreamError {
  return new UpstreamError("M2M_CONNECTION_LOST", message, {
    cause,
    hint: "What was not acknowledged may have arrived all the same.",
  });
}

export function answerMissing(message: string): UpstreamError {
  return new UpstreamError("M2M_ANSWER_TIMEOUT", message, {
    hint: "It may have arrived all the same.",
  });
}

/** Why nothing answers what the server has taken. */
export function nothingSaid(): UpstreamError {
  return answerMissing("The server has taken the message and says nothing to it.");
}

export function clientClosed(): ProtocolError {
  return new ProtocolError("M2M_PROTOCOL_STATE", "The client is closed.", { hint: "Make another one." });
}

/** Why the server refused one message, as the error that it is here. */
export function refusalError({ code, message }: Rejection): M2MError {
  const text = `The server refused the message: ${code} ${message}`.trimEnd();
  switch (code) {
    case "RATE_LIMITED":
      return new LimitError(
        message === "M2M_MAILBOX_FULL" || message === "M2M_BUSY" ? message : "M2M_RATE_LIMITED",
        text,
        { hint: "Send it again later." },
      );
    case "SECURITY_POLICY":
      return message === "M2M_SCAN_FAILED"
        ? new ProtocolError("M2M_SCAN_FAILED", text)
        : new SecurityThreat(text, undefined);
    case "NO_COMMON_ALGORITHM":
      return new ProtocolError("M2M_NOT_NEGOTIATED", text);
    case "VERSION_MISMATCH":
    case "UNKNOWN":
      return message === "M2M_PAYLOAD_TOO_LARGE"
        ? new LimitError("M2M_PAYLOAD_TOO_LARGE", text)
        : new UpstreamError("M2M_MESSAGE_REFUSED", text);
  }
}

/** Why the server ended or never began the session. */
export function sessionOver({ code, message }: Rejection): ProtocolError {
  if (message === "M2M_SESSION_UNKNOWN" || message === "M2M_SESSION_EXPIRED") {
    return new ProtocolError(message, "The server has no such session any more.", {
      hint: "Make another client, or let this one renew.",
    });
  }
  return new ProtocolError(
    "M2M_SESSION_REJECTED",
    `The server rejected the session: ${code} ${message}`.trimEnd(),
  );
}
