import { setTimeout as delay } from "node:timers/promises";
import { InputError, M2MError, ProtocolError, UpstreamError } from "../../../shared/errors.js";
import { initiate, PacketPipe } from "../connection/index.js";
import { nodeCrypto, type AiTcpCrypto } from "../crypto/index.js";
import { Pacer } from "../flow/index.js";
import {
  InitiatorHandshake,
  type Established,
  type HandshakeSettings,
  type HeldTicket,
  type Strength,
} from "../handshake/index.js";
import { parseCertificate, type Identity, type TrustPolicy } from "../identity/index.js";
import { readEphemeralSession } from "../packet/index.js";
import { deriveTicketId, deriveTicketKey, SessionCore, type SessionOwner } from "../session/index.js";
import { formatAddress, parseAiTcpAddress, type AiTcpAddress } from "./address.js";
import { LinkFactory } from "./link-factory.js";
import { dialTcp, dialWithin, type Dial } from "./dial.js";
import { isDistrust } from "./distrust.js";
import { HeldTickets } from "./held-tickets.js";
import { AiTcpSession } from "./session.js";
import { SessionEnd } from "./session-end.js";
import { checkIntervalMs, resolveSettings, type AiTcpSettings } from "./settings.js";
import { makeTranscript, type OpenTranscript } from "./transcripts.js";

/** How a connection that was lost is made again. */
export interface AiTcpReconnectOptions {
  /** Tries in a row before the session is given up; 0 is none. */
  readonly maxTries: number;
  /** Milliseconds between tries at first: less after connections that lasted, 1.8 times as much after each that failed. */
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
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
  /**
   * Whether messages that are marked as safe go with the first packet of a resumption, so that they are answered one round trip later: less
   * protected than others (docs/spec/aitcp-security.md). Default false.
   */
  readonly sendsEarly?: boolean;
  /** Default: 20 tries, from 100 ms to 5 s apart, which is about a minute. */
  readonly reconnect?: Partial<AiTcpReconnectOptions>;
  /** How long a connection and its handshake may take, in milliseconds. Default 10 s. */
  readonly handshakeMs?: number;
  /** Where what both sides say and sign is written down, to be verified later by anybody (`m2m verify`). */
  readonly openTranscript?: OpenTranscript;
  /** Gives up connecting. */
  readonly signal?: AbortSignal;
  /** Makes the stream of bytes to the server. Default: TCP. */
  readonly dial?: Dial;
  readonly crypto?: AiTcpCrypto;
  /** The clock, in milliseconds since 1970. Default `Date.now`. */
  readonly nowMs?: () => number;
  /** A clock in milliseconds that does not go back, for how long something lasts. Default: `nowMs` if it is given, else `performance.now`. */
  readonly monotonicMs?: () => number;
}

const DEFAULT_RECONNECT: AiTcpReconnectOptions = Object.freeze({
  maxTries: 20,
  firstDelayMs: 100,
  maxDelayMs: 5000,
});
const DEFAULT_HANDSHAKE_MS = 10_000;
/** A connection that was shorter than this is not made again at once: who cuts it must not keep both sides busy. */
const SHORT_MS = 1000;
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
  readonly #end = new SessionEnd();
  #core: SessionCore | undefined;
  /** Of the last handshake. */
  #resumptionSecret: Uint8Array | undefined;
  /** What no later connection may be weaker than. */
  #strength: Strength | undefined;
  readonly #tickets = new HeldTickets();
  readonly #maxTries: number;
  readonly #pacer: Pacer;
  #attachedMs = 0;
  /** What the server has shown of an organisation. */
  #certificate: Uint8Array | undefined;
  #trustTimer: NodeJS.Timeout | undefined;
  /** Connections that the session has had. */
  #connections = 0;

  constructor(address: AiTcpAddress, options: AiTcpConnectOptions) {
    this.#address = address;
    this.#options = options;
    this.#settings = resolveSettings(options.settings);
    this.#crypto = options.crypto ?? nodeCrypto();
    this.#nowMs = options.nowMs ?? Date.now;
    const { maxTries, firstDelayMs, maxDelayMs } = { ...DEFAULT_RECONNECT, ...options.reconnect };
    this.#maxTries = maxTries;
    const firstMs = Math.max(1, firstDelayMs);
    this.#pacer = new Pacer({
      firstMs,
      leastMs: Math.min(20, firstMs),
      mostMs: Math.max(firstMs, maxDelayMs),
    });
    this.#links = new LinkFactory({
      crypto: this.#crypto,
      identity: options.identity,
      idleMs: this.#settings.idleMs,
      nowMs: this.#nowMs,
      monotonicMs: options.monotonicMs ?? options.nowMs,
    });
  }

  async begin(): Promise<AiTcpSession> {
    const { pipe, established } = await this.#connect(this.#options.signal);
    const core = new SessionCore({
      role: "initiator",
      id: established.secrets.sessionId,
      peer: established.peer,
      own: this.#settings.flow,
      transcript: makeTranscript(
        this.#options.openTranscript,
        established.secrets.sessionId,
        established.peer,
      ),
      owner: this,
    });
    this.#core = core;
    this.#certificate = established.certificate;
    this.#attach(core, pipe, established);
    if (!core.isClosed) {
      const intervalMs = checkIntervalMs(established.agreed.lifetimeSeconds);
      this.#trustTimer = setInterval(() => this.#endIfUntrusted(), intervalMs);
      this.#trustTimer.unref();
    }
    if (core.failure) throw core.failure;
    return new AiTcpSession(core, this.#end);
  }

  onTicket(bytes: Uint8Array): void {
    const { id, publicKey, expirationUnix } = readEphemeralSession(bytes);
    const core = this.#core;
    if (!core || !Buffer.from(publicKey).equals(core.peer.staticKey)) {
      throw new ProtocolError("M2M_FRAME_UNEXPECTED", "The ticket is not of the server that gives it.");
    }
    this.#tickets.confirmed();
    this.#keepTicket(core, Uint8Array.from(id), expirationUnix);
  }

  onConfirmed(): void {
    // Its first packet has come.
  }

  onInterrupted(error: Error): void {
    void this.#resume(error);
  }

  onClosed(error: Error | undefined): void {
    this.#over.abort();
    clearInterval(this.#trustTimer);
    this.#resumptionSecret?.fill(0);
    this.#resumptionSecret = undefined;
    this.#tickets.clear();
    this.#end.settle(error);
  }

  #attach(core: SessionCore, pipe: PacketPipe, established: Established): void {
    const link = this.#links.make(pipe, established);
    if (core.isClosed) {
      established.secrets.resumption.fill(0);
    } else {
      this.#resumptionSecret?.fill(0);
      this.#resumptionSecret = established.secrets.resumption;
      this.#attachedMs = performance.now();
      this.#connections++;
      const { lifetimeSeconds } = established.agreed;
      const id = deriveTicketId(this.#crypto, this.#resumptionSecret);
      const { signatures, isPadded } = established.agreed;
      this.#strength = { signatures, isPadded };
      if (lifetimeSeconds > 0) this.#keepTicket(core, id, Math.floor(this.#nowMs() / 1000) + lifetimeSeconds);
    }
    void core.attach(link, established);
  }

  #keepTicket({ id: sessionId, peer }: SessionCore, id: Uint8Array, expires: number): void {
    const secret = this.#resumptionSecret;
    const strength = this.#strength;
    if (!secret || !strength) return;
    const key = deriveTicketKey(this.#crypto, secret, id);
    this.#tickets.add({ id, key, sessionId, peer, expires, ...strength });
  }

  /** Makes another connection, as long as the session lives. */
  async #resume(cause: Error): Promise<void> {
    const core = this.#core;
    const { signal } = this.#over;
    let failure: unknown = cause;
    // The responder has said what it has against the end of the handshake that was to begin the session: it has none to go on with.
    if (this.#connections === 1 && !isLoss(cause)) this.#tickets.clear();
    let isPaced = performance.now() - this.#attachedMs < SHORT_MS;
    if (isPaced) this.#pacer.failed(0);
    else this.#pacer.succeeded();
    for (let attempt = 1; core && attempt <= this.#maxTries; attempt++) {
      // Those who lost their connections together do not come back together.
      if (isPaced) await pause(this.#pacer.intervalMs * (0.5 + Math.random() / 2), signal);
      this.#endIfUntrusted();
      const ticket = signal.aborted ? undefined : this.#tickets.best(this.#nowMs());
      if (!ticket) break;
      try {
        const { pipe, established } = await this.#connect(signal, ticket);
        this.#tickets.used(ticket);
        this.#attach(core, pipe, established);
        return;
      } catch (error) {
        failure = error;
        if (error instanceof InputError) break;
        // All else can be the work of somebody on the way: nothing is authenticated before the end of a handshake.
        const isRefused = error instanceof M2MError && error.code === "M2M_TICKET_REFUSED";
        if (isRefused || isDistrust(error)) {
          this.#tickets.refused(ticket);
          // The other ticket may be as good as new.
          if (this.#tickets.hasFresh) continue;
        }
        if (isPaced) this.#pacer.failed(0);
        isPaced = true;
      }
    }
    if (!signal.aborted) core?.close("expired", "", failure as Error);
  }

  /** Frames that go with a ticket, if there are any that may. */
  #earlyFor(ticket: HeldTicket | undefined): Uint8Array | undefined {
    if (!ticket || !this.#options.sendsEarly || this.#tickets.hasEarly(ticket)) return undefined;
    const frames = this.#core?.streams.early(MAX_EARLY_BYTES);
    if (!frames || frames.length === 0) return undefined;
    this.#tickets.sentEarly(ticket);
    return frames;
  }

  async #connect(
    outer: AbortSignal | undefined,
    ticket?: HeldTicket,
  ): Promise<{ pipe: PacketPipe; established: Established }> {
    const { handshakeMs = DEFAULT_HANDSHAKE_MS, identity, certificate, serverStatic } = this.#options;
    outer?.throwIfAborted();
    const giveUp = new AbortController();
    const onOuter = (): void => giveUp.abort(outer?.reason);
    outer?.addEventListener("abort", onOuter, { once: true });
    const timer = setTimeout(() => giveUp.abort(answerTimeout(handshakeMs)), handshakeMs);
    let pipe: PacketPipe | undefined;
    giveUp.signal.addEventListener("abort", () => pipe?.destroy(), { once: true });
    try {
      pipe = new PacketPipe(await dialWithin(this.#options.dial ?? dialTcp, this.#address, giveUp.signal));
      const early = this.#earlyFor(ticket);
      const handshake = new InitiatorHandshake({
        crypto: this.#crypto,
        identity,
        certificate,
        serverStatic,
        settings: early ? this.#settingsWithRoom() : this.#settings,
        ticket,
        early,
        assertTrusted: (peer, shown) => this.#assertTrusted(peer, shown, false),
      });
      return { pipe, established: await initiate(pipe, handshake) };
    } catch (error) {
      pipe?.destroy();
      throw giveUp.signal.aborted ? giveUp.signal.reason : error;
    } finally {
      clearTimeout(timer);
      outer?.removeEventListener("abort", onOuter);
    }
  }

  /** What answers to early frames may cost is what there is room for. */
  #settingsWithRoom(): HandshakeSettings {
    const sessionWindow = this.#core?.streams.earlyCredit ?? this.#settings.flow.sessionWindow;
    return { ...this.#settings, flow: { ...this.#settings.flow, sessionWindow } };
  }

  #endIfUntrusted(): void {
    const core = this.#core;
    if (!core || core.isClosed) return;
    try {
      this.#assertTrusted(core.peer.identity, this.#certificate, true);
    } catch (error) {
      // A file that cannot be read takes no trust back.
      if (isDistrust(error)) core.close("untrusted", "", error);
    }
  }

  #assertTrusted(identity: Uint8Array, shown: Uint8Array | undefined, isRepeated: boolean): void {
    const certificate = shown && parseCertificate(shown);
    const decision = this.#options.trust.decide(
      identity,
      certificate,
      formatAddress(this.#address),
      this.#nowMs(),
      isRepeated,
    );
    if (!decision.trusted) throw decision.error;
  }
}

/** Whether a connection was lost, and not refused. */
function isLoss(error: Error): boolean {
  return error instanceof M2MError && error.code === "M2M_CONNECTION_LOST";
}

function answerTimeout(handshakeMs: number): UpstreamError {
  return new UpstreamError(
    "M2M_ANSWER_TIMEOUT",
    `There was no session with the server in ${handshakeMs / 1000} s.`,
  );
}

/** Resolves after `ms`, or when `signal` says so. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => {});
}
