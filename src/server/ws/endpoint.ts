import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import { problemOf, refuseConnection } from "../../http/index.js";
import { WEBSOCKET_SUBPROTOCOL } from "../../session/index.js";
import { InputError, LimitError, type M2MError } from "../../shared/errors.js";
import {
  BEARER_CHALLENGE,
  nothingHere,
  RETRY_AFTER_S,
  shuttingDown,
  tokenMissing,
} from "../admission-errors.js";
import { authorizationOf, isOriginAllowed, offeredProtocols } from "./admission.js";
import { WebSocketConnection } from "./connection.js";
import { resolveWebSocketOptions, type ResolvedWebSocketOptions, type WebSocketOptions } from "./options.js";

/** Why a connection is not taken, and what is said with that. */
type Refusal = readonly [error: M2MError, headers?: OutgoingHttpHeaders];
const LATER: OutgoingHttpHeaders = { "retry-after": String(RETRY_AFTER_S) };

const MAX_FRAGMENTS = 1024;
const DEFAULT_GRACE_MS = 10_000;

/** The WebSocket side of a server: it takes over connections of an HTTP listener that ask for it. */
export interface WebSocketEndpoint {
  /** How many connections are open. */
  readonly connectionCount: number;
  /** For `upgrade` of a `node:http` server. Never throws. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /**
   * Takes no more connections, answers what was taken, and ends the others; what is left after `graceMs` (10 s) is cut. The
   * sessions stay, to be resumed elsewhere.
   */
  close(graceMs?: number): Promise<void>;
}

export function createWebSocketEndpoint(options: WebSocketOptions): WebSocketEndpoint {
  return new Endpoint(resolveWebSocketOptions(options));
}

class Endpoint implements WebSocketEndpoint {
  readonly #options: ResolvedWebSocketOptions;
  readonly #server: WebSocketServer;
  readonly #connections = new Set<WebSocketConnection>();
  #closed: Promise<void> | undefined;

  constructor(options: ResolvedWebSocketOptions) {
    this.#options = options;
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: options.maxMessageBytes,
      maxFragments: MAX_FRAGMENTS,
      // What goes over is compressed, and a deflating peer could make much of little.
      perMessageDeflate: false,
      handleProtocols: (offered) => (offered.has(WEBSOCKET_SUBPROTOCOL) ? WEBSOCKET_SUBPROTOCOL : false),
    });
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refusal = this.#refusal(request);
    if (refusal) {
      const [error, headers] = refusal;
      refuseConnection(socket, problemOf(error), headers);
      return;
    }
    const address = this.#options.addressOf(request);
    this.#server.handleUpgrade(request, socket, head, (accepted) => {
      const connection = new WebSocketConnection(accepted, socket, { address }, this.#options);
      this.#connections.add(connection);
      accepted.once("close", () => this.#connections.delete(connection));
    });
  }

  close(graceMs: number = DEFAULT_GRACE_MS): Promise<void> {
    return (this.#closed ??= this.#close(graceMs));
  }

  async #close(graceMs: number): Promise<void> {
    const cut = setTimeout(() => {
      for (const connection of this.#connections) connection.terminate();
    }, graceMs);
    await Promise.all([...this.#connections].map((connection) => connection.shutDown()));
    clearTimeout(cut);
    this.#server.close();
  }

  /** Why a connection is not taken, or `undefined` if it is. */
  #refusal(request: IncomingMessage): Refusal | undefined {
    const { path, authorize, maxConnections } = this.#options;
    if (request.url?.split("?", 1)[0] !== path) return [nothingHere()];
    if (this.#closed) return [shuttingDown(), LATER];
    if (!isOriginAllowed(request, this.#options)) {
      return [new InputError("M2M_ORIGIN_FORBIDDEN", "Pages of this origin may not connect.")];
    }
    if (authorize && !authorize(authorizationOf(request))) {
      return [tokenMissing(), { "www-authenticate": BEARER_CHALLENGE }];
    }
    if (this.#connections.size >= maxConnections) {
      return [new LimitError("M2M_BUSY", "There are too many connections."), LATER];
    }
    const offered = offeredProtocols(request);
    if (offered.length > 0 && offered[0] !== "" && !offered.includes(WEBSOCKET_SUBPROTOCOL)) {
      return [new InputError("M2M_REQUEST_INVALID", `The subprotocol is ${WEBSOCKET_SUBPROTOCOL}, or none.`)];
    }
    return undefined;
  }
}
