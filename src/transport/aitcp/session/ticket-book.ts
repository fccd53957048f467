import type { AiTcpCrypto } from "../crypto/index.js";
import type { AiTcpPeer, GivenTicket, Strength } from "../handshake/index.js";
import { writeEphemeralSession } from "../packet/index.js";
import {
  readTicketRecord,
  ticketName,
  writeTicketRecord,
  type AiTcpStore,
  type TicketRecord,
} from "./records.js";

export const TICKET_ID_BYTES = 16;
const INFO = new TextEncoder().encode("AI-TCP/1 ticket");

/** The key of a ticket (docs/spec/aitcp.md, "Resumption"), 32 bytes. */
export function deriveTicketKey(
  crypto: AiTcpCrypto,
  resumptionSecret: Uint8Array,
  id: Uint8Array,
): Uint8Array {
  const info = new Uint8Array(INFO.length + id.length);
  info.set(INFO);
  info.set(id, INFO.length);
  return crypto.hkdfExpand(resumptionSecret, info, 32);
}

/** The id of the ticket that a handshake gives both sides without a word, 16 bytes. */
export function deriveTicketId(crypto: AiTcpCrypto, resumptionSecret: Uint8Array): Uint8Array {
  return crypto.hkdfExpand(resumptionSecret, "AI-TCP/1 ticket id", TICKET_ID_BYTES);
}

/** For whom, and from what, a ticket is made. */
export interface TicketGrant extends Strength {
  readonly sessionId: Uint8Array;
  readonly peer: AiTcpPeer;
  readonly certificate: Uint8Array | undefined;
  readonly resumptionSecret: Uint8Array;
  /** The responder's own. */
  readonly staticKey: Uint8Array;
  readonly lifetimeSeconds: number;
}

/** The tickets that a responder gives and takes. */
export class TicketBook {
  readonly #crypto: AiTcpCrypto;
  readonly #store: AiTcpStore;

  constructor(crypto: AiTcpCrypto, store: AiTcpStore) {
    this.#crypto = crypto;
    this.#store = store;
  }

  /** Keeps the ticket of a handshake, which the peer has too. @returns its name. @throws {M2MError} what the store throws */
  async keepImplied(grant: TicketGrant, nowMs: number): Promise<string> {
    const id = deriveTicketId(this.#crypto, grant.resumptionSecret);
    return (await this.#keep(id, grant, nowMs)).name;
  }

  /**
   * Keeps a new ticket.
   * @returns its name, and the `EphemeralSession` that tells the peer of it
   * @throws {M2MError} what the store throws
   */
  async give(grant: TicketGrant, nowMs: number): Promise<{ name: string; bytes: Uint8Array }> {
    const id = this.#crypto.randomBytes(TICKET_ID_BYTES);
    const { name, expires } = await this.#keep(id, grant, nowMs);
    return {
      name,
      bytes: writeEphemeralSession({ id, publicKey: grant.staticKey, expirationUnix: expires }),
    };
  }

  /** @returns its name, and when it ends, in Unix seconds */
  async #keep(
    id: Uint8Array,
    grant: TicketGrant,
    nowMs: number,
  ): Promise<{ readonly name: string; readonly expires: number }> {
    const name = ticketName(id);
    const expires = Math.floor(nowMs / 1000) + grant.lifetimeSeconds;
    const ticket: GivenTicket = {
      key: deriveTicketKey(this.#crypto, grant.resumptionSecret, id),
      sessionId: grant.sessionId,
      peer: grant.peer,
      ...(grant.certificate && { certificate: grant.certificate }),
      expires,
      signatures: grant.signatures,
      isPadded: grant.isPadded,
    };
    const record = writeTicketRecord(name, ticket);
    ticket.key.fill(0);
    await this.#store.put(record, { expiresAtMs: expires * 1000 });
    return { name, expires };
  }

  /** One that is neither used nor expired. @throws {M2MError} what the store throws */
  async find(id: Uint8Array, nowMs: number): Promise<GivenTicket | undefined> {
    if (id.length !== TICKET_ID_BYTES) return undefined;
    const record = (await this.#store.get(ticketName(id))) as TicketRecord | undefined;
    if (!record || record.expires * 1000 <= nowMs) return undefined;
    return readTicketRecord(record);
  }

  /**
   * Notes that early frames have come with a ticket.
   * @returns false if they had before, or it is not there: of several that ask, one is told so. @throws {M2MError} what the store throws
   */
  async claimEarly(id: Uint8Array): Promise<boolean> {
    const record = (await this.#store.get(ticketName(id))) as TicketRecord | undefined;
    if (!record || record.hasEarly) return false;
    const { revision } = record;
    const claimed: TicketRecord = { ...record, revision: revision + 1, hasEarly: true };
    return this.#store.put(claimed, { replaces: revision, expiresAtMs: record.expires * 1000 });
  }

  /** Uses one up. @returns false if it was not there: of several that ask, one has it */
  take(name: string): Promise<boolean> {
    return this.#store.delete(name);
  }
}
