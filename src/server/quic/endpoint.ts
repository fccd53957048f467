import { randomBytes } from "node:crypto";
import type { RemoteInfo, Socket } from "node:dgram";
import { QuicConnection, type ConnectionHost } from "./connection.js";
import type { QuicLimits } from "./limits.js";
import {
  CONNECTION_ID_BYTES,
  MAX_CONNECTION_ID_BYTES,
  MIN_CLIENT_CHOSEN_ID_BYTES,
  MIN_INITIAL_DATAGRAM_BYTES,
  QUIC_VERSION,
  readRoute,
  versionNegotiation,
  type PacketRoute,
} from "./packet.js";
import { bareAddress, type HostPort, type Quiche, type QuicheConfig } from "./quiche.js";
import { RetryTokens } from "./retry-token.js";
import type { QuicStream } from "./stream.js";
import type { QuicCode } from "./stream-codes.js";

export interface EndpointOptions {
  readonly quiche: Quiche;
  readonly config: QuicheConfig;
  /** Bound. */
  readonly socket: Socket;
  readonly local: HostPort;
  readonly limits: QuicLimits;
  onStream(stream: QuicStream, connection: QuicConnection): void;
  /** Connections have moved on, or ended. */
  onTurn(): void;
}

/**
 * The server's side of a UDP socket: which datagram belongs to which connection, who may begin one, and whose turn it is. A
 * connection stays with the address it began at (migration is not offered, so RFC 9000 section 9 lets other datagrams
 * be dropped): it has one path, and what quiche does with several is not reached.
 */
export class QuicEndpoint implements ConnectionHost {
  readonly local: HostPort;
  readonly handshakeTimeoutMs: number;
  readonly #options: EndpointOptions;
  readonly #tokens = new RetryTokens();
  /** By each id that a client may write: the server's, and the one that the client chose itself for its first flight. */
  readonly #byId = new Map<string, QuicConnection>();
  readonly #idsOf = new Map<QuicConnection, readonly string[]>();
  readonly #awake = new Set<QuicConnection>();
  readonly #scratch = QuicConnection.createScratch();
  #unfinished = 0;
  #isTurnDue = false;
  #isAccepting = true;

  constructor(options: EndpointOptions) {
    this.#options = options;
    this.local = options.local;
    this.handshakeTimeoutMs = options.limits.handshakeTimeoutMs;
    options.socket.on("message", (datagram, from) => this.#route(datagram, from));
  }

  get connections(): Iterable<QuicConnection> {
    return this.#idsOf.keys();
  }
  get connectionCount(): number {
    return this.#idsOf.size;
  }

  /** From now on nobody gets a connection. */
  stopAccepting(): void {
    this.#isAccepting = false;
  }

  /** Tells all peers that it is over, and forgets them. */
  closeAll(code: QuicCode): void {
    for (const connection of [...this.connections]) {
      connection.close(code);
      connection.turn();
      connection.destroy();
    }
  }

  wake(connection: QuicConnection): void {
    this.#awake.add(connection);
    if (this.#isTurnDue) return;
    this.#isTurnDue = true;
    // Behind all datagrams that lie ready, so that one turn serves them together.
    setImmediate(() => this.#turn());
  }

  send(datagram: Buffer, peer: HostPort): void {
    // What the network does not take is as good as lost on it, and QUIC makes up for that.
    this.#options.socket.send(datagram, peer.port, peer.host, () => {});
  }

  onStream(stream: QuicStream, connection: QuicConnection): void {
    this.#options.onStream(stream, connection);
  }

  onEstablished(): void {
    this.#unfinished -= 1;
  }

  onClosed(connection: QuicConnection): void {
    if (!connection.isEstablished) this.#unfinished -= 1;
    for (const id of this.#idsOf.get(connection) ?? []) this.#byId.delete(id);
    this.#idsOf.delete(connection);
    this.#awake.delete(connection);
    this.#options.onTurn();
  }

  #turn(): void {
    this.#isTurnDue = false;
    const awake = [...this.#awake];
    this.#awake.clear();
    for (const connection of awake) connection.turn();
    this.#options.onTurn();
  }

  #route(datagram: Buffer, from: RemoteInfo): void {
    const route = readRoute(datagram);
    if (route === undefined) return;
    const connection = this.#byId.get(keyOf(route.destinationId));
    if (connection !== undefined) {
      const { peer } = connection;
      if (peer.port === from.port && peer.host === from.address) connection.receive(datagram);
      return;
    }
    if (!this.#isAccepting || !route.isLong || datagram.length < MIN_INITIAL_DATAGRAM_BYTES) return;
    const peer: HostPort = { host: from.address, port: from.port };
    if (route.version !== 0 && route.version !== QUIC_VERSION) {
      this.send(versionNegotiation(route), peer);
    } else if (route.isInitial && isClientChosen(route)) {
      this.#begin(datagram, route, peer);
    }
  }

  #begin(datagram: Buffer, route: PacketRoute, peer: HostPort): void {
    const { quiche, limits, config } = this.#options;
    if (this.#idsOf.size >= limits.maxConnections) return;
    let token: Uint8Array | null | undefined;
    try {
      ({ token } = quiche.Header.fromSlice(datagram, CONNECTION_ID_BYTES));
    } catch {
      return;
    }
    const originalId = token?.length ? this.#tokens.verify(token, peer, route.destinationId) : undefined;
    // A token that is not valid counts as none (RFC 9000 section 8.1.3).
    if (originalId === undefined && this.#unfinished >= limits.retryFrom) {
      this.#sendRetry(route, peer);
      return;
    }
    // Behind a Retry packet the id is the one that it gave.
    const id = originalId ? Buffer.from(route.destinationId) : randomBytes(CONNECTION_ID_BYTES);
    let connection: QuicConnection;
    try {
      const native = quiche.Connection.accept(
        id,
        originalId ?? null,
        bareAddress(this.local),
        bareAddress(peer),
        config,
      );
      connection = new QuicConnection(native, peer, this, this.#scratch);
    } catch {
      return;
    }
    const ids = [...new Set([keyOf(id), keyOf(route.destinationId)])];
    for (const key of ids) this.#byId.set(key, connection);
    this.#idsOf.set(connection, ids);
    this.#unfinished += 1;
    connection.receive(datagram);
  }

  #sendRetry(route: PacketRoute, peer: HostPort): void {
    const { quiche } = this.#options;
    const newId = randomBytes(CONNECTION_ID_BYTES);
    const token = this.#tokens.mint(peer, route.destinationId, newId);
    const packet = Buffer.alloc(MIN_INITIAL_DATAGRAM_BYTES);
    try {
      const length = quiche.retry(route.sourceId, route.destinationId, newId, token, QUIC_VERSION, packet);
      this.send(packet.subarray(0, length), peer);
    } catch {
      // An id that quiche does not take: the packet is none that a client sends.
    }
  }
}

function isClientChosen({ destinationId, sourceId }: PacketRoute): boolean {
  return (
    destinationId.length >= MIN_CLIENT_CHOSEN_ID_BYTES &&
    destinationId.length <= MAX_CONNECTION_ID_BYTES &&
    sourceId.length <= MAX_CONNECTION_ID_BYTES
  );
}

function keyOf(id: Buffer): string {
  return id.toString("latin1");
}
