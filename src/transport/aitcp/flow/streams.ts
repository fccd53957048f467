import { InputError, LimitError, ProtocolError } from "../../../shared/errors.js";
import type { Frame, MessageFrame, RecordWriter, StreamFrame } from "../frames/index.js";
import { unexpected } from "./credit.js";
import { isEarlyNew, receiveEarly } from "./early.js";
import type { StreamsOptions } from "./options.js";
import { costOf } from "./receive-stream.js";
import { Resumption } from "./resumption.js";
import { assertMessageBytes } from "./send-stream.js";
import type { SentMessage } from "./sent-message.js";
import { MESSAGE_COST, type FlowSettings } from "./settings.js";
import { readStreamsSnapshot, snapshotOf, snapshotStream, type StreamsSnapshot } from "./snapshot.js";
import { StreamSet } from "./stream-set.js";
import type { Stream } from "./stream.js";

/**
 * The streams of a session: messages to frames and back, over all connections of the session (docs/spec/aitcp.md, Records and
 * Resumption). It owns no connection: what `fill` writes is sent in order, and `receive` gets what came, in order.
 */
export class Streams {
  readonly #isInitiator: boolean;
  readonly #set: StreamSet;
  readonly #resumption: Resumption;

  /** @throws {InputError} `M2M_USAGE` */
  constructor(options: StreamsOptions) {
    this.#isInitiator = options.isInitiator;
    this.#set = new StreamSet(options);
    this.#resumption = new Resumption(this.#set);
  }

  /**
   * The streams of a session that another process had. Until the peer has said what it has received, nothing can be opened or sent.
   * @throws {FormatError} `M2M_SNAPSHOT_INVALID`
   */
  static restore(options: Omit<StreamsOptions, "isInitiator">, value: unknown): Streams {
    const { isInitiator, nextOwn, nextPeer, streams } = readStreamsSnapshot(value);
    const restored = new Streams({ ...options, isInitiator });
    restored.#resumption.restore();
    for (const { id, resetCode, ...before } of streams)
      restored.#set.create(id, before).resetCode = resetCode;
    restored.#set.table.restore(nextOwn, nextPeer);
    return restored;
  }

  /** What is to be kept before messages that have come are given to the application. */
  snapshot(): StreamsSnapshot {
    const { nextOwn, nextPeer } = this.#set.table;
    const streams = Array.from(this.#set.table.values(), ({ receive, resetCode }) =>
      snapshotStream(receive, resetCode),
    );
    return snapshotOf({ isInitiator: this.#isInitiator, nextOwn, nextPeer, streams });
  }

  /** What the peer takes, by its handshake; again with each connection. @throws {ProtocolError} `M2M_FRAME_UNEXPECTED` */
  setPeer(peer: FlowSettings): void {
    this.#set.setPeer(peer);
  }

  /** Bytes of messages that are not taken by the peer, with what they cost beyond their bytes. */
  get queuedBytes(): number {
    return this.#set.backpressure.queuedBytes;
  }
  /** `send` takes another message. */
  get isWritable(): boolean {
    return this.#set.backpressure.isWritable;
  }
  /** Bytes of messages that have come and are not taken, with what they cost. */
  get heldBytes(): number {
    return this.#set.reception.held;
  }
  /** Streams that are not over. */
  get size(): number {
    return this.#set.table.size;
  }
  /** `fill` has something to write. */
  get hasWork(): boolean {
    return (
      this.#resumption.hasWork ||
      (this.#resumption.canWrite && this.#set.queue.hasWork(this.#resumption.canSend))
    );
  }

  /** Resolves when `send` takes another message. */
  async ready(): Promise<void> {
    await this.#set.backpressure.ready();
  }

  /**
   * Opens a stream.
   * @throws {LimitError} `M2M_STREAMS_FULL`; {ProtocolError} `M2M_PROTOCOL_STATE` before the peer is known
   */
  open(): number {
    const peer = this.#knownPeer();
    this.#resumption.assertNumbered();
    if (this.#set.table.ownCount >= peer.streams) {
      throw new LimitError("M2M_STREAMS_FULL", `The peer takes ${peer.streams} open streams.`);
    }
    return this.#set.create(this.#set.table.nextOwn).id;
  }

  /**
   * Sends a message. Its bytes are not copied: they must stay as they are until it is decided.
   * @throws {LimitError} `M2M_QUEUE_FULL` unless `isWritable`, `M2M_INPUT_TOO_LARGE`
   * @throws {ProtocolError} `M2M_STREAM_CLOSED`
   */
  send(stream: number, message: Uint8Array, { isSafe = false }: { isSafe?: boolean } = {}): SentMessage {
    assertMessageBytes(message.length, this.#knownPeer().messageBytes);
    this.#set.backpressure.assertWritable();
    const found = this.#openStream(stream);
    const sent = found.send.push(message, isSafe);
    this.#set.backpressure.add(message.length + MESSAGE_COST);
    this.#set.queue.addReady(found);
    return sent;
  }

  /** Nothing more is sent on the stream. @throws {ProtocolError} `M2M_STREAM_CLOSED` */
  end(stream: number): void {
    const found = this.#openStream(stream);
    found.send.end();
    this.#set.queue.addReady(found);
  }

  /** Gives a stream up in both directions; one that is over already stays so. */
  reset(stream: number, code: number): void {
    const found = this.#set.table.get(stream);
    if (found && !found.isGivenUp) this.#set.giveUp(found, code);
  }

  /** The next message of a stream that the application was not given; it is taken only by `acknowledge`. */
  take(stream: number): Uint8Array | undefined {
    return this.#set.table.get(stream)?.receive.take();
  }

  /** Whether there is nothing more to take, now or later. */
  isRead(stream: number): boolean {
    const found = this.#set.table.get(stream);
    return found ? found.isGivenUp || found.receive.isRead : this.#set.table.wasOpened(stream);
  }

  /** The application has taken the first `count` messages of a stream. @throws {InputError} `M2M_USAGE` if it was not given them */
  acknowledge(stream: number, count: number): void {
    const found = this.#set.table.get(stream);
    if (!found) {
      if (this.#set.table.wasOpened(stream)) return;
      throw new InputError("M2M_USAGE", `There is no stream ${stream}.`);
    }
    if (found.isGivenUp) return;
    found.receive.acknowledge(count);
    this.#set.updateCredit(found);
  }

  /**
   * Takes a frame of the peer.
   * @throws {ProtocolError} `M2M_FRAME_UNEXPECTED`; {LimitError} `M2M_CREDIT_EXCEEDED`, `M2M_STREAMS_FULL`: the session is over
   */
  receive(frame: StreamFrame): void {
    if (!this.#resumption.expects(frame))
      unexpected("The peer goes on before it has told what it has received.");
    switch (frame.type) {
      case "message":
        return this.#receiveMessage(frame);
      case "end": {
        const stream = this.#peerStream(frame.stream);
        if (!stream) unexpected(`Stream ${frame.stream} is over, and ends again.`);
        if (stream.isGivenUp) return;
        stream.receive.end(frame);
        this.#set.events.onEnd?.(stream.id);
        return this.#set.table.deleteIfOver(stream);
      }
      case "reset": {
        const stream = this.#peerStream(frame.stream);
        if (stream) return this.#set.peerGaveUp(stream, frame.code);
        return this.#set.queue.addAnswer(
          frame.stream,
          this.#set.own.streams + (this.#set.peer?.streams ?? 0),
        );
      }
      case "reset-done": {
        const stream = this.#knownStream(frame.stream);
        if (stream) this.#set.peerGaveUp(stream, 0);
        return;
      }
      case "ack": {
        const stream = this.#knownStream(frame.stream);
        if (!stream || stream.isGivenUp) return;
        this.#set.backpressure.free(stream.send.acknowledge(frame.count));
        return this.#set.table.deleteIfOver(stream);
      }
      case "credit": {
        const stream = this.#knownStream(frame.stream);
        if (!stream?.send.credit.raise(frame.limit)) return;
        stream.isBlocked = false;
        if (stream.send.hasWork) this.#set.queue.addReady(stream);
        return;
      }
      case "credit-all":
        if (this.#set.sendCredit.raise(frame.limit)) this.#set.queue.unblock();
        return;
      case "resumed":
        return this.#resumption.receiveStream(frame);
      case "resumed-all":
        return this.#resumption.receiveAll(frame);
    }
  }

  /**
   * Writes the next frames into a record. Those that steer go first; then streams with messages take turns.
   * @returns whether something was written
   */
  fill(writer: RecordWriter): boolean {
    const before = writer.length;
    const resumption = this.#resumption;
    if (resumption.write(writer)) this.#set.queue.write(writer, resumption.canSend, this.#set.isAwaiting);
    return writer.length > before;
  }

  /** The connection is gone. What was received in part is forgotten; nothing is written until `resume`. */
  connectionLost(): void {
    this.#resumption.connectionLost();
  }

  /**
   * Another connection of the session stands; first each side says what it has received.
   * @param isEarlyTaken the peer has taken what `early` gave for it
   */
  resume(isEarlyTaken = false): void {
    this.#knownPeer();
    this.#resumption.resume(isEarlyTaken);
  }

  /**
   * Frames of new streams with messages that are marked as safe, for the first packet of a resumption: after `connectionLost`, before `resume`.
   * If the peer has not taken them, they are sent again.
   * @param maxBytes of the frames
   * @returns them; empty if there is nothing to send so
   */
  early(maxBytes: number): Uint8Array {
    return this.#resumption.writeEarly(maxBytes);
  }

  /** What the peer's answers to early frames may cost before this side tells what it has received: it has to be told with the frames of `early`. */
  get earlyCredit(): number {
    return this.#resumption.earlyCredit;
  }

  /** Whether frames are early ones that nothing else was known of: those of a first packet that somebody has kept back may have come by now. */
  isEarlyNew(frames: readonly Frame[]): boolean {
    return isEarlyNew(frames, this.#set.table.nextPeer);
  }

  /** Early frames of the peer, after `resume` and before its other frames. Their streams can be answered at once. @throws as `receive` */
  receiveEarly(frames: readonly Frame[]): void {
    this.#resumption.assertEarly();
    if (!isEarlyNew(frames, this.#set.table.nextPeer)) unexpected("An early frame is not of a new stream.");
    this.#resumption.takeEarly(this.#knownPeer().sessionWindow);
    receiveEarly(frames, (id) => this.#set.openPeer(id, true), this.#set.events);
  }

  /** The session is over: what is not acknowledged is decided now. */
  abandon(): void {
    this.#set.abandon();
  }

  #receiveMessage(frame: MessageFrame): void {
    const stream = this.#peerStream(frame.stream);
    if (!stream) unexpected(`Stream ${frame.stream} is over, and goes on.`);
    if (stream.isGivenUp) {
      // It was on its way. The peer has paid for it.
      this.#set.reception.credit.accept(costOf(frame));
      this.#set.queue.updateSession();
      return;
    }
    const isWhole = stream.receive.accept(frame);
    this.#set.updateCredit(stream);
    if (isWhole) this.#set.events.onMessage?.(stream.id);
  }

  /** The stream of a frame, opened by it if it is new; `undefined` if it is over. */
  #peerStream(id: number): Stream | undefined {
    return this.#set.table.get(id) ?? (this.#set.table.wasOpened(id) ? undefined : this.#set.openPeer(id));
  }

  /** The stream of a frame that opens none; `undefined` if it is over. @throws {ProtocolError} `M2M_FRAME_UNEXPECTED` if it was not opened */
  #knownStream(id: number): Stream | undefined {
    const stream = this.#set.table.get(id);
    if (!stream && !this.#set.table.wasOpened(id)) unexpected(`Stream ${id} was not opened.`);
    return stream;
  }

  #openStream(id: number): Stream {
    const stream = this.#set.table.get(id);
    if (stream && !stream.isGivenUp) return stream;
    throw new ProtocolError("M2M_STREAM_CLOSED", `Stream ${id} is not open.`);
  }

  #knownPeer(): FlowSettings {
    if (this.#set.peer) return this.#set.peer;
    throw new ProtocolError("M2M_PROTOCOL_STATE", "What the peer takes is not known yet.");
  }
}
