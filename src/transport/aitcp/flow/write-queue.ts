import { LimitError } from "../../../shared/errors.js";
import type { RecordWriter } from "../frames/index.js";
import type { Reception, SendCredit } from "./credit.js";
import { Deque } from "./deque.js";
import type { StreamTable } from "./stream-table.js";
import type { Stream } from "./stream.js";

/** Bytes that a stream writes before it is the next one's turn. */
const SHARE_BYTES = 8192;

/** What is to be written, and in which order: frames that steer, then streams with messages by turns. */
export class WriteQueue {
  readonly #session: SendCredit;
  readonly #reception: Reception;
  readonly #table: StreamTable;
  readonly #ready = new Deque<Stream>();
  readonly #control = new Deque<Stream>();
  /** RESET of streams that are over, by id. */
  #answers: Set<number> | undefined;
  #isSessionDue = false;
  /** No stream has a part that the session's credit is enough for. */
  #isBlocked = false;
  #knownOwn = -1;

  /** @param table forgets streams of which all is written */
  constructor(session: SendCredit, reception: Reception, table: StreamTable) {
    this.#session = session;
    this.#reception = reception;
    this.#table = table;
  }

  /** The highest of the own streams that the peer may know; -1 if there is none. */
  get knownOwn(): number {
    return this.#knownOwn;
  }

  /** @param canSend messages may be written now */
  hasWork(canSend: boolean): boolean {
    return (
      this.#control.length > 0 ||
      this.#isSessionDue ||
      this.#answers !== undefined ||
      (canSend && this.#ready.length > 0 && !this.#isBlocked)
    );
  }

  /** The stream has messages, or its end, to write. */
  addReady(stream: Stream): void {
    if (stream.isReady || stream.isBlocked) return;
    stream.isReady = true;
    this.#ready.push(stream);
    if (stream.send.isAtEnd) this.#isBlocked = false;
  }

  /** The stream has something to say beside messages. */
  addControl(stream: Stream): void {
    if (stream.isControlQueued) return;
    stream.isControlQueued = true;
    this.#control.push(stream);
  }

  /** @throws {LimitError} `M2M_STREAMS_FULL` if the peer asks for more answers than it can have streams */
  addAnswer(id: number, most: number): void {
    this.#answers ??= new Set();
    this.#answers.add(id);
    if (this.#answers.size <= most) return;
    throw new LimitError("M2M_STREAMS_FULL", "The peer gives up more streams than there can be.");
  }

  /** What has come of a stream, or was taken, may be worth a frame. */
  updateStream(stream: Stream): void {
    if (stream.isControlQueued || stream.isGivenUp) return;
    const { receive } = stream;
    if (receive.ackDue !== undefined || receive.creditDue !== undefined) this.addControl(stream);
  }

  updateSession(): void {
    this.#isSessionDue ||= this.#reception.credit.due(this.#reception.room) !== undefined;
  }

  /** The session has credit again. */
  unblock(): void {
    this.#isBlocked = false;
  }

  noteKnown({ isOwn, id }: Pick<Stream, "isOwn" | "id">): void {
    if (isOwn && id > this.#knownOwn) this.#knownOwn = id;
  }

  /** Forgets what was to be written. */
  clear(): void {
    for (let stream = this.#ready.shift(); stream; stream = this.#ready.shift()) stream.isReady = false;
    for (let stream = this.#control.shift(); stream; stream = this.#control.shift())
      stream.isControlQueued = false;
    this.#answers = undefined;
    this.#isSessionDue = false;
    this.#isBlocked = false;
  }

  /** @param isFreshOnly of messages only those of fresh streams may be written; the others come back by `addReady` */
  write(writer: RecordWriter, canSend: boolean, isFreshOnly: boolean): void {
    if (this.#writeControl(writer) && canSend) this.#writeMessages(writer, isFreshOnly);
  }

  /** @returns whether all of it had room */
  #writeControl(writer: RecordWriter): boolean {
    for (const id of this.#answers ?? []) {
      if (!writer.resetDone(id)) return false;
      this.#answers?.delete(id);
    }
    this.#answers = undefined;
    for (let stream = this.#control.at(0); stream; stream = this.#control.at(0)) {
      if (!writeControlOf(stream, writer)) return false;
      stream.isControlQueued = false;
      this.#control.shift();
      this.noteKnown(stream);
      this.#table.deleteIfOver(stream);
    }
    if (!this.#isSessionDue) return true;
    const { credit, room } = this.#reception;
    const limit = credit.due(room);
    if (limit !== undefined) {
      if (!writer.creditAll(limit)) return false;
      credit.allow(limit);
    }
    this.#isSessionDue = false;
    return true;
  }

  #writeMessages(writer: RecordWriter, isFreshOnly: boolean): void {
    let withoutCredit = 0;
    for (let stream = this.#ready.at(0); stream && !this.#isBlocked; stream = this.#ready.at(0)) {
      if (stream.isGivenUp || stream.isForgotten || (isFreshOnly && !stream.isFresh)) {
        this.#drop();
        continue;
      }
      const before = writer.length;
      const share = this.#ready.length === 1 ? Infinity : SHARE_BYTES;
      const result = stream.send.write(writer, this.#session, share);
      const hasWritten = writer.length > before;
      if (hasWritten) {
        withoutCredit = 0;
        this.noteKnown(stream);
      }
      switch (result) {
        case "idle":
          this.#drop();
          this.#table.deleteIfOver(stream);
          break;
        case "stream-credit":
          stream.isBlocked = true;
          this.#drop();
          break;
        case "shared":
          this.#rotate();
          break;
        case "session-credit":
          this.#rotate();
          this.#isBlocked = ++withoutCredit >= this.#ready.length;
          break;
        case "full":
          // The next record begins with the next stream.
          if (hasWritten) this.#rotate();
          return;
      }
    }
  }

  #drop(): void {
    const stream = this.#ready.shift();
    if (stream) stream.isReady = false;
  }

  #rotate(): void {
    const stream = this.#ready.shift();
    if (stream) this.#ready.push(stream);
  }
}

/** ACK, then RESET or CREDIT. @returns whether all that is due had room */
function writeControlOf(stream: Stream, writer: RecordWriter): boolean {
  const { id, receive, resetCode, isResetWritten } = stream;
  if (stream.isForgotten) return true;
  // Behind a RESET it would be ignored, and with the answer to the peer's it is.
  const count = isResetWritten || stream.isPeerReset ? undefined : receive.ackDue;
  if (count !== undefined) {
    if (!writer.ack(id, count)) return false;
    receive.told(count);
  }
  if (resetCode !== undefined) {
    if (!isResetWritten && !writer.resetStream(id, resetCode)) return false;
    stream.isResetWritten = true;
    return true;
  }
  const limit = receive.creditDue;
  if (limit === undefined) return true;
  if (!writer.credit(id, limit)) return false;
  receive.credit.allow(limit);
  return true;
}
