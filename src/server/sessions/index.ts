/** The responder's side of sessions, for every transport of the server. */
export type {
  HandledMessage,
  Peer,
  SessionMetrics,
  SessionService,
  SessionView,
  TakeOptions,
  TickResult,
} from "./types.js";
