import type { HeldTicket } from "../handshake/index.js";

/** Tickets that are kept: the responder takes no more than two. */
const MAX_TICKETS = 2;
/** A refusal is not authenticated: anybody on the way can have sent it. Said twice, it is taken at its word. */
const MAX_REFUSALS = 2;

interface Held {
  readonly ticket: HeldTicket;
  refusals: number;
  /** A handshake with it was finished. The responder may not have seen the end of it, and takes it again then. */
  isUsed: boolean;
  /** Early frames went with it: a responder takes none a second time. */
  hasEarly: boolean;
}

/** The tickets of an initiator. Their keys are overwritten when they go. */
export class HeldTickets {
  #held: Held[] = [];

  add(ticket: HeldTicket): void {
    this.#held.push({ ticket, refusals: 0, isUsed: false, hasEarly: false });
    const unused = this.#held.filter(({ isUsed }) => !isUsed);
    const tooMany = new Set(unused.slice(0, -MAX_TICKETS));
    this.#drop((held) => tooMany.has(held));
  }

  /** The one that is likeliest to be taken; none if there is none. */
  best(nowMs: number): HeldTicket | undefined {
    this.#drop(({ ticket }) => ticket.expires * 1000 <= nowMs);
    const inOrder = this.#held.toReversed().sort((a, b) => rank(a) - rank(b));
    return inOrder[0]?.ticket;
  }

  /** Whether `best` was not refused yet. */
  get hasFresh(): boolean {
    return this.#held.some(({ refusals }) => refusals === 0);
  }

  /** Whether early frames have gone with a ticket. */
  hasEarly(ticket: HeldTicket): boolean {
    return this.#held.some((held) => held.ticket === ticket && held.hasEarly);
  }

  /** Early frames go with it. */
  sentEarly(ticket: HeldTicket): void {
    for (const held of this.#held) if (held.ticket === ticket) held.hasEarly = true;
  }

  /** The handshake with it has gone well. */
  used(ticket: HeldTicket): void {
    this.#drop(({ isUsed, ticket: other }) => isUsed && other !== ticket);
    for (const held of this.#held) if (held.ticket === ticket) held.isUsed = true;
  }

  /** The responder, or somebody on the way, does not take it. */
  refused(ticket: HeldTicket): void {
    for (const held of this.#held) if (held.ticket === ticket) held.refusals++;
    this.#drop(({ refusals }) => refusals >= MAX_REFUSALS);
  }

  /** The responder has seen the end of the last handshake. */
  confirmed(): void {
    this.#drop(({ isUsed }) => isUsed);
  }

  clear(): void {
    this.#drop(() => true);
  }

  #drop(isGone: (held: Held) => boolean): void {
    this.#held = this.#held.filter((held) => {
      if (!isGone(held)) return true;
      held.ticket.key.fill(0);
      return false;
    });
  }
}

/** Less is better. */
function rank({ refusals, isUsed }: Held): number {
  return 2 * refusals + (isUsed ? 1 : 0);
}
