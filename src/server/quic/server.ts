import { createSocket, type Socket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { isIPv6 } from "node:net";
import { listenError, type Logger } from "../../http/index.js";
import { QuicEndpoint } from "./endpoint.js";
import { DEFAULT_QUIC_LIMITS, type QuicLimits } from "./limits.js";
import { loadQuiche, type QuicPackageLoader } from "./quiche.js";
import { SessionClaims, type SessionService } from "../sessions/index.js";
import { SessionStreams } from "./session-streams.js";
import { QUIC_CODES } from "./stream-codes.js";
import { createTransport, type QuicTls } from "./transport.js";

export interface QuicOptions {
  readonly host: string;
  /** Of UDP; 0 picks a free one. */
  readonly port: number;
  readonly tls: QuicTls;
  readonly service: SessionService;
  /** Shared with other transports, so that a session is with one connection. Default: of this one alone. */
  readonly claims?: SessionClaims;
  readonly limits?: Partial<QuicLimits>;
  /** Says of `Bearer TOKEN` whether it lets in; absent: all are let in. */
  readonly authorize?: (authorization: string | undefined) => boolean;
  readonly logger?: Pick<Logger, "debug" | "error">;
  /** Another source of the package, for tests. */
  readonly loadPackage?: QuicPackageLoader;
}

export interface QuicServer {
  readonly host: string;
  readonly port: number;
  /** Open ones, those without a finished handshake among them. */
  readonly connectionCount: number;
  /** Takes no more connections, lets messages that are being handled be answered, and cuts what is left after `graceMs` (10 s). */
  close(graceMs?: number): Promise<void>;
}

const DEFAULT_GRACE_MS = 10_000;
/** Bursts of many connections wait in it; the system may give less. */
const SOCKET_BUFFER_BYTES = 4 * 2 ** 20;

/**
 * Serves sessions over QUIC, ALPN `m2m/1` (docs/spec/quic.md).
 * @throws {UnsupportedError} `M2M_PACKAGE_MISSING`
 * @throws {InputError} `M2M_LISTEN_FAILED`
 */
export async function startQuic(options: QuicOptions): Promise<QuicServer> {
  const limits = { ...DEFAULT_QUIC_LIMITS, ...options.limits };
  const quiche = await loadQuiche(options.loadPackage);
  const config = createTransport(quiche, options.tls, limits);
  const { socket, host, port } = await bindSocket(options.host, options.port);
  let onChange = () => {};
  const { claims = new SessionClaims() } = options;
  const streams = new SessionStreams({ ...options, claims, limits, onIdle: () => onChange() });
  const endpoint = new QuicEndpoint({
    quiche,
    config,
    socket,
    local: { host, port },
    limits,
    onStream: (stream, connection) => streams.add(stream, connection),
    onTurn: () => onChange(),
  });
  let closed: Promise<void> | undefined;
  const close = async (graceMs: number): Promise<void> => {
    endpoint.stopAccepting();
    streams.hold();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, graceMs);
      onChange = () => {
        if (streams.isBusy || [...endpoint.connections].some(({ hasQueued }) => hasQueued)) return;
        clearTimeout(timer);
        resolve();
      };
      onChange();
    });
    endpoint.closeAll(QUIC_CODES.done);
    await new Promise<void>((resolve) => socket.close(() => resolve()));
  };
  return {
    host,
    port,
    get connectionCount() {
      return endpoint.connectionCount;
    },
    close: (graceMs = DEFAULT_GRACE_MS) => (closed ??= close(graceMs)),
  };
}

async function bindSocket(
  host: string,
  port: number,
): Promise<{ socket: Socket; host: string; port: number }> {
  try {
    const { address } = await lookup(host);
    const socket = createSocket({
      type: isIPv6(address) ? "udp6" : "udp4",
      // All hosts that are written to are addresses already; Node's own way looks even at these only a tick later.
      lookup: (name, _options, callback) => callback(null, name, isIPv6(name) ? 6 : 4),
      recvBufferSize: SOCKET_BUFFER_BYTES,
      sendBufferSize: SOCKET_BUFFER_BYTES,
    });
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.bind({ port, address, exclusive: true }, () => {
        socket.off("error", reject);
        resolve();
      });
    });
    // What goes wrong with one datagram is no end of the socket.
    socket.on("error", () => {});
    return { socket, host: address, port: socket.address().port };
  } catch (error) {
    throw listenError(error as NodeJS.ErrnoException, host, `UDP port ${port}`);
  }
}
