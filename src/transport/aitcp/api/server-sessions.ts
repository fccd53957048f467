import { LimitError, ProtocolError } from "../../../shared/errors.js";
import { connectionLost, type RecordLink } from "../connection/index.js";
import { readRecord } from "../frames/index.js";
import type { Established, GivenTicket } from "../handshake/index.js";
import {
  progressName,
  ProgressKeeper,
  takenOver,
  ticketName,
  TicketBook,
  type AiTcpStore,
  type SessionOptions,
} from "../session/index.js";
import { checkIntervalMs } from "./settings.js";
import {
  ServerSession,
  type ServerSessionOptions,
  type SessionsKeeper,
  type UnconfirmedTickets,
} from "./server-session.js";

export interface ServerSessionsOptions extends ServerSessionOptions {
  readonly store: AiTcpStore;
  readonly maxSessions: number;
  /** Of one identity. */
  readonly maxSessionsPerPeer: number;
}

/** The sessions of a server: who has a connection, who waits for one, and whose time is over. */
export class ServerSessions implements SessionsKeeper {
  readonly #options: ServerSessionsOptions;
  readonly #tickets: TicketBook;
  readonly #sessions = new Map<string, ServerSession>();
  /** How many sessions each identity has. */
  readonly #counts = new Map<string, number>();
  /** Connections that come to the same session do so one after the other. */
  readonly #arriving = new Map<string, Promise<unknown>>();
  #isClosed = false;
  readonly #sweep: NodeJS.Timeout;

  constructor(options: ServerSessionsOptions) {
    this.#options = options;
    this.#tickets = new TicketBook(options.crypto, options.store);
    const intervalMs = checkIntervalMs(options.settings.lifetimeSeconds);
    this.#sweep = setInterval(() => this.#check(), intervalMs);
    this.#sweep.unref();
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Whether there is room for another session of a peer. @throws {LimitError} `M2M_SESSIONS_FULL` */
  assertRoom(identity: Uint8Array): void {
    const { maxSessions, maxSessionsPerPeer } = this.#options;
    if (this.size >= maxSessions) throw sessionsFull(maxSessions);
    if ((this.#counts.get(keyOf(identity)) ?? 0) >= maxSessionsPerPeer) {
      throw peerSessionsFull(maxSessionsPerPeer);
    }
  }

  /** A ticket whose session can go on here. @throws {M2MError} what the store throws */
  async findTicket(id: Uint8Array): Promise<GivenTicket | undefined> {
    const { store, isShared, nowMs } = this.#options;
    const ticket = await this.#tickets.find(id, nowMs());
    if (!ticket) return undefined;
    const { sessionId } = ticket;
    if (this.#sessions.has(keyOf(sessionId))) return ticket;
    if (isShared && (await store.get(progressName(sessionId)))) return ticket;
    ticket.key.fill(0);
    return undefined;
  }

  /** Notes that early frames have come with a ticket. @returns false if they had before. @throws {M2MError} what the store throws */
  claimEarly(id: Uint8Array): Promise<boolean> {
    return this.#tickets.claimEarly(id);
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
    const { early } = established;
    // Somebody has kept it back, and it has come another way: the connection that the session has goes on.
    if (early && !session.core.streams.isEarlyNew(readRecord(early).frames)) throw connectionLost();
    let unconfirmed: UnconfirmedTickets | undefined;
    try {
      unconfirmed = await this.#giveTickets(session, established);
    } catch (error) {
      session.giveUp(error as Error);
      throw error;
    }
    await session.attach(link, established, unconfirmed);
    if (this.#isClosed) session.shutDown(!this.#options.isShared);
  }

  /** @returns the tickets that wait for the peer to confirm, if early frames have come before that */
  async #giveTickets(
    session: ServerSession,
    established: Established,
  ): Promise<UnconfirmedTickets | undefined> {
    const { ticketId, early } = established;
    // Nothing is said before there is a ticket, and the one that was used goes last: a session can go on at any time.
    const implied = await session.keepImpliedTicket(established);
    const used = ticketId && ticketName(ticketId);
    if (early && used) return { used, implied };
    if (used && !(await this.#tickets.take(used))) {
      if (implied) await this.#tickets.take(implied);
      throw ended();
    }
    if (implied) session.given(implied);
    return undefined;
  }

  async #begin(established: Established): Promise<ServerSession> {
    const { sessionId } = established.secrets;
    const session = this.#make(keyOf(sessionId), established);
    const { store, nowMs } = this.#options;
    if (this.#isKept) {
      const progress = session.core.streams.snapshot();
      try {
        session.keeper = await ProgressKeeper.begin(store, sessionId, progress, this.#lifetimeMs, nowMs);
      } catch (error) {
        session.giveUp(error as Error);
        throw error;
      }
    }
    this.#add(session, false);
    return session;
  }

  async #resumed(id: Uint8Array, established: Established): Promise<ServerSession> {
    const { store, nowMs } = this.#options;
    const key = keyOf(id);
    const here = this.#sessions.get(key);
    if (here && (!here.keeper || (await here.keeper.isOwn()))) return here;
    here?.core.leave(takenOver());
    const taken = this.#isKept
      ? await ProgressKeeper.takeOver(store, id, this.#lifetimeMs, nowMs)
      : undefined;
    if (!taken) throw ended();
    const session = this.#make(key, established, taken.streams);
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

  #make(id: string, established: Established, restored?: SessionOptions["restored"]): ServerSession {
    this.assertRoom(established.peer.identity);
    return new ServerSession(id, established, restored, this.#options, this.#tickets, this);
  }

  /** For `ServerSession`. */
  onSessionOver(session: ServerSession): void {
    const { id, peer } = session.core;
    if (this.#sessions.get(id) !== session) return;
    this.#sessions.delete(id);
    this.#count(peer.identity, -1);
  }

  #add(session: ServerSession, isRestored: boolean): void {
    const { id, peer } = session.core;
    session.isRestored = isRestored;
    try {
      // Others may have come while the store was asked.
      this.assertRoom(peer.identity);
    } catch (error) {
      session.giveUp(error as Error);
      throw error;
    }
    this.#sessions.set(id, session);
    this.#count(peer.identity, 1);
  }

  #count(identity: Uint8Array, change: 1 | -1): void {
    const key = keyOf(identity);
    const count = (this.#counts.get(key) ?? 0) + change;
    if (count === 0) this.#counts.delete(key);
    else this.#counts.set(key, count);
  }

  #check(): void {
    // What is over goes out of the map meanwhile.
    for (const session of this.#sessions.values()) session.check();
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

function peerSessionsFull(maxSessions: number): LimitError {
  return new LimitError("M2M_SESSIONS_FULL", `This peer has ${maxSessions} sessions already.`, {
    hint: "Close those that are done, or try again later.",
  });
}

function keyOf(id: Uint8Array): string {
  return Buffer.from(id).toString("hex");
}
