/** Why the server ends a connection (RFC 6455 section 7.4; from 4000 on those of docs/spec/transport.md). */
export const CLOSE_CODES = Object.freeze({
  /** The session was closed. */
  done: 1000,
  /** The server shuts down; the session can be resumed with another. */
  goingAway: 1001,
  /** More than the connection may send at once. */
  tooLarge: 1009,
  /** A defect of the server. */
  failed: 1011,
  /** A store of the server cannot be reached: what was not acknowledged may be sent again. */
  tryLater: 1013,
  /** A message that cannot be read, or that this connection cannot carry. */
  malformed: 4400,
  /** A message of another session than the connection's. */
  mismatch: 4403,
  /** The session is over, or there is none. */
  over: 4404,
  /** No session came about in time. */
  timeout: 4408,
  /** Another connection has taken the session over. */
  replaced: 4409,
});

export type CloseCode = (typeof CLOSE_CODES)[keyof typeof CLOSE_CODES];
