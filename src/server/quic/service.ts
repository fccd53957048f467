import type { MailboxEntry } from "../../session/index.js";
import type { SessionService, TakeOptions } from "../sessions/index.js";

/** What QUIC needs of the service that holds the sessions. */
export interface QuicSessions extends Pick<SessionService, "handle" | "tick"> {
  /** With `peek` nothing is forgotten, and it is no sign of life of the peer. */
  take(id: string, options?: TakeOptions & { readonly peek?: boolean }): Promise<readonly MailboxEntry[]>;
}
