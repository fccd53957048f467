import { FormatError } from "../../../shared/errors.js";
import { tryDecodeUtf8 } from "../../../shared/utf8.js";
import {
  FRAME,
  MAX_CLOSE_TEXT_BYTES,
  PING_BYTES,
  type Frame,
  type MessageFrame,
  type ResumedFrame,
  type TurnEnd,
} from "./frames.js";
import { tryReadVarint53 } from "./varint53.js";

/** What a record holds. */
export interface RecordContent {
  /** Without PADDING and TURN_END. Bytes in them are views of the record. */
  readonly frames: readonly Frame[];
  /** Bytes from the start of the record that belong to the turn: all but PADDING and TURN_END. */
  readonly turnBytes: number;
  readonly turnEnd?: TurnEnd;
}

const RESUMED_FLAGS = 7;

/**
 * The frames of a record (docs/spec/aitcp.md, Records), checked as a whole before one of them is given.
 * @throws {FormatError} `M2M_RECORD_INVALID` with the offset of what is not a frame, or is where it may not be
 */
export function readRecord(record: Uint8Array): RecordContent {
  return new RecordReader(record).read();
}

class RecordReader {
  readonly #record: Uint8Array;
  readonly #cursor = { offset: 0 };

  constructor(record: Uint8Array) {
    this.#record = record;
  }

  read(): RecordContent {
    const record = this.#record;
    const cursor = this.#cursor;
    const frames: Frame[] = [];
    let isClosed = false;
    while (cursor.offset < record.length) {
      const start = cursor.offset;
      const type = record[cursor.offset++];
      if (type === FRAME.PADDING) {
        this.#assertPadding(start);
        return { frames, turnBytes: start };
      }
      if (type === FRAME.TURN_END) {
        const turnEnd = { number: this.#number(), timeMs: this.#number() };
        this.#assertPadding(cursor.offset);
        return { frames, turnBytes: start, turnEnd };
      }
      if (isClosed) throw invalid("a frame behind CLOSE", start);
      const frame = this.#frame(type, start);
      frames.push(frame);
      isClosed = frame.type === "close";
    }
    return { frames, turnBytes: record.length };
  }

  #frame(type: number, start: number): Frame {
    switch (type) {
      case FRAME.MESSAGE:
      case FRAME.MESSAGE_LAST:
        return this.#message(type === FRAME.MESSAGE_LAST, start);
      case FRAME.END:
        return { type: "end", stream: this.#number(), count: this.#number() };
      case FRAME.RESET:
        return { type: "reset", stream: this.#number(), code: this.#number() };
      case FRAME.RESET_DONE:
        return { type: "reset-done", stream: this.#number() };
      case FRAME.ACK:
        return { type: "ack", stream: this.#number(), count: this.#number() };
      case FRAME.CREDIT:
        return { type: "credit", stream: this.#number(), limit: this.#number() };
      case FRAME.CREDIT_ALL:
        return { type: "credit-all", limit: this.#number() };
      case FRAME.PING:
        return { type: "ping", bytes: this.#bytes(PING_BYTES) };
      case FRAME.PONG:
        return { type: "pong", bytes: this.#bytes(PING_BYTES) };
      case FRAME.TICKET:
        return { type: "ticket", bytes: this.#bytes(this.#number()) };
      case FRAME.CLOSE:
        return { type: "close", code: this.#number(), text: this.#closeText() };
      case FRAME.RESUMED:
        return this.#resumed();
      case FRAME.RESUMED_ALL:
        return {
          type: "resumed-all",
          limit: this.#number(),
          seen: this.#number(),
          opened: this.#number(),
        };
      default:
        throw invalid(`an unknown frame type ${type}`, start);
    }
  }

  #message(isLast: boolean, start: number): MessageFrame {
    const stream = this.#number();
    const number = this.#number();
    const offset = this.#number();
    const bytes = this.#bytes(this.#number());
    // Empty parts would cost work and no credit.
    if (!isLast && bytes.length === 0) throw invalid("an empty part of a message", start);
    return { type: "message", stream, number, offset, isLast, bytes };
  }

  #resumed(): ResumedFrame {
    const stream = this.#number();
    const received = this.#number();
    const taken = this.#number();
    const limit = this.#number();
    const at = this.#cursor.offset;
    const flags = this.#bytes(1)[0];
    if (flags > RESUMED_FLAGS) throw invalid("an unknown flag", at);
    return {
      type: "resumed",
      stream,
      received,
      taken,
      limit,
      isReset: (flags & 1) !== 0,
      hasEnd: (flags & 2) !== 0,
      isLost: (flags & 4) !== 0,
    };
  }

  #closeText(): string {
    const at = this.#cursor.offset;
    const length = this.#number();
    if (length > MAX_CLOSE_TEXT_BYTES) throw invalid("a text of CLOSE that is too long", at);
    const text = tryDecodeUtf8(this.#bytes(length));
    if (text === undefined) throw invalid("a text of CLOSE that is not UTF-8", at);
    return text;
  }

  #number(): number {
    const value = tryReadVarint53(this.#record, this.#cursor);
    if (value === undefined) throw invalid("no number", this.#cursor.offset);
    return value;
  }

  #bytes(length: number): Uint8Array {
    const start = this.#cursor.offset;
    if (length > this.#record.length - start) throw invalid("the end of the record inside a frame", start);
    this.#cursor.offset = start + length;
    // A view of a Buffer would be a Buffer, which takes three times as long to make.
    return new Uint8Array(this.#record.buffer, this.#record.byteOffset + start, length);
  }

  #assertPadding(start: number): void {
    for (let at = start; at < this.#record.length; at++) {
      if (this.#record[at] !== 0) throw invalid("padding that is not zero", at);
    }
  }
}

function invalid(what: string, offset: number): FormatError {
  return new FormatError("M2M_RECORD_INVALID", `At byte ${offset} the record has ${what}.`, { offset });
}
