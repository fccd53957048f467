import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { CodecEngine, type ContentVerdict, type EngineOptions } from "../codec/index.js";
import {
  bearerGuard,
  ClientRateLimiter,
  HeldBytes,
  isLoopbackHost,
  listen,
  type HttpLimits,
  type ListenOptions,
  type Logger,
  type MetricsSnapshot,
  type RateLimiter,
  SharedRateLimiter,
  type TrustedProxies,
} from "../http/index.js";
import type { ModelRegistry } from "../models/index.js";
import type { ScanResult, SecurityScanner } from "../security/index.js";
import { Session, writeMessage, type CapabilityOptions } from "../session/index.js";
import type { AlgorithmName } from "../shared/algorithms.js";
import { clientOf } from "../shared/client-network.js";
import type { BpeEncodingName } from "../shared/encodings.js";
import { InputError } from "../shared/errors.js";
import { type Limits } from "../shared/limits.js";
import { defaultTokenizers } from "../tokenizer/index.js";
import { apiRoutes } from "./api/index.js";
import { createApp } from "./app.js";
import { guardWith, watched } from "./guard.js";
import { RequestMetrics, type OtherMetrics } from "./metrics/requests.js";
import type { ServerServices, ThreatSource } from "./services.js";
import {
  createSessionService,
  LinkHistories,
  noRoomForContent,
  SessionClaims,
  type SessionService,
} from "./sessions/index.js";
import { openStores, type Stores } from "./stores.js";
import type { Identity, TrustPolicy } from "../transport/index.js";
import type { AiTcpSessionServer } from "./aitcp/index.js";
import type { QuicServer } from "./quic/index.js";
import { createWebSocketEndpoint } from "./ws/index.js";

/** Who the server is on AI-TCP, and whom it lets in: no token is asked for there. */
export interface AiTcpServing {
  /** Default: the one above that of HTTP; a free one if that is 0. */
  readonly port?: number;
  readonly identity: Identity;
  readonly trust: TrustPolicy;
  /** An organisation's word for the server. */
  readonly certificate?: Uint8Array;
  /** Sessions of one identity at a time. Default 1,000. */
  readonly maxSessionsPerPeer?: number;
}

export interface ServerOptions {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  readonly tls?: ListenOptions["tls"];
  readonly version: string;
  readonly logger: Logger;
  readonly engine: EngineOptions & { readonly limits: Limits; readonly encoding: BpeEncodingName };
  readonly defaultAlgorithm: AlgorithmName | "auto";
  readonly models: ModelRegistry;
  /** Loads what `/scan` asks, and with `security` everything that is compressed. */
  readonly openScanner: () => Promise<{ readonly scanner: SecurityScanner; readonly threshold: number }>;
  readonly security: { readonly isEnabled: boolean; readonly isBlocking: boolean };
  /** `memory`, or an address as `redis://localhost:6379`. */
  readonly store: string;
  /** Absent: nobody has to show a token. */
  readonly authToken?: string;
  readonly maxBodyBytes: number;
  /** Of one client; 0 is no limit. */
  readonly requestsPerMinute: number;
  /** Whose word for the address of a client is taken. Default: nobody's, it is that of the connection. */
  readonly trustedProxies?: TrustedProxies;
  /** Most bytes of all requests that are held at once, opened ones as well. Default 256 MiB. */
  readonly maxHeldBytes?: number;
  /** Requests that are worked on at once, those that wait for messages left out. Default 1024. */
  readonly maxActiveRequests?: number;
  /** Serve sessions over QUIC too, on the UDP port of the same number. Needs `tls`. */
  readonly quic?: boolean;
  /** Serve sessions over AI-TCP too. */
  readonly aitcp?: AiTcpServing;
  readonly httpLimits?: Partial<HttpLimits>;
  /** What the other processes of the server have counted: `/metrics` is of all, whichever of them is asked. */
  readonly otherMetrics?: OtherMetrics;
}

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
const DEFAULT_MAX_HELD_BYTES = 256 * 1024 * 1024;
const MAX_LOGGED_THREATS = 5;

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
  const stores = await openStores(options.store, options.logger);
  try {
    return await startWith(options, stores);
  } catch (error) {
    await stores.close();
    throw error;
  }
}

async function startWith(options: ServerOptions, stores: Stores): Promise<Server> {
  const { authToken, engine, logger, maxBodyBytes, requestsPerMinute } = options;
  let isDraining = false;
  const maxBytes = options.maxHeldBytes ?? DEFAULT_MAX_HELD_BYTES;
  const held = new HeldBytes({ maxBytes, noRoom: noRoomForContent });
  const services = await createServices(options, { ...stores, contents: held }, () => isDraining);
  const { sessions } = services;
  const authorize = authToken === undefined ? undefined : bearerGuard(authToken);
  // Who listens on the loopback without a token trusts this machine, and a browser on it opens anybody's pages.
  const localPagesOnly = authToken === undefined && isLoopbackHost(options.host);
  const { trustedProxies } = options;
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
  // Of all transports.
  const claims = new SessionClaims();
  const histories = new LinkHistories();
  const webSockets = createWebSocketEndpoint({
    sessions,
    claims,
    histories,
    authorize,
    localPagesOnly,
    addressOf: (request) => clientOf(addressOf(request)),
    onDefect: (error) => logger.error({ err: error }, "a WebSocket connection failed"),
  });
  const { host, tls } = options;
  const listener = await listen(app, {
    host,
    port: options.port,
    tls,
    limits: options.httpLimits,
    onUpgrade: (request, socket, head) => webSockets.handleUpgrade(request, socket, head),
  });
  const { port, url } = listener;
  let quic: QuicServer | undefined;
  let aitcp: AiTcpSessionServer | undefined;
  try {
    if (options.aitcp) {
      const { startAiTcp } = await import("./aitcp/index.js");
      const wanted = options.aitcp.port ?? (options.port === 0 ? 0 : options.port + 1);
      const store = stores.aitcp?.();
      const { maxSessionsPerPeer, ...who } = options.aitcp;
      const limits = maxSessionsPerPeer === undefined ? {} : { maxSessionsPerPeer };
      aitcp = await startAiTcp({
        ...who,
        ...{ host, port: wanted, service: sessions, claims, histories, store, limits, logger },
      });
      services.metrics.watchAiTcp(aitcp.metrics);
    }
    if (options.quic && tls) {
      // The package that speaks QUIC is optional: it is loaded for who asks for it.
      const { startQuic } = await import("./quic/index.js");
      quic = await startQuic({ host, port, tls, service: sessions, claims, authorize, logger });
    }
  } catch (error) {
    await Promise.all([listener.close(0), aitcp?.close(0)]);
    throw error;
  }
  const close = async (graceMs: number): Promise<void> => {
    isDraining = true;
    // What waits for messages is answered with none, so that nothing keeps the listener from closing.
    const settled = sessions.shutdown();
    await Promise.all([
      listener.close(graceMs),
      webSockets.close(graceMs),
      quic?.close(graceMs),
      aitcp?.close(graceMs),
    ]);
    await settled;
    await stores.close();
  };
  let closed: Promise<void> | undefined;
  return {
    url,
    host,
    port,
    quicPort: quic?.port,
    aitcp,
    sessions,
    metricsSnapshot: () => services.metrics.snapshot(),
    close: (graceMs = DEFAULT_GRACE_MS) => (closed ??= close(graceMs)),
  };
}

async function createServices(
  options: ServerOptions,
  stores: Stores & { readonly contents: HeldBytes },
  isDraining: () => boolean,
): Promise<ServerServices> {
  const { engine, openScanner, security, version } = options;
  const startedAtMs = performance.now();
  const metrics = new RequestMetrics(version, () => sessions.metrics(), options.otherMetrics);
  let opened: ReturnType<typeof openScanner> | undefined;
  const open = () => {
    if (opened) return opened;
    opened = openScanner();
    // A failed load is tried again: the weights may be put in place meanwhile.
    opened.catch(() => (opened = undefined));
    return opened;
  };
  const guarding = security.isEnabled ? await open() : undefined;
  const guard = guarding && guardWith(guarding.scanner, security.isBlocking, metrics.content);
  const capabilities: CapabilityOptions = {
    agentId: randomUUID(),
    agentType: "server",
    compression: { maxPayloadBytes: Math.min(engine.limits.maxInputBytes, engine.limits.maxOutputBytes) },
    security: {
      threatDetection: guard !== undefined,
      blocking: guard !== undefined && security.isBlocking,
      ...(guarding && { blockThreshold: guarding.threshold }),
    },
  };
  const noteThreat = (source: ThreatSource, verdict: ContentVerdict): void => {
    const { threatType: type, score, shouldBlock } = verdict;
    // Ids of rules and places, never what stood there.
    const threats = (verdict as Partial<ScanResult>).threats
      ?.slice(0, MAX_LOGGED_THREATS)
      .map(({ id, location: { pointer }, score }) => ({ id, pointer, score }));
    options.logger.warn(
      { ...source, type, score, threats },
      shouldBlock ? "content blocked" : "content unsafe",
    );
  };
  const sessions = createSessionService({
    ...stores,
    capabilities,
    scanner: guard,
    onThreat: (verdict, { address, request, path }) =>
      noteThreat({ request, path: path ?? "DATA", client: address }, verdict),
  });
  // The vocabulary is read on first use: no request should wait for it.
  defaultTokenizers.get(engine.encoding).count("ready");
  return {
    engine: new CodecEngine(engine),
    defaultAlgorithm: options.defaultAlgorithm,
    encoding: engine.encoding,
    models: options.models,
    scanner: async () => (await open()).scanner,
    guard,
    guardFor: (source) => guard && watched(guard, (verdict) => noteThreat(source, verdict)),
    isBlocking: security.isBlocking,
    sessions,
    capabilities: payloadOf(capabilities, guard),
    metrics,
    version,
    uptimeMs: () => performance.now() - startedAtMs,
    checkStores: () => stores.check(),
    isDraining,
  };
}

function limiterOf(requestsPerMinute: number, { rates }: Stores): RateLimiter | undefined {
  if (requestsPerMinute === 0) return undefined;
  return rates
    ? new SharedRateLimiter(rates, { requestsPerMinute })
    : new ClientRateLimiter({ requestsPerMinute });
}

/** How HELLO spells capabilities. */
function payloadOf(
  capabilities: CapabilityOptions,
  scanner: ServerServices["guard"],
): Readonly<Record<string, unknown>> {
  const hello = new Session({ role: "initiator", capabilities, scanner }).connect();
  return (JSON.parse(writeMessage(hello)) as { payload: Record<string, unknown> }).payload;
}
