import { LimitError, ProtocolError } from "../../../shared/errors.js";
import { messageHeaderBytes, type RecordWriter, type ResumedFrame } from "../frames/index.js";
import { SendCredit, unexpected } from "./credit.js";
import { Deque } from "./deque.js";
import { SentMessage, type Outcome } from "./sent-message.js";
import { MESSAGE_COST } from "./settings.js";

/** Why a stream stopped to write. */
export type WriteResult =
  /** There is nothing more. */
  | "idle"
  /** It had its share. */
  | "shared"
  /** The record has no room. */
  | "full"
  /** The stream has no credit. */
  | "stream-credit"
  /** The session has none. */
  | "session-credit";

/** A part that is shorter than this waits for the next record. */
const MIN_PART_BYTES = 64;
/** A message, or a rest of one, that is no longer than this is not cut at the end of a record. */
const MAX_WHOLE_BYTES = 8192;
/** Of the length of a part, in a record of any size that a packet can have. */
const LENGTH_BYTES = 3;

/** The sending half of a stream: the messages that the peer's application has not taken yet. */
export class SendStream {
  readonly id: number;
  readonly credit = new SendCredit();
  /** Messages from number `#acked` on. */
  readonly #messages = new Deque<SentMessage>();
  #acked = 0;
  /** The message under way, and how much of it is written. */
  #next = 0;
  #offset = 0;
  /** Messages that were ever written as a whole. */
  #written = 0;
  /** Messages of a process before this one, and how many of them are taken: nobody here waits for it. */
  #foreign = 0;
  #foreignTaken = 0;
  #endCount: number | undefined;
  #isEndWritten = false;
  /** What a process before this one has sent is only known once the peer says it. */
  #isNumbered: boolean;

  constructor(id: number, window: number, isNumbered: boolean) {
    this.id = id;
    this.credit.restart(window);
    this.#isNumbered = isNumbered;
  }

  get acked(): number {
    return this.#acked;
  }
  get isEnded(): boolean {
    return this.#endCount !== undefined;
  }
  /** All was sent, and taken. */
  get isOver(): boolean {
    return this.#isEndWritten && this.#acked === this.#endCount && this.#foreignTaken === this.#foreign;
  }
  /** All messages are written. */
  get isAtEnd(): boolean {
    return this.#next === this.#acked + this.#messages.length;
  }
  get hasWork(): boolean {
    return !this.isAtEnd || (this.isEnded && !this.#isEndWritten);
  }

  /** @throws {ProtocolError} `M2M_STREAM_CLOSED` behind the end, `M2M_PROTOCOL_STATE` before the first RESUMED of another process's stream */
  push(bytes: Uint8Array, isSafe: boolean): SentMessage {
    this.#assertOpen();
    const message = new SentMessage(this.id, this.#acked + this.#messages.length, bytes, isSafe);
    this.#messages.push(message);
    return message;
  }

  /** @throws as `push` */
  end(): void {
    this.#assertOpen();
    this.#endCount = this.#acked + this.#messages.length;
  }

  /** Writes parts of messages, and END behind them. @param share about how many bytes, if others wait too */
  write(writer: RecordWriter, session: SendCredit, share: number): WriteResult {
    let left = share;
    for (;;) {
      const message = this.#messages.at(this.#next - this.#acked);
      if (!message) return this.#writeEnd(writer);
      if (left <= 0) return "shared";
      const bytes = message.bytes as Uint8Array;
      const rest = bytes.length - this.#offset;
      const fee = this.#offset === 0 ? MESSAGE_COST : 0;
      const least = Math.min(rest, 1) + fee;
      if (this.credit.room < least) return "stream-credit";
      if (session.room < least) return "session-credit";
      const space =
        writer.remaining - messageHeaderBytes(this.id, message.number, this.#offset) - LENGTH_BYTES;
      if (space < Math.min(rest, MIN_PART_BYTES)) return "full";
      // It goes whole into the next record: putting it together costs the peer more than that record's packet.
      if (space < rest && rest <= MAX_WHOLE_BYTES && writer.messages > 0) return "full";
      const part = Math.min(
        rest,
        space,
        Math.max(left, MIN_PART_BYTES),
        Math.min(this.credit.room, session.room) - fee,
      );
      const isLast = part === rest;
      const view = part === bytes.length ? bytes : bytes.subarray(this.#offset, this.#offset + part);
      writer.message(this.id, message.number, this.#offset, view, isLast);
      this.credit.spend(part + fee);
      session.spend(part + fee);
      left -= part + fee;
      if (isLast) this.#finish();
      else this.#offset += part;
    }
  }

  /** Writes whole safe messages, and END behind them, that cost no credit. @returns how many, and whether END was written */
  writeEarly(writer: RecordWriter): { readonly count: number; readonly hasEnd: boolean } {
    const { length } = this.#messages;
    for (let number = 0; number < length; number++) {
      const message = this.#messages.at(number) as SentMessage;
      if (!message.isSafe || !writer.message(this.id, number, 0, message.bytes as Uint8Array, true)) {
        return { count: number, hasEnd: false };
      }
      this.#written = Math.max(this.#written, number + 1);
    }
    return { count: length, hasEnd: this.#endCount !== undefined && writer.end(this.id, this.#endCount) };
  }

  /** The peer has taken what `writeEarly` wrote: it counts as sent on this connection. @param window first credit of the stream */
  goOnAfterEarly(count: number, hasEnd: boolean, window: number): void {
    this.#next = count;
    this.#offset = 0;
    this.#isEndWritten = hasEnd;
    this.credit.restart(window);
  }

  /** @returns what the messages cost that are taken now. @throws {ProtocolError} `M2M_FRAME_UNEXPECTED` */
  acknowledge(count: number): number {
    if (count <= this.#foreign) {
      this.#foreignTaken = Math.max(this.#foreignTaken, count);
      return 0;
    }
    this.#foreignTaken = this.#foreign;
    if (count < this.#acked || count > this.#written) {
      unexpected(`The peer acknowledges messages of stream ${this.id} that it cannot have.`);
    }
    return this.#settleTo(count, "acknowledged");
  }

  /**
   * Goes on behind what the peer has received.
   * @returns what the messages cost that are decided by it. @throws {ProtocolError} `M2M_FRAME_UNEXPECTED`
   */
  resume({
    received,
    taken,
    limit,
    hasEnd,
    isLost,
  }: Omit<ResumedFrame, "type" | "stream" | "isReset">): number {
    let freed = 0;
    if (!this.#isNumbered) {
      this.#isNumbered = true;
      this.#acked = this.#written = this.#foreign = received;
      if (hasEnd) this.#endCount = received;
    } else {
      const fits = taken <= received && received >= this.#acked && received <= this.#written;
      if (!fits || (hasEnd && received !== this.#endCount)) {
        unexpected(`The peer says of stream ${this.id} what cannot be.`);
      }
      freed = this.#settleTo(Math.max(taken, this.#acked), "acknowledged");
      if (isLost) freed += this.#settleTo(received, "unknown");
    }
    this.#foreignTaken = Math.min(this.#foreign, isLost ? received : taken);
    this.#next = received;
    this.#offset = 0;
    this.#isEndWritten = hasEnd;
    this.credit.restart(limit);
    return freed;
  }

  /** END may be lost. */
  connectionLost(): void {
    this.#isEndWritten = false;
  }

  /** The peer has taken all, and knows the end. @returns what the messages cost. @throws {ProtocolError} `M2M_FRAME_UNEXPECTED` */
  finishAll(): number {
    const count = this.#acked + this.#messages.length;
    if (this.#isNumbered && (count !== this.#endCount || count !== this.#written)) {
      unexpected(`The peer says that stream ${this.id} is over, which has more to send.`);
    }
    return this.#settleTo(count, "acknowledged");
  }

  /** Lets go of all messages. @returns what they cost */
  abandon(): number {
    const freed = this.#settleTo(Math.max(this.#acked, this.#written), "unknown");
    return freed + this.#settleTo(this.#acked + this.#messages.length, "undelivered");
  }

  #finish(): void {
    this.#next++;
    this.#offset = 0;
    if (this.#next > this.#written) this.#written = this.#next;
  }

  #writeEnd(writer: RecordWriter): WriteResult {
    if (this.#endCount === undefined || this.#isEndWritten) return "idle";
    if (!writer.end(this.id, this.#endCount)) return "full";
    this.#isEndWritten = true;
    return "idle";
  }

  #settleTo(count: number, outcome: Outcome): number {
    let freed = 0;
    while (this.#acked < count) {
      const message = this.#messages.shift();
      if (!message) break;
      freed += MESSAGE_COST + (message.bytes as Uint8Array).length;
      message.settle(outcome);
      this.#acked++;
    }
    return freed;
  }

  #assertOpen(): void {
    if (!this.#isNumbered) {
      throw new ProtocolError("M2M_PROTOCOL_STATE", "The session is not resumed yet.");
    }
    if (this.isEnded) {
      throw new ProtocolError("M2M_STREAM_CLOSED", `Stream ${this.id} has ended.`);
    }
  }
}

/** @throws {LimitError} `M2M_INPUT_TOO_LARGE` */
export function assertMessageBytes(length: number, most: number): void {
  if (length <= most) return;
  throw new LimitError("M2M_INPUT_TOO_LARGE", `The peer takes messages of at most ${most} bytes.`);
}
