import type { IncomingMessage } from "node:http";
import {
  bearerGuard,
  ClientRateLimiter,
  HeldBytes,
  isLoopbackHost,
  listen,
  SharedRateLimiter,
  Teardown,
  type BearerGuard,
  type Listener,
  type Logger,
  type MetricsSnapshot,
  type OnClose,
  type RateLimiter,
} from "../http/index.js";
import { clientOf } from "../shared/client-network.js";
import { InputError } from "../shared/errors.js";
import type { AiTcpSessionServer } from "./aitcp/index.js";
import { apiRoutes } from "./api/index.js";
import { createApp } from "./app.js";
import { createServices } from "./create-services.js";
import type { AiTcpServing, ServerOptions } from "./options.js";
import type { QuicServer } from "./quic/index.js";
import type { ServerServices } from "./services.js";
import {
  DEFAULT_MAX_HELD_BYTES,
  LinkHistories,
  noRoomForContent,
  SessionClaims,
  type SessionService,
} from "./sessions/index.js";
import { openStores, type Stores } from "./stores.js";
import { createWebSocketEndpoint } from "./ws/index.js";

/** A server that takes requests. */
export interface Server {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** The UDP port of QUIC, if it is served. */
  readonly quicPort?: number;
  /** Where AI-TCP is served, and by whom, if it is. */
  readonly aitcp?: Pick<AiTcpSessionServer, "host" | "port" | "identity">;
  readonly sessions: SessionService;
  /** What this process has counted. */
  metricsSnapshot(): Promise<MetricsSnapshot>;
  /** Drains: takes nothing new, answers what has begun, and cuts what is left after `graceMs` (10 s). */
  close(graceMs?: number): Promise<void>;
}

const DEFAULT_GRACE_MS = 10_000;
const DEFAULT_MAX_ACTIVE_REQUESTS = 1024;

/**
 * Loads what requests need, then listens.
 * @throws {InputError} `M2M_LISTEN_FAILED`, `M2M_USAGE`, and what the scanner throws
 * @throws {UpstreamError} `M2M_STORE_UNAVAILABLE`
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  if (options.quic && !options.tls) {
    throw new InputError("M2M_USAGE", "QUIC needs a certificate and its key.", {
      hint: "Give --tls-cert and --tls-key.",
    });
  }
  const teardown = new Teardown();
  try {
    return await startWith(options, teardown);
  } catch (error) {
    // What went wrong first is what is told.
    await teardown.run(0).catch(() => {});
    throw error;
  }
}

/** @param teardown gets what closes each part, as it is opened */
async function startWith(options: ServerOptions, teardown: Teardown): Promise<Server> {
  const { host, tls, logger } = options;
  const stores = await openStores(options.store, logger);
  teardown.group()(() => stores.close());
  let isDraining = false;
  const maxBytes = options.maxHeldBytes ?? DEFAULT_MAX_HELD_BYTES;
  const held = new HeldBytes({ maxBytes, noRoom: noRoomForContent });
  const services = await createServices(options, { ...stores, contents: held }, () => isDraining);
  const { sessions } = services;
  // What came over connections that were cut may be worked on still.
  teardown.group()(() => sessions.shutdown());
  const onClose = teardown.group();
  // What waits for messages is answered with none, so that nothing keeps the connections from closing.
  onClose(() => sessions.shutdown());
  const shared = { sessions, claims: new SessionClaims(), histories: new LinkHistories(), logger };
  const listener = await serveHttp(options, { ...shared, services, held, stores }, onClose);
  const { port, url } = listener;
  const aitcp = options.aitcp && (await serveAiTcp(options, options.aitcp, { ...shared, stores }));
  if (aitcp) {
    onClose((graceMs) => aitcp.close(graceMs));
    services.metrics.watchAiTcp(aitcp.metrics);
  }
  const quic = options.quic && tls ? await serveQuic(options, tls, port, shared) : undefined;
  if (quic) onClose((graceMs) => quic.close(graceMs));
  return {
    url,
    host,
    port,
    quicPort: quic?.port,
    aitcp,
    sessions,
    metricsSnapshot: () => services.metrics.snapshot(),
    close: (graceMs = DEFAULT_GRACE_MS) => {
      isDraining = true;
      return teardown.run(graceMs);
    },
  };
}

/** What all that carries sessions shares. */
interface Shared {
  readonly sessions: SessionService;
  readonly claims: SessionClaims;
  readonly histories: LinkHistories;
  readonly logger: Logger;
}

/** HTTP, and WebSocket on the same port. */
async function serveHttp(
  options: ServerOptions,
  {
    services,
    held,
    stores,
    sessions,
    claims,
    histories,
  }: Shared & { readonly services: ServerServices; readonly held: HeldBytes; readonly stores: Stores },
  onClose: OnClose,
): Promise<Listener> {
  const { authToken, engine, host, logger, maxBodyBytes, port, requestsPerMinute, tls, trustedProxies } =
    options;
  const authorize = authorizeOf(options);
  // Who listens on the loopback without a token trusts this machine, and a browser on it opens anybody's pages.
  const localPagesOnly = authToken === undefined && isLoopbackHost(host);
  const addressOf = (request: IncomingMessage) =>
    trustedProxies ? trustedProxies.addressOf(request) : request.socket.remoteAddress;
  const app = createApp({
    services,
    routes: apiRoutes(),
    maxBodyBytes,
    maxJsonDepth: engine.limits.maxJsonDepth,
    maxActiveRequests: options.maxActiveRequests ?? DEFAULT_MAX_ACTIVE_REQUESTS,
    held,
    authorize,
    localPagesOnly,
    addressOf,
    limiter: limiterOf(requestsPerMinute, stores),
    logger,
  });
  const webSockets = createWebSocketEndpoint({
    sessions,
    claims,
    histories,
    authorize,
    localPagesOnly,
    addressOf: (request) => clientOf(addressOf(request)),
    onDefect: (error) => logger.error({ err: error }, "a WebSocket connection failed"),
  });
  onClose((graceMs) => webSockets.close(graceMs));
  const listener = await listen(app, {
    host,
    port,
    tls,
    limits: options.httpLimits,
    onUpgrade: (request, socket, head) => webSockets.handleUpgrade(request, socket, head),
  });
  onClose((graceMs) => listener.close(graceMs));
  return listener;
}

async function serveAiTcp(
  { host, port }: ServerOptions,
  { port: wanted = port === 0 ? 0 : port + 1, maxSessionsPerPeer, ...who }: AiTcpServing,
  { sessions, stores, ...shared }: Shared & { readonly stores: Stores },
): Promise<AiTcpSessionServer> {
  const { startAiTcp } = await import("./aitcp/index.js");
  const limits = maxSessionsPerPeer === undefined ? {} : { maxSessionsPerPeer };
  const store = stores.aitcp?.();
  return startAiTcp({ ...who, ...shared, host, port: wanted, service: sessions, store, limits });
}

/** The package that speaks QUIC is optional: it is loaded for who asks for it. */
async function serveQuic(
  options: ServerOptions,
  tls: NonNullable<ServerOptions["tls"]>,
  port: number,
  { sessions, claims, logger }: Shared,
): Promise<QuicServer> {
  const { startQuic } = await import("./quic/index.js");
  const authorize = authorizeOf(options);
  return startQuic({ host: options.host, port, tls, service: sessions, claims, authorize, logger });
}

function authorizeOf({ authToken }: ServerOptions): BearerGuard | undefined {
  return authToken === undefined ? undefined : bearerGuard(authToken);
}

function limiterOf(requestsPerMinute: number, { rates }: Stores): RateLimiter | undefined {
  if (requestsPerMinute === 0) return undefined;
  return rates
    ? new SharedRateLimiter(rates, { requestsPerMinute })
    : new ClientRateLimiter({ requestsPerMinute });
}
