import { setTimeout as delay } from "node:timers/promises";
import { callBack } from "../../../shared/call-back.js";
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
import { parseCertificate } from "../identity/index.js";
import { readEphemeralSession } from "../packet/index.js";
import { deriveTicketId, deriveTicketKey, SessionCore, type SessionOwner } from "../session/index.js";
import { assertEndOptions, assertNumbers } from "./arguments.js";
import { formatAddress, parseAiTcpAddress, type AiTcpAddress } from "./address.js";
import { DEFAULT_HANDSHAKE_MS, DEFAULT_RECONNECT, type AiTcpConnectOptions } from "./client-options.js";
import { clocksOf, type Clocks } from "./clocks.js";
import { LinkFactory } from "./link-factory.js";
import { dialTcp, dialWithin } from "./dial.js";
import { isDistrust } from "./distrust.js";
import { HeldTickets } from "./held-tickets.js";
import { AiTcpSession } from "./session.js";
import { SessionEnd } from "./session-end.js";
import { checkIntervalMs, resolveSettings } from "./settings.js";
import { makeTranscript } from "./transcripts.js";

/** A connection that was shorter than this is not made again at once: who cuts it must not keep both sides busy. */
const SHORT_MS = 1000;
/** Of frames that go with a ticket. */
const MAX_EARLY_BYTES = 16 * 1024;

/**
 * Begins a session with an AI-TCP server, and goes on with it over other connections when one is lost. Resolves when the server has let this
 * side in.
 * @param url `aitcp://HOST:PORT`
 * @throws {InputError} `M2M_USAGE`
 * @throws {UpstreamError} `M2M_CONNECTION_FAILED`, `M2M_ANSWER_TIMEOUT`
 * @throws {IntegrityError} `M2M_PEER_UNTRUSTED`, `M2M_PEER_CHANGED`, `M2M_AUTHENTICATION_FAILED`
 * @throws {M2MError} what else a handshake may throw
 */
export async function connectAiTcp(url: string | URL, options: AiTcpConnectOptions): Promise<AiTcpSession> {
  assertEndOptions(options);
  return new ClientSession(parseAiTcpAddress(url), options).begin();
}

interface Connected {
  readonly pipe: PacketPipe;
  readonly established: Established;
  readonly pattern: InitiatorHandshake["pattern"];
}

class ClientSession implements SessionOwner {
  readonly #address: AiTcpAddress;
  readonly #options: AiTcpConnectOptions;
  readonly #settings: HandshakeSettings;
  readonly #crypto: AiTcpCrypto;
  readonly #links: LinkFactory;
  readonly #clocks: Clocks;
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
  #hasHeard = false;
  /** Somebody waits for the server's first word. */
  #onHeard: (() => void) | undefined;
  /** The server was reached by the last try to connect. */
  #isReached = false;
  /** Connections that the session has had. */
  #connections = 0;

  constructor(address: AiTcpAddress, options: AiTcpConnectOptions) {
    this.#address = address;
    this.#options = options;
    this.#settings = resolveSettings(options.settings);
    this.#crypto = options.crypto ?? nodeCrypto();
    this.#clocks = clocksOf(options);
    const { maxTries, firstDelayMs, maxDelayMs } = { ...DEFAULT_RECONNECT, ...options.reconnect };
    this.#maxTries = maxTries;
    assertNumbers({ maxTries, firstDelayMs, maxDelayMs }, 0);
    assertNumbers({ handshakeMs: options.handshakeMs ?? DEFAULT_HANDSHAKE_MS }, 1);
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
      ...this.#clocks,
    });
  }

  async begin(): Promise<AiTcpSession> {
    const { pipe, established, pattern } = await this.#connectFirst();
    const core = new SessionCore({
      role: "initiator",
      id: Buffer.from(established.secrets.sessionId).toString("hex"),
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
    // In XX the server sees who this side is with the last message of the handshake, and says what it thinks of it.
    if (pattern === "XX") await this.#heard(core);
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
    this.#hasHeard = true;
    this.#onHeard?.();
  }

  /** Resolves when the server has said something, or the session is over. @throws what gives up waiting for it */
  async #heard(core: SessionCore): Promise<void> {
    const { handshakeMs = DEFAULT_HANDSHAKE_MS, signal } = this.#options;
    await new Promise<void>((resolve) => {
      const giveUp = (error: Error): void => core.close("done", "", error);
      const onAbort = (): void => giveUp(signal?.reason as Error);
      const timer = setTimeout(() => giveUp(answerTimeout(handshakeMs)), handshakeMs);
      this.#onHeard = () => {
        this.#onHeard = undefined;
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        resolve();
      };
      signal?.addEventListener("abort", onAbort, { once: true });
      if (core.isClosed || this.#hasHeard) this.#onHeard();
      else if (signal?.aborted) onAbort();
    });
  }

  onInterrupted(error: Error): void {
    if (this.#tell("interrupted", error)) void this.#resume(error);
  }

  /** @returns whether the session goes on: what the application does not catch ends it */
  #tell(state: "interrupted" | "open", cause?: Error): boolean {
    try {
      callBack("onState", () => this.#options.onState?.(state, cause));
      return true;
    } catch (error) {
      this.#core?.close("defect", "", error as Error);
      return false;
    }
  }

  onClosed(error: Error | undefined): void {
    this.#over.abort();
    clearInterval(this.#trustTimer);
    this.#resumptionSecret?.fill(0);
    this.#resumptionSecret = undefined;
    this.#tickets.clear();
    this.#onHeard?.();
    this.#end.settle(error);
  }

  #attach(core: SessionCore, pipe: PacketPipe, established: Established): void {
    const link = this.#links.make(pipe, established);
    if (core.isClosed) {
      established.secrets.resumption.fill(0);
    } else {
      this.#resumptionSecret?.fill(0);
      this.#resumptionSecret = established.secrets.resumption;
      this.#attachedMs = this.#clocks.monotonicMs();
      this.#connections++;
      const { lifetimeSeconds } = established.agreed;
      const id = deriveTicketId(this.#crypto, this.#resumptionSecret);
      const { signatures, isPadded } = established.agreed;
      this.#strength = { signatures, isPadded };
      if (lifetimeSeconds > 0)
        this.#keepTicket(core, id, Math.floor(this.#clocks.nowMs() / 1000) + lifetimeSeconds);
    }
    void core.attach(link, established);
  }

  #keepTicket(core: SessionCore, id: Uint8Array, expires: number): void {
    const secret = this.#resumptionSecret;
    const strength = this.#strength;
    if (!secret || !strength) return;
    const key = deriveTicketKey(this.#crypto, secret, id);
    const sessionId = Buffer.from(core.id, "hex");
    this.#tickets.add({ id, key, sessionId, peer: core.peer, expires, ...strength });
  }

  /** Makes another connection, as long as the session lives. */
  async #resume(cause: Error): Promise<void> {
    const core = this.#core;
    const { signal } = this.#over;
    let failure: unknown = cause;
    // The responder has said what it has against the end of the handshake that was to begin the session: it has none to go on with.
    if (this.#connections === 1 && !isLoss(cause)) this.#tickets.clear();
    let isPaced = this.#clocks.monotonicMs() - this.#attachedMs < SHORT_MS;
    if (isPaced) this.#pacer.failed();
    else this.#pacer.succeeded();
    for (let attempt = 1; core && attempt <= this.#maxTries; attempt++) {
      // Those who lost their connections together do not come back together.
      if (isPaced) await pause(this.#pacer.intervalMs * (0.5 + Math.random() / 2), signal);
      this.#endIfUntrusted();
      const ticket = signal.aborted ? undefined : this.#tickets.best(this.#clocks.nowMs());
      if (!ticket) break;
      try {
        const { pipe, established } = await this.#connect(signal, { ticket });
        this.#tickets.used(ticket);
        this.#attach(core, pipe, established);
        if (!core.isClosed) this.#tell("open");
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
        if (isPaced) this.#pacer.failed();
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

  /** The connection that a session begins with: by IK if the server's static key is known. */
  async #connectFirst(): Promise<Connected> {
    const { serverStatic, signal, trust } = this.#options;
    const address = formatAddress(this.#address);
    const known = serverStatic ? undefined : trust.knownStatic(address);
    let connected: Connected;
    try {
      connected = await this.#connect(signal, { serverStatic: serverStatic ?? known });
    } catch (error) {
      if (!known || !this.#isReached || !isKeyDoubtful(error)) throw error;
      // Its key may be another one by now. In XX it shows which, and its identity signs it.
      connected = await this.#connect(signal, {});
    }
    const { identity, staticKey } = connected.established.peer;
    if (!serverStatic) trust.noteStatic(address, identity, staticKey);
    return connected;
  }

  async #connect(
    outer: AbortSignal | undefined,
    { ticket, serverStatic }: { readonly ticket?: HeldTicket; readonly serverStatic?: Uint8Array },
  ): Promise<Connected> {
    const { handshakeMs = DEFAULT_HANDSHAKE_MS, identity, certificate } = this.#options;
    this.#isReached = false;
    outer?.throwIfAborted();
    const giveUp = new AbortController();
    const onOuter = (): void => giveUp.abort(outer?.reason);
    outer?.addEventListener("abort", onOuter, { once: true });
    const timer = setTimeout(() => giveUp.abort(answerTimeout(handshakeMs)), handshakeMs);
    let pipe: PacketPipe | undefined;
    giveUp.signal.addEventListener("abort", () => pipe?.destroy(), { once: true });
    try {
      pipe = new PacketPipe(await dialWithin(this.#options.dial ?? dialTcp, this.#address, giveUp.signal));
      this.#isReached = true;
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
      return { pipe, established: await initiate(pipe, handshake), pattern: handshake.pattern };
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
      this.#clocks.nowMs(),
      isRepeated,
    );
    if (!decision.trusted) throw decision.error;
  }
}

/** Whether a handshake may have failed since the server has another static key: nothing that the server says of this side. */
function isKeyDoubtful(error: unknown): boolean {
  if (!(error instanceof M2MError)) return false;
  return ["M2M_AUTHENTICATION_FAILED", "M2M_CONNECTION_FAILED", "M2M_CONNECTION_LOST"].includes(error.code);
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
