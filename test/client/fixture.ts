import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { connect as connectSocket, type AddressInfo, type Socket } from "node:net";
import { M2MClient, type M2MClientOptions, type Transport } from "../../src/client/index.js";
import { startAiTcp } from "../../src/server/aitcp/index.js";
import {
  createSessionService,
  SessionClaims,
  type SessionService,
  type SessionServiceOptions,
} from "../../src/server/sessions/index.js";
import { createWebSocketEndpoint, type WebSocketOptions } from "../../src/server/ws/index.js";
import { writeMessage } from "../../src/session/index.js";
import { M2MError } from "../../src/shared/errors.js";
import { newIdentity, trusting } from "../server/aitcp/fixture.js";
import { memoryStores } from "../server/sessions/fixture.js";

export type Stores = ReturnType<typeof memoryStores>;

/** Where AI-TCP is served now beside an HTTP port, and the client's ends of its connections. */
interface AiTcpPlace {
  port: number;
  readonly sockets: Set<Socket>;
}

/** By the HTTP port: a server that takes the place of another one has it, and another port for AI-TCP. */
const aiTcpPlaces = new Map<number, AiTcpPlace>();
const serverIdentity = newIdentity();
const clientIdentity = newIdentity();

/** A client of what listens on `port`: of HTTP, also where it speaks AI-TCP. */
export function clientAt(
  port: number,
  transport: Transport,
  options: Partial<M2MClientOptions> = {},
): M2MClient {
  if (transport !== "aitcp") return new M2MClient({ url: `http://127.0.0.1:${port}`, transport, ...options });
  const dial = async (): Promise<Socket> => {
    const place = aiTcpPlaces.get(port);
    const socket = connectSocket({ host: "127.0.0.1", port: place?.port ?? port, noDelay: true });
    await once(socket, "connect");
    place?.sockets.add(socket);
    socket.once("close", () => place?.sockets.delete(socket));
    return socket;
  };
  return new M2MClient({
    url: `aitcp://127.0.0.1:${port}`,
    ...options,
    aitcp: { identity: clientIdentity, trust: trusting([serverIdentity]), dial },
  });
}

/** A server of sessions over HTTP, WebSocket and AI-TCP, whose connections can be cut. */
export class SessionServer {
  readonly stores: Stores;
  readonly sessions: SessionService;
  readonly port: number;
  /** Called with each request before it is answered; what it returns true for is not answered. */
  onRequest: ((request: IncomingMessage, response: ServerResponse) => boolean) | undefined;
  readonly #sockets: Set<Socket>;
  readonly #stop: () => Promise<void>;

  private constructor(
    stores: Stores,
    sessions: SessionService,
    port: number,
    sockets: Set<Socket>,
    stop: () => Promise<void>,
  ) {
    this.stores = stores;
    this.sessions = sessions;
    this.port = port;
    this.#sockets = sockets;
    this.#stop = stop;
  }

  static async start({
    stores = memoryStores(),
    port = 0,
    service = {},
    webSocket = {},
  }: {
    stores?: Stores;
    port?: number;
    service?: Partial<SessionServiceOptions>;
    webSocket?: Partial<WebSocketOptions>;
  } = {}): Promise<SessionServer> {
    const sessions = createSessionService({ ...stores, ...service });
    const claims = new SessionClaims();
    const endpoint = createWebSocketEndpoint({ sessions, claims, ...webSocket });
    const sockets = new Set<Socket>();
    const http = createServer((request, response) => {
      if (!server.onRequest?.(request, response)) void answer(sessions, request, response);
    });
    http.on("connection", (socket: Socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    });
    http.on("upgrade", (request, socket, head) => endpoint.handleUpgrade(request, socket, head));
    http.listen(port, "127.0.0.1");
    await once(http, "listening");
    const httpPort = (http.address() as AddressInfo).port;
    const aitcp = await startAiTcp({
      ...{ host: "127.0.0.1", port: 0, service: sessions, claims },
      identity: serverIdentity,
      trust: trusting([clientIdentity]),
    });
    const place = aiTcpPlaces.get(httpPort) ?? { port: 0, sockets: new Set<Socket>() };
    place.port = aitcp.port;
    aiTcpPlaces.set(httpPort, place);
    const stop = async (): Promise<void> => {
      const closed = once(http, "close");
      http.close();
      await Promise.all([endpoint.close(1000), aitcp.close(1000)]);
      await sessions.shutdown();
      http.closeAllConnections();
      await closed;
    };
    const server = new SessionServer(stores, sessions, httpPort, sockets, stop);
    return server;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  client(transport: Transport, options: Partial<M2MClientOptions> = {}): M2MClient {
    const reconnect = { firstDelayMs: 5, maxDelayMs: 50, ...options.reconnect };
    return clientAt(this.port, transport, { ...options, reconnect });
  }

  /** Bytes that came over all connections that are open. */
  get receivedBytes(): number {
    return [...this.#sockets].reduce((sum, { bytesRead }) => sum + bytesRead, 0);
  }
  get sentBytes(): number {
    return [...this.#sockets].reduce((sum, { bytesWritten }) => sum + bytesWritten, 0);
  }

  /** Destroys every connection. */
  cut(): void {
    for (const socket of [...this.#sockets, ...(aiTcpPlaces.get(this.port)?.sockets ?? [])]) socket.destroy();
  }

  close(): Promise<void> {
    return this.#stop();
  }
}

/** POST /message and GET /session/{id}/messages, as docs/spec/transport.md says. */
async function answer(
  sessions: SessionService,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const url = new URL(request.url ?? "/", "http://x");
  try {
    if (request.method === "POST" && url.pathname === "/message") {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { reply, error } = await sessions.handle(Buffer.concat(chunks));
      response.statusCode = error ? statusOf(error) : reply ? 200 : 204;
      response.end(reply && writeMessage(reply));
      return;
    }
    const id = /^\/session\/([^/]+)\/messages$/.exec(url.pathname)?.[1];
    if (id === undefined) {
      response.writeHead(404).end();
      return;
    }
    const controller = new AbortController();
    response.once("close", () => controller.abort());
    const entries = await sessions.take(id, {
      after: url.searchParams.get("after") ?? undefined,
      waitMs: Number(url.searchParams.get("wait") ?? 0) * 1000,
      signal: controller.signal,
    });
    const parts = entries.map(({ id, message }) => `{"id":"${id}","message":${message}}`);
    response.end(`{"messages":[${parts.join(",")}]}`);
  } catch (error) {
    if (response.destroyed) return;
    response.writeHead(error instanceof M2MError ? statusOf(error) : 500).end();
  }
}

function statusOf({ code, family }: M2MError): number {
  if (code === "M2M_SESSION_UNKNOWN") return 404;
  if (code === "M2M_RATE_LIMITED" || code === "M2M_MAILBOX_FULL") return 429;
  if (code === "M2M_STORE_UNAVAILABLE") return 503;
  return family === "SecurityThreat" ? 403 : 409;
}

/** The next `count` texts that a client receives. */
export async function takeTexts(client: M2MClient, count: number): Promise<string[]> {
  const texts: string[] = [];
  while (texts.length < count) {
    const data = await client.receive();
    if (!data) break;
    texts.push(data.text);
  }
  return texts;
}

/**
 * What connects clients of a suite, which end with each test.
 * @param server that the test has at the time
 */
export function useClients(
  transport: Transport,
  server: () => SessionServer,
): (options?: Partial<M2MClientOptions>) => Promise<M2MClient> {
  const clients: M2MClient[] = [];
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
  });
  return async (options) => {
    const client = server().client(transport, options);
    clients.push(client);
    await client.connect();
    return client;
  };
}
