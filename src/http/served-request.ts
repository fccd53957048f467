import { IncomingMessage } from "node:http";
import { currentResponse } from "./current-response.js";

const ASKED = Symbol("another protocol is asked for");

/** What becomes of that; `left`: nothing. */
type Change = "asked" | "taken" | "left";

/**
 * A request that asks for another protocol than WebSocket is one like all others (RFC 9110, section 7.8, lets a server ignore it):
 * Java's client, for one, offers HTTP/2 with every request. So is one that asks for WebSocket while an answer before it is under way: who took
 * the connection would write between its bytes. Node looks at `upgrade` when the headers are there.
 */
export class ServedRequest extends IncomingMessage {
  /** Absent of most, which ask for none. */
  declare [ASKED]?: Change;

  get upgrade(): boolean {
    // Node looks again when more bytes have come: what was decided stays so.
    if (this[ASKED] === "asked") this[ASKED] = isTakeable(this) ? "taken" : "left";
    return this[ASKED] === "taken";
  }

  set upgrade(isAsked: boolean | null) {
    if (isAsked === true) this[ASKED] = "asked";
    else if (this[ASKED]) this[ASKED] = "left";
  }
}

/** Whether a request that is to be answered asks for WebSocket. */
export function asksForWebSocket(request: IncomingMessage): boolean {
  return (request as ServedRequest)[ASKED] === "left" && isForWebSocket(request);
}

function isTakeable(request: IncomingMessage): boolean {
  return request.method === "CONNECT" || (isForWebSocket(request) && !currentResponse(request.socket));
}

function isForWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.trim().toLowerCase() === "websocket";
}
