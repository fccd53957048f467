/** Application error codes of RESET_STREAM, STOP_SENDING and CONNECTION_CLOSE (docs/spec/quic.md). */
export const QUIC_CODES = {
  /** The end of the session, or of the server, in good order. */
  none: 0x00,
  /** What came is no frame, or stands where it must not. */
  frame: 0x01,
  /** A frame, or what has come of frames, is too large. */
  tooLarge: 0x02,
  /** The token is missing or wrong. */
  unauthorized: 0x03,
  /** Another session than the stream's was named. */
  session: 0x04,
  /** The peer sends too much that is no content. */
  excessive: 0x05,
  /** A defect of this side. */
  internal: 0x06,
} as const;
export type QuicCode = (typeof QUIC_CODES)[keyof typeof QUIC_CODES];
