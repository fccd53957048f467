/** Frame types (docs/spec/aitcp.md, Records). */
export const FRAME = Object.freeze({
  PADDING: 0x00,
  MESSAGE: 0x01,
  MESSAGE_LAST: 0x02,
  END: 0x03,
  RESET: 0x04,
  ACK: 0x05,
  CREDIT: 0x06,
  CREDIT_ALL: 0x07,
  PING: 0x08,
  PONG: 0x09,
  TICKET: 0x0a,
  TURN_END: 0x0b,
  CLOSE: 0x0c,
  RESUMED: 0x0d,
  RESUMED_ALL: 0x0e,
  RESET_DONE: 0x0f,
} as const);

/** Bytes of a PING and of its PONG. */
export const PING_BYTES = 8;
/** Most bytes of the text of CLOSE. */
export const MAX_CLOSE_TEXT_BYTES = 256;
/** Most bytes of a TURN_END: what a record keeps free for it. */
export const MAX_TURN_END_BYTES = 17;

/** A part of a message; `isLast` tells MESSAGE_LAST from MESSAGE. */
export interface MessageFrame {
  readonly type: "message";
  readonly stream: number;
  /** Of the message, from 0 in each direction of a stream. */
  readonly number: number;
  /** Bytes of the message that come before. */
  readonly offset: number;
  readonly isLast: boolean;
  /** A view of the record. */
  readonly bytes: Uint8Array;
}

export interface EndFrame {
  readonly type: "end";
  readonly stream: number;
  readonly count: number;
}

export interface ResetFrame {
  readonly type: "reset";
  readonly stream: number;
  readonly code: number;
}

/** The answer to RESET of a stream that is over and forgotten: it is answered by nothing. */
export interface ResetDoneFrame {
  readonly type: "reset-done";
  readonly stream: number;
}

export interface AckFrame {
  readonly type: "ack";
  readonly stream: number;
  readonly count: number;
}

export interface CreditFrame {
  readonly type: "credit";
  readonly stream: number;
  readonly limit: number;
}

export interface CreditAllFrame {
  readonly type: "credit-all";
  readonly limit: number;
}

/** How a stream stands with the sender of the frame, after a resumption. */
export interface ResumedFrame {
  readonly type: "resumed";
  readonly stream: number;
  /** Whole messages that have come. */
  readonly received: number;
  /** Messages that the application has taken. */
  readonly taken: number;
  readonly limit: number;
  /** The stream is given up. */
  readonly isReset: boolean;
  /** END was received. */
  readonly hasEnd: boolean;
  /** What was received and not taken is lost: the receiver has failed. */
  readonly isLost: boolean;
}

export interface ResumedAllFrame {
  readonly type: "resumed-all";
  readonly limit: number;
  /** The lowest stream id of the peer's that the sender of the frame has not seen. */
  readonly seen: number;
  /** The lowest stream id of its own that it has not opened. */
  readonly opened: number;
}

/** The frames of streams: what `Streams` takes. */
export type StreamFrame =
  | MessageFrame
  | EndFrame
  | ResetFrame
  | ResetDoneFrame
  | AckFrame
  | CreditFrame
  | CreditAllFrame
  | ResumedFrame
  | ResumedAllFrame;

export interface PingFrame {
  readonly type: "ping";
  /** 8 bytes, a view of the record. */
  readonly bytes: Uint8Array;
}

export interface PongFrame {
  readonly type: "pong";
  /** Those of a PING. */
  readonly bytes: Uint8Array;
}

export interface TicketFrame {
  readonly type: "ticket";
  /** A FlatBuffer `EphemeralSession`, unread; a view of the record. */
  readonly bytes: Uint8Array;
}

export interface CloseFrame {
  readonly type: "close";
  readonly code: number;
  readonly text: string;
}

/** All frames but PADDING and TURN_END. */
export type Frame = StreamFrame | PingFrame | PongFrame | TicketFrame | CloseFrame;

/** The end of a turn; the signature is in the packet. */
export interface TurnEnd {
  readonly number: number;
  /** Unix milliseconds. */
  readonly timeMs: number;
}
