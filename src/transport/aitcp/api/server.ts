import { createServer, type Socket } from "node:net";
import {
  InputError,
  LimitError,
  M2MError,
  UpstreamError,
  type ErrorDetails,
} from "../../../shared/errors.js";
import { clientOf } from "../../../shared/client-network.js";
import { MemoryRecordStore } from "../../../shared/record-store.js";
import type { RateLimitBucket, RateLimitStore } from "../../../shared/stores.js";
import { assertBucket, MemoryRateStore } from "../../../shared/token-buckets.js";
import {
  closeReasonOf,
  connectionLost,
  PacketPipe,
  respond,
  type CloseReason,
  type RecordLink,
  type ByteStream,
} from "../connection/index.js";
import { nodeCrypto, type AiTcpCrypto } from "../crypto/index.js";
import { PeerLimit } from "../flow/index.js";
import {
  Cookies,
  HandshakeRefusal,
  ResponderHandshake,
  type Established,
  type HandshakeSettings,
} from "../handshake/index.js";
import { parseCertificate, type Identity, type TrustPolicy } from "../identity/index.js";
import type { AiTcpStore } from "../session/index.js";
import { LinkFactory } from "./link-factory.js";
import { ServerSessions, sessionsFull } from "./server-sessions.js";
import type { AiTcpSession } from "./session.js";
import { resolveSettings, type AiTcpSettings } from "./settings.js";
import type { OpenTranscript } from "./transcripts.js";

/** What a server bears of strangers. */
export interface AiTcpServerLimits {
  /** Default 10,000. */
  readonly maxConnections: number;
  /** Default 10,000. */
  readonly maxSessions: number;
  /** Of one identity. Default 1,000. */
  readonly maxSessionsPerPeer: number;
  /** Handshakes under way from which on strangers have to show a cookie. Default 64. */
  readonly cookiesFrom: number;
  /** Handshakes under way, more are refused. Default 1024. */
  readonly maxHandshakes: number;
  /** How long a handshake may take, in milliseconds. Default 10 s. */
  readonly handshakeMs: number;
  /** Connections of one address, or one /64 network of IPv6. Default 100 at once, 50 a second. */
  readonly connectionRate: RateLimitBucket;
  /** Bytes that a peer may send, over all its connections: at once, and a second. Default: as fast as it likes. */
  readonly peerRate?: RateLimitBucket;
}

export interface AiTcpServerOptions {
  /** Who this side is. */
  readonly identity: Identity;
  /** Whom it talks to. */
  readonly trust: TrustPolicy;
  /** An organisation's word for this side. */
  readonly certificate?: Uint8Array;
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 0: a free one. */
  readonly port?: number;
  readonly settings?: AiTcpSettings;
  readonly limits?: Partial<AiTcpServerLimits>;
  /** A store that several processes share, so that sessions go on with any of them. Default: the memory of this one. */
  readonly store?: AiTcpStore;
  /**
   * Whether messages that come with the first packet of a resumption are given before its handshake is over (`AiTcpStream.isEarly`). Only
   * where all processes with this identity share one store, or there is one. Default false.
   */
  readonly takesEarly?: boolean;
  /** Where what both sides say and sign is written down, to be verified later by anybody (`m2m verify`). */
  readonly openTranscript?: OpenTranscript;
  /** Told of each session, once in this process; what it throws ends the session. @param isRestored another process had it before */
  readonly onSession: (session: AiTcpSession, isRestored: boolean) => void | Promise<void>;
  /** Told of handshakes that failed, and of what goes wrong with the store. */
  readonly onError?: (error: unknown, address: string | undefined) => void;
  readonly crypto?: AiTcpCrypto;
  /** The clock, in milliseconds since 1970. Default `Date.now`. */
  readonly nowMs?: () => number;
  /** A clock in milliseconds that does not go back, for how long something lasts. Default: `nowMs` if it is given, else `performance.now`. */
  readonly monotonicMs?: () => number;
}

/** A server that takes sessions. */
export interface AiTcpServer {
  readonly host: string;
  readonly port: number;
  /** Sessions that are not over, those without a connection among them. */
  readonly sessionCount: number;
  /** Connections, those without a finished handshake among them. */
  readonly connectionCount: number;
  /** Serves a stream of bytes that comes from elsewhere than TCP. */
  serve(stream: ByteStream, address: string): void;
  /** Takes no more connections, and ends those that there are. Sessions are over, unless other processes share their store. */
  close(): Promise<void>;
}

const DEFAULT_LIMITS: AiTcpServerLimits = Object.freeze({
  maxConnections: 10_000,
  maxSessions: 10_000,
  maxSessionsPerPeer: 1000,
  cookiesFrom: 64,
  maxHandshakes: 1024,
  handshakeMs: 10_000,
  connectionRate: { capacity: 100, refillPerSecond: 50 },
});
/** How long who is refused has to read it, in milliseconds. */
const LINGER_MS = 1000;
/** More is no limit, and no time that a timer takes. */
const MAX_LIMIT = 2 ** 31 - 1;
const TICKET_REFUSED = "M2M_TICKET_REFUSED";

/**
 * Serves AI-TCP (docs/spec/aitcp.md).
 * @throws {InputError} `M2M_USAGE` if a setting or a limit is none; `M2M_LISTEN_FAILED`
 */
export async function createAiTcpServer(options: AiTcpServerOptions): Promise<AiTcpServer> {
  const endpoint = new Endpoint(options);
  const server = createServer({ noDelay: true }, (socket: Socket) =>
    endpoint.serve(socket, socket.remoteAddress),
  );
  const { host = "127.0.0.1", port = 0 } = options;
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", (cause: NodeJS.ErrnoException) => reject(listenFailed(host, port, { cause })));
      server.listen(port, host, resolve);
    });
  } catch (error) {
    endpoint.close();
    throw error;
  }
  server.on("error", (error) => options.onError?.(error, undefined));
  const address = server.address();
  let closed: Promise<void> | undefined;
  return {
    host,
    port: typeof address === "object" && address ? address.port : port,
    get sessionCount() {
      return endpoint.sessionCount;
    },
    get connectionCount() {
      return endpoint.connectionCount;
    },
    serve: (stream, from) => endpoint.serve(stream, from),
    close: () =>
      (closed ??= new Promise((resolve) => {
        server.close(() => resolve());
        endpoint.close();
      })),
  };
}

/** Connections on their way to a session. */
class Endpoint {
  readonly #options: AiTcpServerOptions;
  readonly #limits: AiTcpServerLimits;
  readonly #settings: HandshakeSettings;
  readonly #crypto: AiTcpCrypto;
  readonly #nowMs: () => number;
  readonly #cookies: Cookies;
  readonly #rates: RateLimitStore = new MemoryRateStore();
  readonly #links: LinkFactory;
  readonly #sessions: ServerSessions;
  readonly #streams = new Set<ByteStream>();
  /** Those whose handshake has not begun: nothing has come, or a cookie was asked for. In the order in which they came. */
  readonly #idle = new Set<ByteStream>();
  #handshakes = 0;
  #isClosed = false;

  constructor(options: AiTcpServerOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    assertLimits(this.#limits);
    this.#settings = resolveSettings(options.settings);
    this.#crypto = options.crypto ?? nodeCrypto();
    this.#nowMs = options.nowMs ?? Date.now;
    this.#cookies = new Cookies(this.#crypto, this.#nowMs());
    const { identity, onSession, openTranscript, store } = options;
    const { idleMs } = this.#settings;
    const common = { crypto: this.#crypto, identity, nowMs: this.#nowMs };
    const { peerRate } = this.#limits;
    this.#links = new LinkFactory({
      ...common,
      monotonicMs: options.monotonicMs ?? options.nowMs,
      idleMs,
      ...(peerRate && { peerLimit: new PeerLimit({ bucket: peerRate, nowMs: this.#nowMs }) }),
    });
    this.#sessions = new ServerSessions({
      ...common,
      settings: this.#settings,
      store:
        store ??
        // Each session has two tickets, and for a moment a third one.
        new MemoryRecordStore({
          maxRecords: 3 * this.#limits.maxSessions + 16,
          fullError: sessionsFull,
          nowMs: this.#nowMs,
        }),
      isShared: store !== undefined,
      maxSessions: this.#limits.maxSessions,
      maxSessionsPerPeer: this.#limits.maxSessionsPerPeer,
      onSession,
      openTranscript,
      onError: (error) => this.#report(error, undefined),
    });
  }

  get sessionCount(): number {
    return this.#sessions.size;
  }
  get connectionCount(): number {
    return this.#streams.size;
  }

  serve(stream: ByteStream, address: string | undefined): void {
    // Without a listener it would be thrown; what it means is told by the pipe.
    stream.on("error", ignore);
    if (this.#isClosed || this.#streams.size >= this.#limits.maxConnections) {
      stream.destroy();
      return;
    }
    this.#streams.add(stream);
    this.#idle.add(stream);
    stream.on("close", () => {
      this.#streams.delete(stream);
      this.#idle.delete(stream);
    });
    void this.#admit(stream, address ?? "");
  }

  close(): void {
    this.#isClosed = true;
    this.#sessions.close(this.#options.store === undefined);
    for (const stream of this.#streams) {
      // What was said last is given the time to be read.
      if (!stream.writableEnded) stream.destroy();
    }
  }

  async #admit(stream: ByteStream, address: string): Promise<void> {
    if (!(await this.#isInRate(address)) || !this.#hasRoom(stream)) {
      stream.destroy();
      return;
    }
    this.#handshakes++;
    const timer = setTimeout(() => stream.destroy(), this.#limits.handshakeMs);
    try {
      await this.#shakeHands(stream, address);
    } catch (error) {
      const isTold = error instanceof HandshakeRefusal;
      this.#report(isTold ? (error.cause ?? error) : error, address);
      if (isTold) stream.end();
      else stream.destroy();
      // Who is refused has read it by then, or does not read.
      setTimeout(() => stream.destroy(), LINGER_MS).unref();
    } finally {
      clearTimeout(timer);
      this.#handshakes--;
    }
  }

  async #isInRate(address: string): Promise<boolean> {
    try {
      return (await this.#rates.take(clientOf(address), 1, this.#limits.connectionRate)).allowed;
    } catch (error) {
      this.#report(error, address);
      return false;
    }
  }

  /** Whether there is room for the handshake of a stream: one whose own has not begun for longer makes way for it. */
  #hasRoom(stream: ByteStream): boolean {
    if (this.#handshakes < this.#limits.maxHandshakes) return true;
    const [oldest] = this.#idle;
    if (!oldest || oldest === stream) return false;
    this.#idle.delete(oldest);
    oldest.destroy();
    return true;
  }

  async #shakeHands(stream: ByteStream, address: string): Promise<void> {
    const pipe = new PacketPipe(stream);
    const { identity, certificate, takesEarly = false } = this.#options;
    const established = await respond(
      pipe,
      new ResponderHandshake({
        crypto: this.#crypto,
        identity,
        certificate,
        settings: this.#settings,
        ...(takesEarly && { claimEarly: (id: Uint8Array) => this.#sessions.claimEarly(id) }),
        assertTrusted: (peer, shown) => this.#assertTrusted(peer, shown),
        findTicket: (id) => this.#sessions.findTicket(id),
        cookieFor: (key, cookie) => {
          const asked = this.#cookieFor(address, key, cookie);
          if (!asked) this.#idle.delete(stream);
          return asked;
        },
      }),
    );
    const link = this.#links.make(pipe, established);
    try {
      // What came early is answered at once: it is the initiator's own, and comes once.
      if (!established.early) {
        const first = await pipe.next();
        if (!first) throw connectionLost();
        link.confirm(first);
      }
    } catch (error) {
      this.#giveUp(link, established);
      throw error;
    }
    try {
      await this.#sessions.attach(link, established);
    } catch (error) {
      // A session that goes on does so when the store answers again: its connection is only lost.
      const isOver = !established.resumedId || (error instanceof M2MError && error.code === TICKET_REFUSED);
      if (isOver) link.close(reasonOf(error), "");
      this.#giveUp(link, established);
      throw error;
    }
  }

  /** Forgets the secrets of a connection that comes to nothing. */
  #giveUp(link: RecordLink, { secrets }: Established): void {
    link.abandon();
    secrets.resumption.fill(0);
  }

  #report(error: unknown, address: string | undefined): void {
    try {
      this.#options.onError?.(error, address);
    } catch {
      // Who listens has a defect; the server goes on.
    }
  }

  #cookieFor(address: string, key: Uint8Array, cookie: Uint8Array | undefined): Uint8Array | undefined {
    const nowMs = this.#nowMs();
    if (this.#handshakes < this.#limits.cookiesFrom) return undefined;
    if (cookie && this.#cookies.isValid(cookie, address, key, nowMs)) return undefined;
    return this.#cookies.make(address, key, nowMs);
  }

  #assertTrusted(identity: Uint8Array, shown: Uint8Array | undefined): void {
    this.#sessions.assertRoom(identity);
    const certificate = shown && parseCertificate(shown);
    const decision = this.#options.trust.decide(identity, certificate, undefined, this.#nowMs());
    if (!decision.trusted) throw decision.error;
  }
}

/** @throws {InputError} `M2M_USAGE` */
function assertLimits({ connectionRate, peerRate, ...counts }: AiTcpServerLimits): void {
  for (const [name, value] of Object.entries(counts)) {
    if (Number.isInteger(value) && value >= 0 && value <= MAX_LIMIT) continue;
    throw new InputError("M2M_USAGE", `${name} is a whole number from 0 to ${MAX_LIMIT}.`);
  }
  for (const bucket of peerRate ? [connectionRate, peerRate] : [connectionRate]) {
    assertBucket(0, bucket);
    if (bucket.refillPerSecond === Infinity) {
      throw new InputError("M2M_USAGE", "What a rate limit is refilled by is a finite number.");
    }
  }
}

/** What the peer is told of a connection that comes to no session. */
function reasonOf(error: unknown): CloseReason {
  if (error instanceof M2MError && error.code === TICKET_REFUSED) return "expired";
  return error instanceof UpstreamError || error instanceof LimitError ? "busy" : closeReasonOf(error);
}

function listenFailed(host: string, port: number, details: ErrorDetails): InputError {
  const reason = (details.cause as NodeJS.ErrnoException).code ?? "unknown";
  return new InputError(
    "M2M_LISTEN_FAILED",
    `The server cannot listen on ${host}, port ${port}: ${reason}.`,
    {
      hint: "Take another port, or 0 for a free one.",
      ...details,
    },
  );
}

function ignore(): void {
  // Somebody else is told.
}
