/** The responder's side of sessions, for every transport of the server. */
export { DEFAULT_MAX_HELD_BYTES, type SessionLimits, type SessionServiceOptions } from "./options.js";
export { CarriedSession, type CarriageEnd, type SessionLink } from "./carried-session.js";
export { SessionClaims, type SessionHolder } from "./claims.js";
export { LaterError, noRoomForContent } from "./later.js";
export { LinkHistories } from "./link-histories.js";
export { unknownSession } from "./records.js";
export { createSessionService } from "./service.js";
export type {
  HandledMessage,
  Peer,
  SessionMetrics,
  SessionService,
  SessionView,
  TakeOptions,
  TickResult,
} from "./types.js";
