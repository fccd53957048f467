import { ProtocolError } from "../../../shared/errors.js";
import {
  MAX_TURN_END_BYTES,
  RecordWriter,
  type ResumedAllFrame,
  type ResumedFrame,
  type StreamFrame,
} from "../frames/index.js";
import { unexpected } from "./credit.js";
import { MIN_WINDOW } from "./settings.js";
import type { StreamSet } from "./stream-set.js";
import type { Stream } from "./stream.js";

/** What went of a stream with the first packet of a resumption. */
interface EarlySent {
  readonly stream: Stream;
  readonly count: number;
  readonly hasEnd: boolean;
}

/** How the streams of a session come to another connection (docs/spec/aitcp.md, Resumption). */
export class Resumption {
  readonly #set: StreamSet;
  #isConnected = true;
  #hasHeard = false;
  /** Streams that are still to be told of, while the own side tells; `undefined` once all is told. */
  #telling: IterableIterator<Stream> | undefined;
  #untold: Stream | undefined;
  #known: { readonly seen: number; readonly opened: number } | undefined;
  /** What `writeEarly` has written for the connection to come, and the credit for answers that goes with it. */
  #earlySent: EarlySent[] | undefined;
  #earlyCredit = 0;
  /** Early frames of this connection may be answered though the peer has not told what it has received. */
  #hasTakenEarly = false;

  constructor(set: StreamSet) {
    this.#set = set;
  }

  /** `write` has something to write. */
  get hasWork(): boolean {
    return this.#isConnected && this.#telling !== undefined;
  }
  /** Frames that are no RESUMED may be written. */
  get canWrite(): boolean {
    return this.#isConnected && this.#telling === undefined;
  }
  /** Messages may be written: those of fresh streams only, while the set `isAwaiting`. */
  get canSend(): boolean {
    return this.canWrite && (!this.#set.isAwaiting || this.#hasTakenEarly);
  }
  /** What answers to early frames may cost until all is told, as the peer has to know it. */
  get earlyCredit(): number {
    return this.#earlyCredit;
  }

  /** First credit of the streams that the peer has not seen. */
  get #peerWindow(): number {
    return this.#set.peer?.streamWindow ?? 0;
  }

  restore(): void {
    this.#set.isRestored = true;
    this.connectionLost();
  }

  connectionLost(): void {
    this.#isConnected = false;
    this.#set.isAwaiting = true;
    this.#hasHeard = this.#hasTakenEarly = false;
    this.#telling = this.#untold = this.#known = this.#earlySent = undefined;
    this.#set.table.endTelling();
    this.#set.queue.clear();
    this.#set.connectionLost();
  }

  /** @param isEarlyTaken the peer has taken what `writeEarly` wrote. @throws {ProtocolError} `M2M_PROTOCOL_STATE` if the connection is not lost */
  resume(isEarlyTaken: boolean): void {
    this.#assertLost();
    const { table, sendCredit, reception } = this.#set;
    this.#isConnected = true;
    this.#telling = table.beginTelling();
    sendCredit.restart(0);
    reception.credit.restart(isEarlyTaken ? this.#earlyCredit : 0);
    if (isEarlyTaken) for (const sent of this.#earlySent ?? []) this.#goOnAfterEarly(sent);
    this.#earlySent = undefined;
  }

  #goOnAfterEarly({ stream, count, hasEnd }: EarlySent): void {
    stream.isFresh = stream.isListed = true;
    if (stream.isGivenUp) this.#set.queue.addControl(stream);
    else stream.send.goOnAfterEarly(count, hasEnd, this.#peerWindow);
  }

  /** Early frames have come. @param credit what answers may cost until the peer has told what it has received */
  takeEarly(credit: number): void {
    this.#hasTakenEarly = true;
    this.#set.sendCredit.restart(credit);
  }

  /** Whether the peer may send this frame now. */
  expects({ type }: StreamFrame): boolean {
    if (!this.#isConnected) return false;
    return this.#set.isAwaiting === (type === "resumed" || type === "resumed-all");
  }

  /** @throws {ProtocolError} `M2M_PROTOCOL_STATE` if ids and numbers of another process are not known yet */
  assertNumbered(): void {
    if (this.#set.isRestored)
      throw new ProtocolError("M2M_PROTOCOL_STATE", "The session is not resumed yet.");
  }

  /** @throws {ProtocolError} `M2M_FRAME_UNEXPECTED` if early frames have no place now */
  assertEarly(): void {
    if (!this.#isConnected || !this.#set.isAwaiting || this.#hasHeard)
      unexpected("Early frames come too late.");
  }

  /** Writes what the own side has received. @returns whether all is told */
  write(writer: RecordWriter): boolean {
    if (!this.#isConnected) return false;
    if (!this.#telling) return true;
    const { table, queue, reception } = this.#set;
    for (;;) {
      const stream = this.#untold ?? (this.#telling.next().value as Stream | undefined);
      if (!stream) {
        // Streams that are opened from now on are not told of.
        this.#known ??= { seen: table.nextPeer, opened: table.nextOwn };
        break;
      }
      this.#untold = stream;
      // It may have become over in between.
      const isToldOf = table.get(stream.id) === stream && !stream.isFresh;
      if (isToldOf && !this.#tell(stream, writer)) return false;
      queue.noteKnown(stream);
      this.#untold = undefined;
    }
    const limit = reception.credit.limitFor(Math.max(0, reception.room));
    if (!writer.resumedAll(limit, this.#known.seen, this.#known.opened)) return false;
    reception.credit.allow(limit);
    this.#telling = this.#known = undefined;
    table.endTelling();
    return true;
  }

  receiveStream(frame: ResumedFrame): void {
    const { table } = this.#set;
    this.#hasHeard = true;
    let stream = table.get(frame.stream);
    if (!stream) {
      // The peer learns by RESUMED_ALL that it is over here, or not known any more.
      if (table.wasOpened(frame.stream)) return;
      if (this.#set.isRestored && table.isOwn(frame.stream) && frame.isReset) return table.skip(frame.stream);
      const isAdopted = this.#set.isRestored && table.isOwn(frame.stream);
      stream = isAdopted ? this.#set.adopt(frame.stream) : this.#set.openPeer(frame.stream);
    }
    if (stream.isListed) unexpected(`The peer tells of stream ${frame.stream} twice.`);
    stream.isListed = true;
    if (frame.isReset) return this.#set.peerGaveUp(stream, 0);
    if (stream.isGivenUp) return;
    this.#set.backpressure.free(stream.send.resume(frame));
    table.deleteIfOver(stream);
  }

  receiveAll({ limit, seen, opened }: ResumedAllFrame): void {
    const { table, queue, sendCredit } = this.#set;
    if (!table.isOwn(seen) || table.isOwn(opened)) unexpected("The peer tells of streams of the wrong side.");
    if (seen > table.nextOwn) {
      if (!this.#set.isRestored) unexpected("The peer has seen streams that were not opened.");
      table.skip(seen - 2);
    }
    for (const stream of Array.from(table.values())) {
      if (!stream.isListed) this.#settleUnlisted(stream, seen, opened);
    }
    queue.noteKnown({ isOwn: true, id: seen - 2 });
    // Those that the peer has opened and not told of are over, whether they were known here or not.
    if (opened >= 2) table.skip(opened - 2);
    this.#set.isAwaiting = this.#set.isRestored = false;
    table.assertPeerCount(this.#set.own.streams);
    sendCredit.raise(limit);
    queue.unblock();
    for (const stream of table.values()) {
      if (stream.send.hasWork && !stream.isGivenUp) queue.addReady(stream);
    }
  }

  /** @throws {ProtocolError} `M2M_PROTOCOL_STATE` if the connection is not lost */
  writeEarly(maxBytes: number): Uint8Array {
    this.#assertLost();
    if (this.#set.isRestored) return new Uint8Array(0);
    const { table, queue, reception } = this.#set;
    // An answer has to fit into what there is room for.
    const { window } = reception.credit;
    if (reception.room < MIN_WINDOW) return new Uint8Array(0);
    this.#earlyCredit = Math.min(window, reception.room);
    this.#earlySent = [];
    const writer = new RecordWriter(new Uint8Array(maxBytes + MAX_TURN_END_BYTES));
    const known = queue.knownOwn;
    for (const stream of table.values()) {
      if (!stream.isOwn || stream.id <= known || stream.isGivenUp) continue;
      const before = writer.length;
      const sent = stream.send.writeEarly(writer);
      if (writer.length === before) continue;
      queue.noteKnown(stream);
      this.#earlySent.push({ stream, ...sent });
    }
    return writer.turnFrames;
  }

  #tell(stream: Stream, writer: RecordWriter): boolean {
    const { id, receive, isGivenUp } = stream;
    const { received, taken, hasEnd, isLost, room } = receive;
    const limit = isGivenUp ? 0 : room;
    if (!writer.resumed({ stream: id, received, taken, limit, isReset: isGivenUp, hasEnd, isLost }))
      return false;
    receive.resumed(limit);
    stream.isResetWritten = isGivenUp;
    this.#set.table.deleteIfOver(stream);
    return true;
  }

  /** What the peer has not told of is over there, has not come there, or was lost there. */
  #settleUnlisted(stream: Stream, seen: number, opened: number): void {
    if (stream.id < (stream.isOwn ? seen : opened)) return this.#set.finish(stream);
    if (stream.isOwn) {
      if (stream.isGivenUp) return;
      const nothing = { received: 0, taken: 0, limit: this.#peerWindow, hasEnd: false, isLost: false };
      return this.#set.backpressure.free(stream.send.resume(nothing));
    }
    stream.isResetWritten = true;
    this.#set.peerGaveUp(stream, 0);
  }

  #assertLost(): void {
    if (!this.#isConnected) return;
    throw new ProtocolError("M2M_PROTOCOL_STATE", "The streams have a connection.");
  }
}
