import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { WebSocket, type ClientOptions } from "ws";
import type { SessionService } from "../../../src/server/sessions/index.js";
import {
  createWebSocketEndpoint,
  type WebSocketEndpoint,
  type WebSocketOptions,
} from "../../../src/server/ws/index.js";
import {
  readBinaryData,
  readMessage,
  Session,
  writeMessage,
  type CapabilityOptions,
  type Message,
} from "../../../src/session/index.js";

export interface WebSocketServerUnderTest {
  readonly url: string;
  readonly endpoint: WebSocketEndpoint;
  /** The server's ends of the connections. */
  readonly sockets: Set<Socket>;
  close(): Promise<void>;
}

/** A plain HTTP server that has the endpoint for upgrades. */
export async function serveWebSocket(
  sessions: SessionService,
  options: Partial<WebSocketOptions> = {},
): Promise<WebSocketServerUnderTest> {
  const endpoint = createWebSocketEndpoint({ sessions, ...options });
  const server: Server = createServer((_request, response) => response.writeHead(404).end());
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("upgrade", (request, socket, head) => endpoint.handleUpgrade(request, socket, head));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws`,
    endpoint,
    sockets,
    async close() {
      await endpoint.close(1000);
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

/** A peer that sees every frame. */
export class RawPeer {
  readonly socket: WebSocket;
  readonly #frames: { bytes: Buffer; isBinary: boolean }[] = [];
  readonly #waiting: (() => void)[] = [];
  #closed: { code: number; reason: string } | undefined;
  session: Session | undefined;

  constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (bytes: Buffer, isBinary: boolean) => {
      this.#frames.push({ bytes, isBinary });
      this.#wake();
    });
    socket.on("close", (code, reason) => {
      this.#closed = { code, reason: reason.toString() };
      this.#wake();
    });
    socket.on("error", () => {});
  }

  static async open(url: string, protocols: string[] = ["m2m"], options?: ClientOptions): Promise<RawPeer> {
    const peer = new RawPeer(new WebSocket(url, protocols, options));
    await once(peer.socket, "open");
    return peer;
  }

  /** HELLO and ACCEPT. */
  static async meet(
    url: string,
    channel?: string,
    protocols?: string[],
    capabilities: CapabilityOptions = {},
  ): Promise<RawPeer> {
    const peer = await RawPeer.open(url, protocols);
    const extensions = new Map(channel === undefined ? [] : [["channel", channel]]);
    peer.session = new Session({ role: "initiator", capabilities: { extensions, ...capabilities } });
    peer.send(peer.session.connect());
    await peer.session.receive((await peer.next()).message);
    return peer;
  }

  get id(): string {
    return this.session!.id!;
  }

  send(message: Message | string | Uint8Array): void {
    const isBytes = message instanceof Uint8Array;
    this.socket.send(isBytes || typeof message === "string" ? message : writeMessage(message));
  }

  /** The next frame, as a message. */
  async next(): Promise<{ message: Message; isBinary: boolean; text: string }> {
    while (this.#frames.length === 0) {
      if (this.#closed) throw new Error(`closed with ${this.#closed.code} ${this.#closed.reason}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    const { bytes, isBinary } = this.#frames.shift()!;
    const message = isBinary ? readBinaryData(bytes, this.id) : readMessage(bytes);
    return { message, isBinary, text: bytes.toString() };
  }

  /** How the connection ended. */
  async end(): Promise<number> {
    while (!this.#closed) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.#closed.code;
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
