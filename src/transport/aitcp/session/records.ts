import type { RecordStore, StoredRecord } from "../../../shared/record-store.js";
import type { AiTcpPeer, GivenTicket } from "../handshake/index.js";
import type { StreamsSnapshot } from "../flow/index.js";
import type { SignatureMode } from "../turn/index.js";

/** A ticket that was given, as a store keeps it. Its key is secret: who can read the store, and has the peer's static key, can go on with the session. */
export interface TicketRecord extends StoredRecord {
  readonly id: string;
  readonly key: string;
  readonly sessionId: string;
  readonly identity: string;
  readonly staticKey: string;
  /** What the peer has shown of an organisation. */
  readonly certificate?: string;
  /** Unix time in seconds. */
  readonly expires: number;
  /** What may not become weaker. */
  readonly signatures: SignatureMode;
  readonly isPadded: boolean;
  /** Early frames have come with it: no others are taken. */
  readonly hasEarly?: boolean;
}

/** How far a session is, for another process that goes on with it. */
export interface ProgressRecord extends StoredRecord {
  readonly id: string;
  /** Who has written it: a random name for each process and session. */
  readonly writer: string;
  readonly streams: StreamsSnapshot;
}

/** Where tickets are, and if several processes share it, what sessions have come to. */
export type AiTcpStore = RecordStore<TicketRecord | ProgressRecord>;

/** By which a store, and who has given it, know a ticket. */
export function ticketName(id: Uint8Array): string {
  return `ticket-${toText(id)}`;
}

export function progressName(sessionId: Uint8Array): string {
  return `session-${toText(sessionId)}`;
}

export function writeTicketRecord(name: string, ticket: GivenTicket): TicketRecord {
  return {
    id: name,
    revision: 1,
    key: toText(ticket.key),
    sessionId: toText(ticket.sessionId),
    identity: toText(ticket.peer.identity),
    staticKey: toText(ticket.peer.staticKey),
    expires: ticket.expires,
    ...(ticket.certificate && { certificate: toText(ticket.certificate) }),
    signatures: ticket.signatures,
    isPadded: ticket.isPadded,
  };
}

export function readTicketRecord(record: TicketRecord): GivenTicket {
  const peer: AiTcpPeer = { identity: toBytes(record.identity), staticKey: toBytes(record.staticKey) };
  const { expires, signatures, isPadded, certificate } = record;
  return {
    key: toBytes(record.key),
    sessionId: toBytes(record.sessionId),
    peer,
    ...(certificate !== undefined && { certificate: toBytes(certificate) }),
    expires,
    signatures,
    isPadded,
  };
}

function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64url");
}

function toBytes(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "base64url"));
}
