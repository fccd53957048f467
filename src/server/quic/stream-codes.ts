/** Application error codes of RESET_STREAM, STOP_SENDING and CONNECTION_CLOSE (docs/spec/quic.md). */
export const QUIC_CODES = {
  /** The end in good order, of a session or of the server. */
  done: 0x00,
  /** What came is no frame, or no message. */
  malformed: 0x01,
  /** A frame, or what has come of frames, is too large. */
  tooLarge: 0x02,
  /** The token is missing or wrong. */
  unauthorized: 0x03,
  /** A message of another session than the stream's. */
  mismatch: 0x04,
  /** The session is over, or there is none. */
  over: 0x05,
  /** No session came about in time. */
  timeout: 0x06,
  /** Another stream has taken the session over. */
  replaced: 0x07,
  /** A store of the server cannot be reached: what was not acknowledged may be sent again. */
  tryLater: 0x08,
  /** The peer sends too much that is no content. */
  excessive: 0x09,
  /** A defect of the server. */
  failed: 0x0a,
} as const;
export type QuicCode = (typeof QUIC_CODES)[keyof typeof QUIC_CODES];
