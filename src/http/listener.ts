import {
  createServer as createHttpServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { Server as NetServer, type AddressInfo, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { urlOf } from "./addresses.js";
import { refuseBrokenRequest } from "./broken-request.js";
import { listenError, tlsFilesError } from "./listen-error.js";
import { problemOf, sendProblem } from "./problem.js";
import { closeWithConnection } from "./queued-responses.js";
import { asksForWebSocket, ServedRequest } from "./served-request.js";

/** What one connection may cost. */
export interface HttpLimits {
  readonly maxHeaderBytes: number;
  /** Time for the header section of a request. */
  readonly headersTimeoutMs: number;
  /** Time for a whole request to arrive. */
  readonly requestTimeoutMs: number;
  /** How long an idle connection stays. */
  readonly keepAliveTimeoutMs: number;
  /** How long a client may take nothing of an answer that waits for it. */
  readonly stallTimeoutMs: number;
  readonly maxConnections: number;
}

/** The idle time is above the 60 s after which common load balancers drop a connection, so that the server is not the first. */
export const DEFAULT_HTTP_LIMITS: HttpLimits = Object.freeze({
  maxHeaderBytes: 16 * 1024,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  keepAliveTimeoutMs: 65_000,
  stallTimeoutMs: 120_000,
  maxConnections: 10_000,
});

export type RequestHandler = (request: IncomingMessage, response: ServerResponse) => void;
export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

export interface ListenOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer };
  readonly limits?: Partial<HttpLimits>;
  /**
   * Takes over connections that ask for WebSocket and have nothing else to answer. Without it, and otherwise, they are requests like others
   * (`asksForWebSocket`), as are those that ask for anything else.
   */
  readonly onUpgrade?: UpgradeHandler;
}

/** A server that listens. */
export interface Listener {
  readonly host: string;
  readonly port: number;
  /** That this machine opens; for others the host may have another name. */
  readonly url: string;
  /** Whether `close` was called: connections end with their next answer. */
  readonly isClosing: boolean;
  /**
   * Stops accepting, lets running requests finish, and cuts what is left after `graceMs` (10 s). Idle connections stay a
   * moment: a request that is on its way to one of them is answered, not reset. When it resolves, every response has told its end.
   */
  close(graceMs?: number): Promise<void>;
}

/** How long an idle connection is waited for while closing. A busy client sends its next request well before. */
const IDLE_LINGER_MS = 250;
const DEFAULT_GRACE_MS = 10_000;

/**
 * Serves HTTP/1.1, or HTTPS with `tls`, with the limits of `options`. What `handler` throws is answered as a problem.
 * @throws {InputError} `M2M_LISTEN_FAILED`
 */
export async function listen(handler: RequestHandler, options: ListenOptions): Promise<Listener> {
  const limits = { ...DEFAULT_HTTP_LIMITS, ...options.limits };
  const drain = new Drain();
  const server = createServer(limits, options.tls);
  server.maxConnections = limits.maxConnections;
  server.on("connection", (socket: Socket) => drain.addSocket(socket));
  // Over TLS it is another socket that requests come from; the first is there before, and while hands are shaken.
  server.on("secureConnection", (socket: Socket) => drain.addSocket(socket));
  server.on("request", (request, response) => {
    drain.addResponse(request.socket, response);
    closeWithConnection(request.socket, response);
    if (asksForWebSocket(request)) endConnectionBehind(response);
    try {
      handler(request, response);
    } catch (error) {
      sendProblem(response, problemOf(error));
    }
  });
  server.on("clientError", refuseBrokenRequest);
  const { onUpgrade } = options;
  if (onUpgrade) {
    server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      // Until somebody takes the connection over nobody else hears of its errors.
      socket.on("error", () => socket.destroy());
      onUpgrade(request, socket, head);
    });
  }
  await startListening(server, options);
  drain.watchStalls(limits.stallTimeoutMs);
  const { port } = server.address() as AddressInfo;
  let closed: Promise<void> | undefined;
  return {
    host: options.host,
    port,
    url: urlOf(options.tls ? "https" : "http", options.host, port),
    get isClosing() {
      return closed !== undefined;
    },
    close: (graceMs = DEFAULT_GRACE_MS) => (closed ??= drain.close(server, graceMs)),
  };
}

/** Node drops what it has read behind a request that asks for another protocol, whatever becomes of it. */
function endConnectionBehind(response: ServerResponse): void {
  response.shouldKeepAlive = false;
  // An answer that says `Connection: Upgrade` keeps it otherwise.
  response.once("finish", () => response.req.socket.destroySoon());
}

function createServer(limits: HttpLimits, tls: ListenOptions["tls"]): Server {
  const options = {
    IncomingMessage: ServedRequest,
    maxHeaderSize: limits.maxHeaderBytes,
    headersTimeout: limits.headersTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    keepAliveTimeout: limits.keepAliveTimeoutMs,
    // Timeouts are looked for at this interval; Node's own, 30 s, would triple the shortest.
    connectionsCheckingInterval: Math.max(
      50,
      Math.min(1000, limits.headersTimeoutMs / 4, limits.requestTimeoutMs / 4),
    ),
    noDelay: true,
  };
  if (!tls) return createHttpServer(options);
  try {
    return createHttpsServer({ ...options, ...tls, minVersion: "TLSv1.2", handshakeTimeout: 10_000 });
  } catch (cause) {
    throw tlsFilesError(cause);
  }
}

function startListening(server: Server, { host, port }: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => reject(listenError(cause, host, `port ${port}`)));
    server.listen(port, host, () => {
      server.removeAllListeners("error");
      // Out of file descriptors while accepting: the next connection may come through again.
      server.on("error", () => {});
      resolve();
    });
  });
}

/**
 * The last response of a connection. A set of all that run would do as well, but one that changes with each request keeps dead
 * ones reachable from its outgrown tables, and the garbage collector then has ten times the work.
 */
const LAST_RESPONSE = Symbol("last response");
type ServedSocket = Socket & { [LAST_RESPONSE]?: ServerResponse };

function closeOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => void socket.once("close", () => resolve()));
}

/** The shortest and the longest time between two looks for clients that take nothing. */
const STALL_LOOK_MS = [50, 5000] as const;

/** What is open, and how it comes to its end. */
class Drain {
  readonly #sockets = new Set<Socket>();
  /** Those whose client has something to take, and a time for it. */
  readonly #timed = new WeakSet<Socket>();
  #stalls: NodeJS.Timeout | undefined;
  #isClosing = false;

  addSocket(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
  }

  addResponse(socket: Socket, response: ServerResponse): void {
    if (this.#isClosing) response.shouldKeepAlive = false;
    (socket as ServedSocket)[LAST_RESPONSE] = response;
  }

  /** Cuts connections on which an answer waits and nothing moves for `timeoutMs`: Node's timers see also what is on its way. */
  watchStalls(timeoutMs: number): void {
    const [shortest, longest] = STALL_LOOK_MS;
    const look = (): void => {
      for (const socket of this.#sockets) {
        const isWaiting = socket.writableLength > 0;
        if (isWaiting === this.#timed.has(socket)) continue;
        if (isWaiting) {
          this.#timed.add(socket);
          socket.setTimeout(timeoutMs);
        } else {
          this.#timed.delete(socket);
          // Behind a whole answer it is the time of an idle connection.
          if ((socket as ServedSocket)[LAST_RESPONSE]?.writableFinished === false) socket.setTimeout(0);
        }
      }
    };
    this.#stalls = setInterval(look, Math.max(shortest, Math.min(longest, timeoutMs / 4))).unref();
  }

  async close(server: Server, graceMs: number): Promise<void> {
    this.#isClosing = true;
    const closed = new Promise<void>((resolve) => {
      // `http.Server.close` would end idle connections at once, and with them requests that are on their way.
      NetServer.prototype.close.call(server, () => resolve());
    });
    for (const socket of this.#sockets) {
      const response = (socket as ServedSocket)[LAST_RESPONSE];
      if (response && !response.headersSent) response.shouldKeepAlive = false;
    }
    const startedAt = performance.now();
    const sweep = setInterval(
      () => {
        if (performance.now() - startedAt >= Math.min(IDLE_LINGER_MS, graceMs)) server.closeIdleConnections();
      },
      Math.max(10, Math.min(50, graceMs)),
    );
    const cut = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, graceMs);
    await closed;
    // The server has none left before they have told their own end, and that of their responses.
    await Promise.all(Array.from(this.#sockets, closeOf));
    clearInterval(sweep);
    clearTimeout(cut);
    clearInterval(this.#stalls);
    // Ends the timer that looks for timeouts.
    server.close(() => {});
  }
}
