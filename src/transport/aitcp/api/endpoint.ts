import { clientOf } from "../../../shared/client-network.js";
import { LimitError, M2MError, UpstreamError } from "../../../shared/errors.js";
import { MemoryRecordStore } from "../../../shared/record-store.js";
import type { RateLimitStore } from "../../../shared/stores.js";
import { MemoryRateStore } from "../../../shared/token-buckets.js";
import {
  closeReasonOf,
  connectionLost,
  PacketPipe,
  respond,
  type ByteStream,
  type CloseReason,
  type RecordLink,
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
import { parseCertificate } from "../identity/index.js";
import { clocksOf, type Clocks } from "./clocks.js";
import { LinkFactory } from "./link-factory.js";
import { resolveLimits, type AiTcpServerLimits, type AiTcpServerOptions } from "./server-options.js";
import { ServerSessions, sessionsFull } from "./server-sessions.js";
import { resolveSettings } from "./settings.js";

/** How long who is refused has to read it, in milliseconds. */
const LINGER_MS = 1000;
const TICKET_REFUSED = "M2M_TICKET_REFUSED";

/** Connections on their way to a session. */
export class Endpoint {
  readonly #options: AiTcpServerOptions;
  readonly #limits: AiTcpServerLimits;
  readonly #settings: HandshakeSettings;
  readonly #crypto: AiTcpCrypto;
  readonly #clocks: Clocks;
  readonly #cookies: Cookies;
  readonly #rates: RateLimitStore;
  readonly #links: LinkFactory;
  readonly #sessions: ServerSessions;
  readonly #streams = new Set<ByteStream>();
  /** Those whose handshake has not begun: nothing has come, or a cookie was asked for. In the order in which they came. */
  readonly #idle = new Set<ByteStream>();
  /** One for all streams: a function for each would be kept for as long as its stream. */
  readonly #onClose = removerFrom(this.#streams, this.#idle);
  #handshakes = 0;
  #isClosed = false;

  constructor(options: AiTcpServerOptions) {
    this.#options = options;
    this.#limits = resolveLimits(options.limits);
    this.#settings = resolveSettings(options.settings);
    this.#crypto = options.crypto ?? nodeCrypto();
    this.#clocks = clocksOf(options);
    const { nowMs, monotonicMs } = this.#clocks;
    this.#cookies = new Cookies(this.#crypto, monotonicMs());
    this.#rates = new MemoryRateStore({ nowMs: monotonicMs });
    const { identity, onSession, openTranscript, store } = options;
    const { idleMs } = this.#settings;
    const common = { crypto: this.#crypto, identity, ...this.#clocks };
    const { peerRate } = this.#limits;
    this.#links = new LinkFactory({
      ...common,
      idleMs,
      ...(peerRate && { peerLimit: new PeerLimit({ bucket: peerRate, nowMs: monotonicMs }) }),
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
          nowMs,
        }),
      isShared: store !== undefined,
      maxSessions: this.#limits.maxSessions,
      maxSessionsPerPeer: this.#limits.maxSessionsPerPeer,
      onSession,
      openTranscript,
      assertStillTrusted: (peer, shown) => this.#assertTrusted(peer, shown, true),
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
    stream.on("close", this.#onClose);
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
        assertTrusted: (peer, shown, goesOn) => {
          if (!goesOn) this.#sessions.assertRoom(peer);
          this.#assertTrusted(peer, shown, goesOn);
        },
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
    const nowMs = this.#clocks.monotonicMs();
    if (this.#handshakes < this.#limits.cookiesFrom) return undefined;
    if (cookie && this.#cookies.isValid(cookie, address, key, nowMs)) return undefined;
    return this.#cookies.make(address, key, nowMs);
  }

  #assertTrusted(identity: Uint8Array, shown: Uint8Array | undefined, isRepeated: boolean): void {
    const certificate = shown && parseCertificate(shown);
    const decision = this.#options.trust.decide(
      identity,
      certificate,
      undefined,
      this.#clocks.nowMs(),
      isRepeated,
    );
    if (!decision.trusted) throw decision.error;
  }
}

/** What the peer is told of a connection that comes to no session. */
function reasonOf(error: unknown): CloseReason {
  if (error instanceof M2MError && error.code === TICKET_REFUSED) return "expired";
  return error instanceof UpstreamError || error instanceof LimitError ? "busy" : closeReasonOf(error);
}

/** A listener that takes the stream, of which something is told, out of sets. */
function removerFrom(...sets: Set<ByteStream>[]): (this: ByteStream) => void {
  return function () {
    for (const set of sets) set.delete(this);
  };
}

function ignore(): void {
  // Somebody else is told.
}
