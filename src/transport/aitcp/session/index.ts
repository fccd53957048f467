/** Sessions of AI-TCP over all their connections: streams for the application, tickets, and what a store keeps. */
export { isTakenOver, takenOver, type ClaimKeeper } from "./claims.js";
export { ProgressKeeper } from "./progress-keeper.js";
export { progressName, type AiTcpStore, type ProgressRecord, type TicketRecord } from "./records.js";
export { SessionCore, type SessionOptions, type SessionOwner, type SessionState } from "./session.js";
export { AiTcpStream, type ReceiveOptions, type SendOptions } from "./stream.js";
export { deriveTicketId, deriveTicketKey, TicketBook, type TicketGrant } from "./ticket-book.js";
export { ticketName } from "./records.js";
export { Waiters } from "./waiters.js";
