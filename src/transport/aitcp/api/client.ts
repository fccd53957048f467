import type { Duplex } from "node:stream";
import { backoffMs, type Backoff } from "../../../shared/backoff.js";
import { M2MError, ProtocolError, UpstreamError } from "../../../shared/errors.js";
import { initiate, PacketPipe } from "../connection/index.js";
import { nodeCrypto, type AiTcpCrypto } from "../crypto/index.js";
import {
  InitiatorHandshake,
  type Established,
  type HandshakeSettings,
  type HeldTicket,
} from "../handshake/index.js";
import { parseCertificate, type Identity, type TrustPolicy } from "../identity/index.js";
import { readEphemeralSession } from "../packet/index.js";
import { deriveTicketKey, SessionCore, type SessionOwner } from "../session/index.js";
import { formatAddress, parseAiTcpAddress, type AiTcpAddress } from "./address.js";
import { LinkFactory, type TranscriptSink } from "./link-factory.js";
import { dialTcp } from "./dial.js";
import { AiTcpSession } from "./session.js";
import { resolveSettings, type AiTcpSettings } from "./settings.js";

/** How a connection that was lost is made again. */
export interface AiTcpReconnectOptions extends Backoff {
  /** Tries in a row before the session is given up; 0 is none. */
  readonly maxTries: number;
}

export interface AiTcpConnectOptions {
  /** Who this side is. */
  readonly identity: Identity;
  /** Whom it talks to. */
  readonly trust: TrustPolicy;
  /** An organisation's word for this side. */
  readonly certificate?: Uint8Array;
  /** The server's static X25519 key, if it is known: one message of the handshake is saved, and nothing is told to another server. */
  readonly serverStatic?: Uint8Array;
  readonly settings?: AiTcpSettings;
  /** Default: 10 tries, 200 ms before the first, at most 10 s. */
  readonly reconnect?: Partial<AiTcpReconnectOptions>;
  /** How long a connection and its handshake may take, in milliseconds. Default 10 s. */
  readonly handshakeMs?: number;
  /** Gets what both sides sign, to be kept and verified later. */
  readonly transcript?: TranscriptSink;
  /** Gives up connecting. */
  readonly signal?: AbortSignal;
  /** Makes the stream of bytes to the server. Default: TCP. */
  readonly dial?: (address: AiTcpAddress, signal: AbortSignal) => Promise<Duplex>;
  readonly crypto?: AiTcpCrypto;
  /** The clock, in milliseconds since 1970. Default `Date.now`. */
  readonly nowMs?: () => number;
}

const DEFAULT_RECONNECT: AiTcpReconnectOptions = Object.freeze({
  maxTries: 10,
  firstDelayMs: 200,
  maxDelayMs: 10_000,
});
const DEFAULT_HANDSHAKE_MS = 10_000;
/** Tickets that are kept: the responder takes no more than two. */
const MAX_TICKETS = 2;
/** Of frames that go with a ticket. */
const MAX_EARLY_BYTES = 16 * 1024;

/**
 * Begins a session with an AI-TCP server, and goes on with it over other connections when one is lost.
 * @param url `aitcp://HOST:PORT`
 * @throws {InputError} `M2M_USAGE`
 * @throws {UpstreamError} `M2M_CONNECTION_FAILED`, `M2M_ANSWER_TIMEOUT`
 * @throws {IntegrityError} `M2M_PEER_UNTRUSTED`, `M2M_PEER_CHANGED`, `M2M_AUTHENTICATION_FAILED`
 * @throws {M2MError} what else a handshake may throw
 */
export async function connectAiTcp(url: string | URL, options: AiTcpConnectOptions): Promise<AiTcpSession> {
  return new ClientSession(parseAiTcpAddress(url), options).begin();
}

class ClientSession implements SessionOwner {
  readonly #address: AiTcpAddress;
  readonly #options: AiTcpConnectOptions;
  readonly #settings: HandshakeSettings;
  readonly #crypto: AiTcpCrypto;
  readonly #links: LinkFactory;
  readonly #nowMs: () => number;
  readonly #over = new AbortController();
  readonly #closed: Promise<void>;
  #settle!: (error: Error | undefined) => void;
  #core: SessionCore | undefined;
  /** Of the last handshake. */
  #resumptionSecret = new Uint8Array(32);
  #tickets: HeldTicket[] = [];

  constructor(address: AiTcpAddress, options: AiTcpConnectOptions) {
    this.#address = address;
    this.#options = options;
    this.#settings = resolveSettings(options.settings);
    this.#crypto = options.crypto ?? nodeCrypto();
    this.#nowMs = options.nowMs ?? Date.now;
    this.#links = new LinkFactory({
      crypto: this.#crypto,
      identity: options.identity,
      idleMs: this.#settings.idleMs,
      nowMs: this.#nowMs,
      transcript: options.transcript,
    });
    this.#closed = new Promise((resolve, reject) => {
      this.#settle = (error) => (error ? reject(error) : resolve());
    });
    // Not everybody asks how it ended.
    this.#closed.catch(() => {});
  }

  async begin(): Promise<AiTcpSession> {
    const { pipe, established } = await this.#connect(this.#options.signal);
    const core = new SessionCore({
      role: "initiator",
      id: established.secrets.sessionId,
      peer: established.peer,
      own: this.#settings.flow,
      owner: this,
    });
    this.#core = core;
    this.#attach(core, pipe, established);
    return new AiTcpSession(core, this.#closed, () => core.close("done", ""));
  }

  onTicket(bytes: Uint8Array): void {
    const { id, publicKey, expirationUnix } = readEphemeralSession(bytes);
    const core = this.#core;
    if (!core || !Buffer.from(publicKey).equals(core.peer.staticKey)) {
      throw new ProtocolError("M2M_FRAME_UNEXPECTED", "The ticket is not of the server that gives it.");
    }
    const key = deriveTicketKey(this.#crypto, this.#resumptionSecret, id);
    this.#tickets.push({
      id: Uint8Array.from(id),
      key,
      sessionId: core.id,
      peer: core.peer,
      expires: expirationUnix,
    });
    for (const old of this.#tickets.splice(0, this.#tickets.length - MAX_TICKETS)) old.key.fill(0);
  }

  onInterrupted(error: Error): void {
    void this.#resume(error);
  }

  onClosed(error: Error | undefined): void {
    this.#over.abort();
    this.#resumptionSecret.fill(0);
    for (const { key } of this.#tickets.splice(0)) key.fill(0);
    this.#settle(error);
  }

  #attach(core: SessionCore, pipe: PacketPipe, established: Established): void {
    this.#resumptionSecret = Uint8Array.from(established.secrets.resumption);
    core.attach(this.#links.make(pipe, established), established);
  }

  /** Makes another connection, as long as the session lives. */
  async #resume(cause: Error): Promise<void> {
    const core = this.#core;
    const { maxTries, ...backoff } = { ...DEFAULT_RECONNECT, ...this.#options.reconnect };
    let failure: unknown = cause;
    for (let attempt = 1; core && attempt <= maxTries && !this.#over.signal.aborted; attempt++) {
      if (attempt > 1) await pause(backoffMs(attempt - 1, backoff, Math.random()), this.#over.signal);
      if (this.#over.signal.aborted) return;
      try {
        this.#dropExpired();
        if (this.#tickets.length === 0) break;
        const { pipe, established } = await this.#connect(
          this.#over.signal,
          this.#tickets[0],
          core.streams.early(MAX_EARLY_BYTES),
        );
        this.#tickets.shift();
        this.#attach(core, pipe, established);
        return;
      } catch (error) {
        failure = error;
        if (error instanceof M2MError && error.code === "M2M_TICKET_REFUSED") {
          this.#tickets.shift();
          // The other one is as good as new.
          attempt = Math.min(attempt, 1);
        } else if (!isPassing(error)) break;
      }
    }
    if (this.#over.signal.aborted) return;
    core?.close("expired", "", failure as Error);
  }

  #dropExpired(): void {
    const nowSeconds = this.#nowMs() / 1000;
    this.#tickets = this.#tickets.filter(({ expires }) => expires > nowSeconds);
  }

  async #connect(
    outer: AbortSignal | undefined,
    ticket?: HeldTicket,
    early?: Uint8Array,
  ): Promise<{ pipe: PacketPipe; established: Established }> {
    const { handshakeMs = DEFAULT_HANDSHAKE_MS, identity, certificate, serverStatic } = this.#options;
    const timeout = AbortSignal.timeout(handshakeMs);
    const signal = outer ? AbortSignal.any([outer, timeout]) : timeout;
    const dial = this.#options.dial ?? dialTcp;
    let pipe: PacketPipe | undefined;
    const onAbort = (): void => pipe?.destroy();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      pipe = new PacketPipe(await dial(this.#address, signal));
      if (signal.aborted) pipe.destroy();
      const handshake = new InitiatorHandshake({
        crypto: this.#crypto,
        identity,
        certificate,
        serverStatic,
        settings: this.#settings,
        ticket,
        early: early && early.length > 0 ? early : undefined,
        assertTrusted: (peer, shown) => this.#assertTrusted(peer, shown),
      });
      return { pipe, established: await initiate(pipe, handshake) };
    } catch (error) {
      pipe?.destroy();
      if (outer?.aborted) throw outer.reason;
      if (timeout.aborted) {
        throw new UpstreamError(
          "M2M_ANSWER_TIMEOUT",
          `There was no session with the server in ${handshakeMs / 1000} s.`,
          { cause: error },
        );
      }
      throw error;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  #assertTrusted(identity: Uint8Array, shown: Uint8Array | undefined): void {
    const certificate = shown && parseCertificate(shown);
    const decision = this.#options.trust.decide(
      identity,
      certificate,
      formatAddress(this.#address),
      this.#nowMs(),
    );
    if (!decision.trusted) throw decision.error;
  }
}

/** Whether another try may go better. */
function isPassing(error: unknown): boolean {
  return error instanceof M2MError && (error.family === "UpstreamError" || error.family === "LimitError");
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done, { once: true });
  });
}
