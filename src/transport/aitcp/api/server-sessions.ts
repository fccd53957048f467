import { LimitError, ProtocolError, UpstreamError } from "../../../shared/errors.js";
import type { AiTcpCrypto } from "../crypto/index.js";
import type { Established, GivenTicket, HandshakeSettings } from "../handshake/index.js";
import type { Identity } from "../identity/index.js";
import type { RecordLink } from "../connection/index.js";
import {
  isTakenOver,
  progressName,
  ProgressKeeper,
  SessionCore,
  takenOver,
  TicketBook,
  type AiTcpStore,
  type SessionOwner,
  type TicketGrant,
} from "../session/index.js";
import { AiTcpSession } from "./session.js";
import { makeTranscript, type OpenTranscript } from "./transcripts.js";

export interface ServerSessionsOptions {
  readonly crypto: AiTcpCrypto;
  readonly identity: Identity;
  readonly settings: HandshakeSettings;
  readonly store: AiTcpStore;
  /** Whether other processes have the same store. */
  readonly isShared: boolean;
  readonly maxSessions: number;
  readonly nowMs: () => number;
  readonly onSession: (session: AiTcpSession, isRestored: boolean) => void;
  readonly openTranscript?: OpenTranscript;
  /** For what goes wrong and concerns no one session. */
  readonly onError: (error: unknown) => void;
}

/** Tickets of one session that are valid at a time. */
const MAX_TICKETS = 2;

/** The sessions of a server: who has a connection, who waits for one, and whose time is over. */
export class ServerSessions {
  readonly #options: ServerSessionsOptions;
  readonly #tickets: TicketBook;
  readonly #sessions = new Map<string, ServerSession>();
  /** Connections that come to the same session do so one after the other. */
  readonly #arriving = new Map<string, Promise<unknown>>();
  #isClosed = false;
  readonly #sweep: NodeJS.Timeout;

  constructor(options: ServerSessionsOptions) {
    this.#options = options;
    this.#tickets = new TicketBook(options.crypto, options.store);
    const lifetimeMs = options.settings.lifetimeSeconds * 1000;
    this.#sweep = setInterval(() => this.#check(), Math.min(30_000, Math.max(100, lifetimeMs / 8)));
    this.#sweep.unref();
  }

  get size(): number {
    return this.#sessions.size;
  }
  /** Whether there is room for another. */
  get isFull(): boolean {
    return this.#sessions.size >= this.#options.maxSessions;
  }

  /** A ticket whose session can go on here. @throws {M2MError} what the store throws */
  async findTicket(id: Uint8Array): Promise<GivenTicket | undefined> {
    const { store, isShared, nowMs } = this.#options;
    const ticket = await this.#tickets.find(id, nowMs());
    if (!ticket) return undefined;
    if (this.#sessions.has(keyOf(ticket.sessionId))) return ticket;
    return isShared && (await store.get(progressName(ticket.sessionId))) ? ticket : undefined;
  }

  /** Uses a ticket up. @returns false if it was already */
  takeTicket(id: Uint8Array): Promise<boolean> {
    return this.#tickets.take(id);
  }

  /**
   * Gives a connection to its session, which may be a new one.
   * @throws {ProtocolError} `M2M_TICKET_REFUSED` if there is none any more
   * @throws {LimitError} `M2M_SESSIONS_FULL`; {M2MError} what the store throws
   */
  async attach(link: RecordLink, established: Established): Promise<void> {
    const { resumedId } = established;
    if (!resumedId) return this.#hand(await this.#begin(established), link, established);
    const key = keyOf(resumedId);
    const before = this.#arriving.get(key);
    const arrival = (async () => {
      await before?.catch(() => {});
      await this.#hand(await this.#resumed(resumedId, established), link, established);
    })();
    this.#arriving.set(key, arrival);
    try {
      await arrival;
    } finally {
      if (this.#arriving.get(key) === arrival) this.#arriving.delete(key);
    }
  }

  /** Ends all. @param isOver whether the sessions are over too; else they go on with another process */
  close(isOver: boolean): void {
    this.#isClosed = true;
    clearInterval(this.#sweep);
    for (const session of [...this.#sessions.values()]) session.shutDown(isOver);
  }

  async #hand(session: ServerSession, link: RecordLink, established: Established): Promise<void> {
    const { ticketId } = established;
    // Nothing is said before there is a ticket, and the one that was used goes last: a session can go on at any time.
    const implied = await session.keepImpliedTicket(established);
    if (ticketId && !(await this.takeTicket(ticketId))) {
      if (implied) await this.takeTicket(implied);
      throw ended();
    }
    if (implied) session.given(implied);
    await session.attach(link, established);
    if (this.#isClosed) session.shutDown(!this.#options.isShared);
  }

  async #begin(established: Established): Promise<ServerSession> {
    const session = this.#make(established.secrets.sessionId, established);
    const { store, nowMs } = this.#options;
    if (this.#isKept) {
      const { id, streams } = session.core;
      session.keeper = await ProgressKeeper.begin(store, id, streams.snapshot(), this.#lifetimeMs, nowMs);
    }
    this.#add(session, false);
    return session;
  }

  async #resumed(id: Uint8Array, established: Established): Promise<ServerSession> {
    const { store, nowMs } = this.#options;
    const here = this.#sessions.get(keyOf(id));
    if (here && (!here.keeper || (await here.keeper.isOwn()))) return here;
    here?.core.leave(takenOver());
    const taken = this.#isKept
      ? await ProgressKeeper.takeOver(store, id, this.#lifetimeMs, nowMs)
      : undefined;
    if (!taken) throw ended();
    const session = this.#make(id, established, taken.streams);
    session.keeper = taken.keeper;
    this.#add(session, true);
    return session;
  }

  /** Whether sessions can go on in another process: one that ends with its connection cannot. */
  get #isKept(): boolean {
    return this.#options.isShared && this.#options.settings.lifetimeSeconds > 0;
  }

  get #lifetimeMs(): number {
    return this.#options.settings.lifetimeSeconds * 1000;
  }

  #make(
    id: Uint8Array,
    established: Established,
    restored?: ConstructorParameters<typeof SessionCore>[0]["restored"],
  ): ServerSession {
    const { maxSessions } = this.#options;
    if (this.isFull) throw sessionsFull(maxSessions);
    const key = keyOf(id);
    const onOver = (): void => {
      if (this.#sessions.get(key) === session) this.#sessions.delete(key);
    };
    const session = new ServerSession(id, established, restored, this.#options, this.#tickets, onOver);
    return session;
  }

  #add(session: ServerSession, isRestored: boolean): void {
    this.#sessions.set(keyOf(session.core.id), session);
    session.isRestored = isRestored;
  }

  #check(): void {
    for (const session of this.#sessions.values()) session.check();
  }
}

/** One session of a server. */
class ServerSession implements SessionOwner {
  readonly core: SessionCore;
  keeper: ProgressKeeper | undefined;
  isRestored = false;
  readonly #options: ServerSessionsOptions;
  readonly #tickets: TicketBook;
  readonly #onOver: () => void;
  readonly #given: Uint8Array[] = [];
  #resumptionSecret: Uint8Array | undefined;
  #ticketMs = 0;
  /** Another process may go on with it. */
  #isLeft = false;
  #interruptedMs: number | undefined;
  #api: AiTcpSession | undefined;
  #settle: ((error: Error | undefined) => void) | undefined;

  constructor(
    id: Uint8Array,
    { peer }: Established,
    restored: ConstructorParameters<typeof SessionCore>[0]["restored"],
    options: ServerSessionsOptions,
    tickets: TicketBook,
    onOver: () => void,
  ) {
    this.#options = options;
    this.#tickets = tickets;
    this.#onOver = onOver;
    this.core = new SessionCore({
      role: "responder",
      id: Uint8Array.from(id),
      peer,
      own: options.settings.flow,
      restored,
      transcript: makeTranscript(options.openTranscript, id, peer),
      claims: options.isShared ? { keep: (streams) => this.#keep(streams) } : undefined,
      owner: this,
    });
  }

  /** The ticket that both sides have by the handshake alone. @throws {M2MError} what the store throws */
  async keepImpliedTicket({ secrets }: Established): Promise<Uint8Array | undefined> {
    const { nowMs, settings } = this.#options;
    if (settings.lifetimeSeconds === 0) return undefined;
    this.#ticketMs = nowMs();
    return this.#tickets.keepImplied(this.#grant(secrets.resumption), nowMs());
  }

  /** The peer has another ticket; those before the last two are used, or go now. */
  given(id: Uint8Array): void {
    this.#given.push(id);
    const old = this.#given.splice(0, this.#given.length - MAX_TICKETS);
    // What stays there by a failure of the store expires.
    for (const ticket of old) void this.#tickets.take(ticket).catch(this.#options.onError);
  }

  async attach(link: RecordLink, established: Established): Promise<void> {
    this.#interruptedMs = undefined;
    this.#forgetSecret();
    this.#resumptionSecret = established.secrets.resumption;
    const isNew = this.#api === undefined;
    const closed = isNew ? this.#makeClosed() : undefined;
    await this.core.attach(link, established);
    if (this.core.isClosed) this.#forgetSecret();
    if (!closed || this.core.failure) return;
    this.#api = new AiTcpSession(this.core, closed, () => this.core.close("done", ""));
    try {
      this.#options.onSession(this.#api, this.isRestored);
    } catch (error) {
      this.#options.onError(error);
      this.core.close("defect", "", error as Error);
    }
  }

  onTicket(): void {
    // A responder is given none.
  }

  onInterrupted(): void {
    this.#interruptedMs = this.#options.nowMs();
  }

  onClosed(error: Error | undefined): void {
    this.#forgetSecret();
    // A session that goes on elsewhere keeps what lets it.
    if (!this.#isLeft && !isTakenOver(error)) {
      for (const id of this.#given) void this.#tickets.take(id).catch(() => {});
      void this.keeper?.drop();
    }
    this.#onOver();
    this.#settle?.(error);
  }

  /** Renews what is half over, and ends what is. */
  check(): void {
    const { nowMs, settings } = this.#options;
    const lifetimeMs = settings.lifetimeSeconds * 1000;
    const now = nowMs();
    if (this.#interruptedMs !== undefined) {
      if (now - this.#interruptedMs >= lifetimeMs) {
        this.core.close(
          "expired",
          "",
          new ProtocolError("M2M_SESSION_EXPIRED", "The peer has not come back in time."),
        );
      }
    } else if (now - this.#ticketMs >= lifetimeMs / 2) {
      void this.#giveTicket();
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
    const { nowMs, onError, settings } = this.#options;
    const secret = this.#resumptionSecret;
    if (settings.lifetimeSeconds === 0 || !secret) return;
    this.#ticketMs = nowMs();
    try {
      const ticket = await this.#tickets.give(this.#grant(secret), nowMs());
      if (this.#resumptionSecret !== secret) {
        // The session is over, or has another connection by now, whose peer would make another key of it.
        await this.#tickets.take(ticket.id);
        return;
      }
      this.core.giveTicket(ticket.bytes);
      this.given(ticket.id);
      // So that the store has the session for as long as the ticket.
      if (!this.core.isClosed) await this.keeper?.keep(this.core.streams.snapshot());
    } catch (error) {
      if (isTakenOver(error)) this.core.leave(error as Error);
      // Without it the session cannot be resumed, and goes on as long as its connection does.
      else onError(error);
    }
  }

  #grant(resumptionSecret: Uint8Array): TicketGrant {
    const { identity, settings } = this.#options;
    const { id: sessionId, peer } = this.core;
    const staticKey = identity.staticPair.publicKey;
    return { sessionId, peer, resumptionSecret, staticKey, lifetimeSeconds: settings.lifetimeSeconds };
  }

  #forgetSecret(): void {
    this.#resumptionSecret?.fill(0);
    this.#resumptionSecret = undefined;
  }

  #makeClosed(): Promise<void> {
    const closed = new Promise<void>((resolve, reject) => {
      this.#settle = (error) => (error ? reject(error) : resolve());
    });
    // Not everybody asks how it ended.
    closed.catch(() => {});
    return closed;
  }
}

function ended(): ProtocolError {
  return new ProtocolError("M2M_TICKET_REFUSED", "The session that the ticket is of is over.");
}

export function sessionsFull(maxSessions: number): LimitError {
  return new LimitError("M2M_SESSIONS_FULL", `There are ${maxSessions} sessions already.`, {
    hint: "Try again later.",
  });
}

function keyOf(id: Uint8Array): string {
  return Buffer.from(id).toString("hex");
}
