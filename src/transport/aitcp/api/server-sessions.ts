import { ProtocolError } from "../../../shared/errors.js";
import type { AiTcpCrypto } from "../crypto/index.js";
import type { Established, GivenTicket, HandshakeSettings } from "../handshake/index.js";
import type { Identity } from "../identity/index.js";
import type { RecordLink } from "../connection/index.js";
import {
  progressName,
  ProgressKeeper,
  SessionCore,
  TicketBook,
  type AiTcpStore,
  type SessionOwner,
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
   * @throws {ProtocolError} `M2M_TICKET_REFUSED` if there is none any more; {M2MError} what the store throws
   */
  async attach(link: RecordLink, established: Established): Promise<void> {
    const { ticketId, resumedId } = established;
    if (ticketId && !(await this.takeTicket(ticketId))) throw ended();
    const session = resumedId ? await this.#resumed(resumedId, established) : await this.#begin(established);
    session.attach(link, established);
  }

  /** Ends all. @param isOver whether the sessions are over too; else they go on with another process */
  close(isOver: boolean): void {
    clearInterval(this.#sweep);
    for (const session of [...this.#sessions.values()]) session.shutDown(isOver);
    this.#sessions.clear();
  }

  async #begin(established: Established): Promise<ServerSession> {
    const { settings, store, isShared, nowMs } = this.#options;
    const session = this.#make(established.secrets.sessionId, established);
    if (isShared) {
      const lifetimeMs = settings.lifetimeSeconds * 1000;
      session.keeper = await ProgressKeeper.begin(
        store,
        session.core.id,
        session.core.streams.snapshot(),
        lifetimeMs,
        nowMs,
      );
    }
    this.#add(session, false);
    return session;
  }

  async #resumed(id: Uint8Array, established: Established): Promise<ServerSession> {
    const { settings, store, isShared, nowMs } = this.#options;
    const here = this.#sessions.get(keyOf(id));
    if (here && (!here.keeper || (await here.keeper.isOwn()))) return here;
    // Another process has had it since.
    here?.core.close("expired", "");
    const taken = isShared
      ? await ProgressKeeper.takeOver(store, id, settings.lifetimeSeconds * 1000, nowMs)
      : undefined;
    if (!taken) throw ended();
    const session = this.#make(id, established, taken.streams);
    session.keeper = taken.keeper;
    this.#add(session, true);
    return session;
  }

  #make(
    id: Uint8Array,
    established: Established,
    restored?: ConstructorParameters<typeof SessionCore>[0]["restored"],
  ): ServerSession {
    return new ServerSession(id, established, restored, this.#options, this.#tickets, () =>
      this.#sessions.delete(keyOf(id)),
    );
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

  attach(link: RecordLink, established: Established): void {
    this.#interruptedMs = undefined;
    this.#resumptionSecret = Uint8Array.from(established.secrets.resumption);
    const isNew = this.#api === undefined;
    const closed = isNew ? this.#makeClosed() : undefined;
    this.core.attach(link, established);
    void this.#giveTicket();
    if (!closed) return;
    this.#api = new AiTcpSession(this.core, closed, () => this.core.close("done", ""));
    this.#options.onSession(this.#api, this.isRestored);
  }

  onTicket(): void {
    // A responder is given none.
  }

  onInterrupted(): void {
    this.#interruptedMs = this.#options.nowMs();
  }

  onClosed(error: Error | undefined): void {
    this.#resumptionSecret?.fill(0);
    for (const id of this.#given) void this.#tickets.take(id).catch(() => {});
    void this.keeper?.drop();
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

  shutDown(isOver: boolean): void {
    if (isOver) this.core.close("done", "shutting down");
    else this.core.interrupt(new Error("shutting down"));
    clearTimeout(undefined);
  }

  async #keep(streams: Parameters<ProgressKeeper["keep"]>[0]): Promise<void> {
    await this.keeper?.keep(streams);
  }

  async #giveTicket(): Promise<void> {
    const { identity, nowMs, onError, settings } = this.#options;
    const { lifetimeSeconds } = settings;
    const secret = this.#resumptionSecret;
    if (lifetimeSeconds === 0 || !secret) return;
    this.#ticketMs = nowMs();
    const { id: sessionId, peer } = this.core;
    const staticKey = identity.staticPair.publicKey;
    try {
      const ticket = await this.#tickets.give(
        { sessionId, peer, resumptionSecret: secret, staticKey, lifetimeSeconds },
        nowMs(),
      );
      this.#given.push(ticket.id);
      if (this.keeper) await this.keeper.keep(this.core.streams.snapshot());
      if (this.#given.length > MAX_TICKETS) await this.#tickets.take(this.#given.shift() as Uint8Array);
      this.core.giveTicket(ticket.bytes);
    } catch (error) {
      // Without it the session cannot be resumed, and goes on as long as its connection does.
      onError(error);
    }
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

function keyOf(id: Uint8Array): string {
  return Buffer.from(id).toString("hex");
}
