import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { PacketReader, readPacket, type Packet } from "../../../src/transport/aitcp/packet/index.js";

/** Up is from who connects to the server. */
export type Way = "up" | "down";

/** A packet on its way. */
export interface Carried {
  readonly bytes: Uint8Array;
  readonly way: Way;
  /** Of the packets that went this way on the connection, from 0. */
  readonly index: number;
  readonly connection: Middle;
}

/** What goes on instead of a packet; nothing if it is dropped. */
export type Tamper = (packet: Carried) => readonly Uint8Array[] | undefined;

/** Lets only the first packet of each connection to the server through. @returns what lets the others follow */
export function holdBack(proxy: Proxy): () => void {
  const held: (() => void)[] = [];
  proxy.tamper = ({ bytes, way, index, connection }) => {
    if (way === "down" || index === 0) return [bytes];
    held.push(() => connection.inject("up", bytes));
    return undefined;
  };
  return () => {
    proxy.tamper = undefined;
    for (const release of held) release();
  };
}

/** Keeps the next connection's first packet to the server, and cuts that connection. @returns what gives the packet, once there is one */
export function keepFirst(proxy: Proxy): () => Uint8Array | undefined {
  let kept: Uint8Array | undefined;
  proxy.tamper = ({ bytes, way, index, connection }) => {
    if (kept || way !== "up" || index !== 0) return [bytes];
    kept = bytes;
    connection.cut();
    return undefined;
  };
  return () => kept;
}

/** A server of TCP that stands between an AI-TCP client and its server, and does what it likes with packets. */
export class Proxy {
  readonly #server: Server;
  readonly #targetPort: () => number;
  /** Connections since it began. */
  readonly connections: Middle[] = [];
  /** What happens to packets. Default: they go on. */
  tamper: Tamper | undefined;
  /** Connections are taken, and nothing is carried over them. */
  isDeaf = false;
  /** Connections are ended at once. */
  isShut = false;
  /** Told of each connection before anything is carried. */
  onConnection: ((connection: Middle) => void) | undefined;

  private constructor(targetPort: () => number) {
    this.#targetPort = targetPort;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** @param targetPort asked for with each connection: the server may be another one by then */
  static async start(targetPort: number | (() => number)): Promise<Proxy> {
    const proxy = new Proxy(typeof targetPort === "number" ? () => targetPort : targetPort);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get url(): string {
    return `aitcp://127.0.0.1:${this.port}`;
  }
  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }
  get last(): Middle {
    const last = this.connections.at(-1);
    if (!last) throw new Error("nobody has connected");
    return last;
  }

  /** Ends all connections, without a word. */
  cut(): void {
    for (const connection of this.connections) connection.cut();
  }

  async stop(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, "close");
  }

  #accept(socket: Socket): void {
    if (this.isShut) {
      socket.resetAndDestroy();
      return;
    }
    const connection = new Middle(this, socket, connect(this.#targetPort(), "127.0.0.1"));
    this.connections.push(connection);
    this.onConnection?.(connection);
  }
}

/** One connection through a proxy. */
export class Middle {
  readonly #proxy: Proxy;
  readonly #sockets: Record<Way, Socket>;
  /** Packets as they came, before anything was done to them. */
  readonly seen: Record<Way, Uint8Array[]> = { up: [], down: [] };
  isOver = false;
  /** Nothing is carried any more, and nothing is ended. */
  isDeaf = false;

  constructor(proxy: Proxy, client: Socket, server: Socket) {
    this.#proxy = proxy;
    this.#sockets = { up: server, down: client };
    this.#carry("up", client);
    this.#carry("down", server);
  }

  /** Sends bytes as if the other side had. */
  inject(way: Way, bytes: Uint8Array): void {
    this.#sockets[way].write(bytes);
  }

  cut(): void {
    this.isOver = true;
    for (const socket of Object.values(this.#sockets)) socket.destroy();
  }

  #carry(way: Way, from: Socket): void {
    const reader = new PacketReader();
    from.setNoDelay(true);
    from.on("error", () => this.cut());
    from.on("close", () => {
      if (!this.isDeaf && !this.#proxy.isDeaf) this.cut();
    });
    from.on("data", (chunk: Buffer) => {
      if (this.#proxy.isDeaf || this.isDeaf) return;
      reader.push(chunk, (packet) => this.#pass(way, Uint8Array.from(packet)));
    });
  }

  #pass(way: Way, bytes: Uint8Array): void {
    if (this.isOver) return;
    const index = this.seen[way].push(bytes) - 1;
    const { tamper } = this.#proxy;
    const out = tamper ? tamper({ bytes, way, index, connection: this }) : [bytes];
    for (const packet of out ?? []) this.#sockets[way].write(packet);
  }
}

export function kindOf(bytes: Uint8Array): Packet["kind"] {
  return readPacket(bytes).kind;
}

/** Sends bytes to a port, and gives the kinds of packets that are answered until the end, or until a RESPONSE that is left alone. */
export async function play(port: number, bytes: Uint8Array): Promise<Packet["kind"][]> {
  const kinds: Packet["kind"][] = [];
  const reader = new PacketReader();
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  socket.on("data", (chunk) => {
    reader.push(chunk, (packet) => kinds.push(kindOf(packet)));
    if (kinds.includes("response")) setTimeout(() => socket.destroy(), 50);
  });
  socket.write(bytes);
  await new Promise<void>((resolve) => socket.once("close", () => resolve()));
  return kinds;
}
