import type { Duplex } from "node:stream";
import { InputError, LimitError, type M2MError } from "../shared/errors.js";
import { currentResponse } from "./current-response.js";
import { problemOf } from "./problem.js";
import { refuseConnection } from "./refuse-connection.js";

/**
 * Answers a request that the parser refuses, or that does not arrive in time, and ends the connection; without an answer, if that of a
 * request before it is under way.
 */
export function refuseBrokenRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  // What comes behind a request that is the last of its connection is not looked at (RFC 9112, section 9.6).
  if (error.code === "HPE_CLOSED_CONNECTION" && currentResponse(socket)) return;
  const isReset = error.code === "ECONNRESET" || !socket.writable;
  if (isReset || isAnswering(socket)) {
    socket.destroy();
    return;
  }
  refuseConnection(socket, problemOf(reasonOf(error)));
}

function reasonOf({ code }: NodeJS.ErrnoException): M2MError {
  if (code === "HPE_HEADER_OVERFLOW") {
    return new LimitError("M2M_HEADERS_TOO_LARGE", "The header section is over the limit.");
  }
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") {
    return new LimitError("M2M_REQUEST_TIMEOUT", "The request did not arrive in time.");
  }
  return new InputError("M2M_REQUEST_INVALID", "This is no HTTP/1.1 request.");
}

/** Whether the next bytes are those of another answer: what is written now would be taken for it, or for a part of it. */
function isAnswering(socket: Duplex): boolean {
  const response = currentResponse(socket);
  // Of a request that has not arrived whole it is the one that is refused.
  return response !== undefined && (response.headersSent || response.req.complete);
}
