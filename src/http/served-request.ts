import { IncomingMessage } from "node:http";

const IS_ASKED = Symbol("another protocol is asked for");

/**
 * A request that asks for another protocol than WebSocket is one like all others (RFC 9110, section 7.8, lets a server ignore it):
 * Java's client, for one, offers HTTP/2 with every request. Node looks at `upgrade` when the headers are there.
 */
export class ServedRequest extends IncomingMessage {
  declare [IS_ASKED]?: boolean;

  get upgrade(): boolean {
    if (this[IS_ASKED] !== true) return false;
    return this.method === "CONNECT" || this.headers.upgrade?.trim().toLowerCase() === "websocket";
  }

  set upgrade(isAsked: boolean | null) {
    this[IS_ASKED] = isAsked === true;
  }
}
