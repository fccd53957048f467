import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocketServer } from "ws";
import {
  authorizationOf,
  isOriginAllowed,
  offeredProtocols,
  refuse,
  SUBPROTOCOL,
  type Refusal,
} from "./admission.js";
import { CLOSE_CODES } from "./close-codes.js";
import { WebSocketConnection } from "./connection.js";
import { resolveWebSocketOptions, type ResolvedWebSocketOptions, type WebSocketOptions } from "./options.js";

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
  readonly #bySession = new Map<string, WebSocketConnection>();
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
      handleProtocols: (offered) => (offered.has(SUBPROTOCOL) ? SUBPROTOCOL : false),
    });
  }

  get connectionCount(): number {
    return this.#connections.size;
  }

  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const refusal = this.#refusal(request);
    if (refusal) {
      refuse(socket, refusal);
      return;
    }
    const address = this.#options.addressOf(request);
    this.#server.handleUpgrade(request, socket, head, (accepted) => {
      const connection = new WebSocketConnection(accepted, { address }, this.#options, this);
      this.#connections.add(connection);
      accepted.once("close", () => this.#remove(connection));
    });
  }

  claim(sessionId: string, connection: WebSocketConnection): void {
    this.#bySession.get(sessionId)?.end(CLOSE_CODES.replaced, "resumed elsewhere");
    this.#bySession.set(sessionId, connection);
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

  #remove(connection: WebSocketConnection): void {
    this.#connections.delete(connection);
    const { sessionId } = connection;
    if (sessionId !== undefined && this.#bySession.get(sessionId) === connection) {
      this.#bySession.delete(sessionId);
    }
  }

  /** Why a connection is not taken, or `undefined` if it is. */
  #refusal(request: IncomingMessage): Refusal | undefined {
    const { path, origins, authorize, maxConnections } = this.#options;
    if (request.url?.split("?", 1)[0] !== path) return { status: 404, detail: "There is nothing here." };
    if (this.#closed) return later("The server is shutting down.");
    if (!isOriginAllowed(request, origins)) {
      return { status: 403, detail: "Pages of this origin may not connect." };
    }
    if (authorize && !authorize(authorizationOf(request))) {
      const detail = "A bearer token is needed.";
      return { status: 401, detail, headers: { "www-authenticate": "Bearer" } };
    }
    if (this.#connections.size >= maxConnections) return later("There are too many connections.");
    const offered = offeredProtocols(request);
    if (offered.length > 0 && offered[0] !== "" && !offered.includes(SUBPROTOCOL)) {
      return { status: 400, detail: `The subprotocol is ${SUBPROTOCOL}, or none.` };
    }
    return undefined;
  }
}

function later(detail: string): Refusal {
  return { status: 503, detail, headers: { "retry-after": "1" } };
}
