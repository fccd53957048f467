import type { Duplex } from "node:stream";
import { InputError, LimitError, type M2MError } from "../shared/errors.js";
import { problemOf } from "./problem.js";
import { refuseConnection } from "./refuse-connection.js";

/**
 * Answers a request that the parser refuses, or that does not arrive in time, and ends the connection.
 */
export function refuseBrokenRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  const isReset = error.code === "ECONNRESET" || !socket.writable;
  if (isReset || hasBegunToAnswer(socket)) {
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

/** Bytes of another answer are on the wire: a second one between them would be taken for a part of it. */
function hasBegunToAnswer(socket: Duplex): boolean {
  const { _httpMessage: response } = socket as { _httpMessage?: { headersSent: boolean } };
  return response?.headersSent === true;
}
