import { listenError, type Logger } from "../../http/index.js";
import { M2MError } from "../../shared/errors.js";
import {
  createAiTcpServer,
  formatIdentity,
  type AiTcpServer,
  type AiTcpStore,
  type Identity,
  type TrustPolicy,
} from "../../transport/index.js";
import { LinkHistories, SessionClaims, type SessionService } from "../sessions/index.js";
import { CarriedSessions } from "./carried-sessions.js";
import { DEFAULT_AITCP_LIMITS, type AiTcpLimits } from "./limits.js";

export interface AiTcpOptions {
  readonly host: string;
  /** Of TCP; 0 picks a free one. */
  readonly port: number;
  /** Who the server is. */
  readonly identity: Identity;
  /** Whom it lets in. */
  readonly trust: TrustPolicy;
  /** An organisation's word for the server. */
  readonly certificate?: Uint8Array;
  readonly service: SessionService;
  /** Shared with other transports, so that a session is with one connection. Default: of this one alone. */
  readonly claims?: SessionClaims;
  /** How many streams keep windows of what goes over them, shared with other transports. Default: 64 of this one alone. */
  readonly histories?: LinkHistories;
  /** What several processes share, so that AI-TCP sessions go on with any of them. Default: the memory of this one. */
  readonly store?: AiTcpStore;
  readonly limits?: Partial<AiTcpLimits>;
  readonly logger?: Pick<Logger, "debug" | "warn" | "error">;
}

/** What AI-TCP has come to in this process. */
export interface AiTcpMetrics {
  readonly connections: number;
  readonly sessions: number;
  readonly streams: number;
  /** Handshakes that came to nothing, by code. */
  readonly refused: Readonly<Record<string, number>>;
}

export interface AiTcpSessionServer {
  readonly host: string;
  readonly port: number;
  /** The server's, as text. */
  readonly identity: string;
  metrics(): AiTcpMetrics;
  /**
   * Takes no more messages, lets those that are being handled be answered, and ends all connections after `graceMs` (10 s) at the latest.
   * With a shared store the sessions go on with another process.
   */
  close(graceMs?: number): Promise<void>;
}

const DEFAULT_GRACE_MS = 10_000;
/** Peers that do not take their answers are not waited for any longer. */
const MAX_DRAIN_MS = 5_000;

/**
 * Serves sessions over AI-TCP (docs/spec/transport.md, "AI-TCP").
 * @throws {InputError} `M2M_LISTEN_FAILED`
 */
export async function startAiTcp(options: AiTcpOptions): Promise<AiTcpSessionServer> {
  const { host, port, identity, trust, certificate, service, store, logger } = options;
  const limits = { ...DEFAULT_AITCP_LIMITS, ...options.limits };
  const { claims = new SessionClaims(), histories = new LinkHistories() } = options;
  const carried = new CarriedSessions({ service, claims, histories, limits, logger });
  const refused: Record<string, number> = {};
  let server: AiTcpServer;
  try {
    server = await createAiTcpServer({
      host,
      port,
      identity,
      trust,
      certificate,
      store,
      // `dictionary` with a window tells by its lengths what others have mixed with secrets.
      settings: { padding: true, maxMessageBytes: limits.maxMessageBytes, maxStreams: limits.maxStreams },
      limits: { maxSessions: limits.maxSessions, maxSessionsPerPeer: limits.maxSessionsPerPeer },
      onSession: (session) => void carried.serve(session),
      onError: (error, address) => {
        const code = error instanceof M2MError ? error.code : "other";
        refused[code] = (refused[code] ?? 0) + 1;
        report(logger, error, address);
      },
    });
  } catch (error) {
    const cause = error instanceof M2MError && error.code === "M2M_LISTEN_FAILED" ? error.cause : undefined;
    if (!cause) throw error;
    throw listenError(cause as NodeJS.ErrnoException, host, `port ${port} for AI-TCP`, "--aitcp-port");
  }
  const close = async (graceMs: number): Promise<void> => {
    try {
      await carried.drain(Math.min(graceMs, MAX_DRAIN_MS));
    } finally {
      await server.close();
      carried.close();
    }
  };
  let closed: Promise<void> | undefined;
  return {
    host,
    port: server.port,
    identity: formatIdentity(identity.publicKey),
    metrics: () => ({
      connections: server.connectionCount,
      sessions: server.sessionCount,
      streams: carried.size,
      refused: { ...refused },
    }),
    close: (graceMs = DEFAULT_GRACE_MS) => (closed ??= close(graceMs)),
  };
}

/** Who was not let in is named, so that it can be. @param address absent for what concerns no one connection */
function report(logger: AiTcpOptions["logger"], error: unknown, address: string | undefined): void {
  const isUntrusted = error instanceof M2MError && error.code === "M2M_PEER_UNTRUSTED";
  if (isUntrusted) logger?.warn({ address, code: error.code }, error.message);
  else if (address === undefined) logger?.error({ err: error }, "aitcp failed");
  else logger?.debug({ address, err: error }, "aitcp handshake failed");
}
