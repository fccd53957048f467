import { ProtocolError, UpstreamError } from "../../../shared/errors.js";
import type { RecordLink } from "../connection/index.js";
import type { AiTcpCrypto } from "../crypto/index.js";
import type { AiTcpAgreement, Established, HandshakeSettings } from "../handshake/index.js";
import type { Identity } from "../identity/index.js";
import {
  isTakenOver,
  SessionCore,
  takenOver,
  type ProgressKeeper,
  type SessionOptions,
  type SessionOwner,
  type TicketBook,
  type TicketGrant,
} from "../session/index.js";
import type { Clocks } from "./clocks.js";
import { isDistrust } from "./distrust.js";
import { AiTcpSession } from "./session.js";
import { SessionEnd } from "./session-end.js";
import { makeTranscript, type OpenTranscript } from "./transcripts.js";

export interface ServerSessionOptions extends Clocks {
  readonly crypto: AiTcpCrypto;
  readonly identity: Identity;
  readonly settings: HandshakeSettings;
  /** Whether other processes have the same store. */
  readonly isShared: boolean;
  readonly onSession: (session: AiTcpSession, isRestored: boolean) => void | Promise<void>;
  readonly openTranscript?: OpenTranscript;
  /** Throws `M2M_PEER_UNTRUSTED` if a peer that was trusted is not any more; what else it throws says nothing of the peer. */
  readonly assertStillTrusted: (identity: Uint8Array, certificate: Uint8Array | undefined) => void;
  /** For what goes wrong and concerns no one session. */
  readonly onError: (error: unknown) => void;
}

/** Tickets of one session that are valid at a time. */
const MAX_TICKETS = 2;

/** Names of tickets of a connection that early frames have come over, and whose peer has not confirmed the handshake: both are taken until it does. */
export interface UnconfirmedTickets {
  readonly used: string;
  readonly implied: string | undefined;
}

/** Who has the sessions of a server. */
export interface SessionsKeeper {
  /** It has no part in the session any more, which may go on elsewhere. */
  onSessionOver(session: ServerSession): void;
}

/** One session of a server. */
export class ServerSession implements SessionOwner {
  readonly core: SessionCore;
  keeper: ProgressKeeper | undefined;
  isRestored = false;
  readonly #options: ServerSessionOptions;
  readonly #tickets: TicketBook;
  readonly #sessions: SessionsKeeper;
  readonly #certificate: Uint8Array | undefined;
  /** Names of the tickets that the peer has, the latest last. */
  #given: readonly string[] = [];
  #unconfirmed: UnconfirmedTickets | undefined;
  #resumptionSecret: Uint8Array | undefined;
  #ticketMs = 0;
  /** Another process may go on with it. */
  #isLeft = false;
  /** Without a connection since then: at first it has none. */
  #interruptedMs: number | undefined;
  #hasBegun = false;
  #api: AiTcpSession | undefined;
  readonly #end = new SessionEnd();

  constructor(
    id: string,
    { peer, certificate }: Established,
    restored: SessionOptions["restored"],
    options: ServerSessionOptions,
    tickets: TicketBook,
    sessions: SessionsKeeper,
  ) {
    this.#options = options;
    this.#tickets = tickets;
    this.#sessions = sessions;
    this.#certificate = certificate;
    this.#interruptedMs = options.monotonicMs();
    this.core = new SessionCore({
      role: "responder",
      id,
      peer,
      own: options.settings.flow,
      restored,
      transcript: makeTranscript(options.openTranscript, Buffer.from(id, "hex"), peer),
      claims: options.isShared ? { keep: (streams) => this.#keep(streams) } : undefined,
      owner: this,
    });
  }

  /** Keeps the ticket that both sides have by the handshake alone. @returns its name. @throws {M2MError} what the store throws */
  async keepImpliedTicket({ agreed, secrets }: Established): Promise<string | undefined> {
    const { nowMs, monotonicMs, settings } = this.#options;
    if (settings.lifetimeSeconds === 0) return undefined;
    this.#ticketMs = monotonicMs();
    return this.#tickets.keepImplied(this.#grant(agreed, secrets.resumption), nowMs());
  }

  /** The peer has another ticket; those before the last two are used, or go now. */
  given(name: string): void {
    const all = [...this.#given, name];
    this.#given = all.slice(-MAX_TICKETS);
    // What stays there by a failure of the store expires.
    for (const ticket of all.slice(0, -MAX_TICKETS)) this.#dropTicket(ticket);
  }

  #dropTicket(name: string): void {
    void this.#tickets.take(name).catch(this.#options.onError);
  }

  /** The connection has ended before its peer has confirmed it, which has the other ticket alone, as far as is known. */
  #dropUnconfirmed(): void {
    const implied = this.#unconfirmed?.implied;
    this.#unconfirmed = undefined;
    if (implied) this.#dropTicket(implied);
  }

  /** Ends it if it has had no connection yet. What the store has of one that another process had stays, for whoever is next. */
  giveUp(error: Error): void {
    if (this.#hasBegun) return;
    this.#isLeft = this.isRestored;
    this.core.leave(error);
  }

  async attach(link: RecordLink, established: Established, unconfirmed?: UnconfirmedTickets): Promise<void> {
    this.#hasBegun = true;
    this.#dropUnconfirmed();
    this.#unconfirmed = unconfirmed;
    this.#interruptedMs = undefined;
    this.#forgetSecret();
    this.#resumptionSecret = established.secrets.resumption;
    const isNew = this.#api === undefined;
    await this.core.attach(link, established);
    if (this.core.isClosed) {
      this.#forgetSecret();
      this.#dropUnconfirmed();
    }
    if (!isNew || this.core.failure) return;
    this.#api = new AiTcpSession(this.core, this.#end);
    void this.#serve(this.#api);
  }

  /** What the application does not catch ends its session, and no other. */
  async #serve(session: AiTcpSession): Promise<void> {
    try {
      await this.#options.onSession(session, this.isRestored);
    } catch (error) {
      this.#options.onError(error);
      this.core.close("defect", "", error as Error);
    }
  }

  onTicket(): void {
    // A responder is given none.
  }

  onConfirmed(): void {
    const tickets = this.#unconfirmed;
    if (!tickets) return;
    this.#unconfirmed = undefined;
    this.#dropTicket(tickets.used);
    if (tickets.implied) this.given(tickets.implied);
  }

  onInterrupted(): void {
    this.#dropUnconfirmed();
    this.#interruptedMs = this.#options.monotonicMs();
  }

  onClosed(error: Error | undefined): void {
    this.#forgetSecret();
    this.#dropUnconfirmed();
    // A session that goes on elsewhere keeps what lets it.
    if (!this.#isLeft && !isTakenOver(error)) {
      for (const name of this.#given) void this.#tickets.take(name).catch(() => {});
      void this.keeper?.drop();
    }
    this.#sessions.onSessionOver(this);
    this.#end.settle(error);
  }

  /** Renews what is half over, and ends what is, or whose peer is not trusted any more. */
  check(): void {
    if (!this.#isTrusted()) return;
    const { monotonicMs, settings } = this.#options;
    const lifetimeMs = settings.lifetimeSeconds * 1000;
    const now = monotonicMs();
    if (this.#interruptedMs !== undefined) {
      if (now - this.#interruptedMs >= lifetimeMs) {
        this.core.close(
          "expired",
          "",
          new ProtocolError("M2M_SESSION_EXPIRED", "The peer has not come back in time."),
        );
      } else void this.#leaveIfTaken();
    } else if (!this.#unconfirmed && now - this.#ticketMs >= lifetimeMs / 2) {
      void this.#giveTicket();
    }
  }

  #isTrusted(): boolean {
    const { assertStillTrusted, onError } = this.#options;
    try {
      assertStillTrusted(this.core.peer.identity, this.#certificate);
      return true;
    } catch (error) {
      // A file that cannot be read takes no trust back; who comes anew is refused, and that is told.
      if (!isDistrust(error)) return true;
      onError(error);
      this.core.close("untrusted", "", error);
      return false;
    }
  }

  /** @param isOver whether it is over for the peer too; else another process goes on with it */
  shutDown(isOver: boolean): void {
    if (isOver || !this.keeper) {
      this.core.close("done", "shutting down");
      return;
    }
    this.#isLeft = true;
    this.core.leave(
      new UpstreamError("M2M_CONNECTION_LOST", "This process takes no more part in the session."),
    );
  }

  async #keep(streams: Parameters<ProgressKeeper["keep"]>[0]): Promise<void> {
    await this.keeper?.keep(streams);
  }

  async #giveTicket(): Promise<void> {
    const { nowMs, monotonicMs, onError, settings } = this.#options;
    const secret = this.#resumptionSecret;
    const { agreed } = this.core;
    if (settings.lifetimeSeconds === 0 || !secret || !agreed) return;
    this.#ticketMs = monotonicMs();
    try {
      const ticket = await this.#tickets.give(this.#grant(agreed, secret), nowMs());
      if (this.#resumptionSecret !== secret) {
        // The session is over, or has another connection by now, whose peer would make another key of it.
        await this.#tickets.take(ticket.name);
        return;
      }
      this.core.giveTicket(ticket.bytes);
      this.given(ticket.name);
      // So that the store has the session for as long as the ticket.
      if (!this.core.isClosed) await this.keeper?.keep(this.core.streams.snapshot());
    } catch (error) {
      if (isTakenOver(error)) this.core.leave(error as Error);
      // Without it the session cannot be resumed, and goes on as long as its connection does.
      else onError(error);
    }
  }

  /** The peer may have gone on with another process: this one's application is told. */
  async #leaveIfTaken(): Promise<void> {
    try {
      if (this.keeper && !(await this.keeper.isOwn())) this.core.leave(takenOver());
    } catch {
      // The store does not answer: later it may.
    }
  }

  #grant({ signatures, isPadded }: AiTcpAgreement, resumptionSecret: Uint8Array): TicketGrant {
    const {
      identity,
      settings: { lifetimeSeconds },
    } = this.#options;
    const { id, peer } = this.core;
    const sessionId = Buffer.from(id, "hex");
    const staticKey = identity.staticPair.publicKey;
    const certificate = this.#certificate;
    return {
      sessionId,
      peer,
      certificate,
      resumptionSecret,
      staticKey,
      lifetimeSeconds,
      signatures,
      isPadded,
    };
  }

  #forgetSecret(): void {
    this.#resumptionSecret?.fill(0);
    this.#resumptionSecret = undefined;
  }
}
