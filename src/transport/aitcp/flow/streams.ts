import { InputError, LimitError, ProtocolError } from "../../../shared/errors.js";
import type { Frame, MessageFrame, RecordWriter, StreamFrame } from "../frames/index.js";
import { Backpressure } from "./backpressure.js";
import { Reception, SendCredit, unexpected } from "./credit.js";
import { isEarlyNew, receiveEarly } from "./early.js";
import { Favour } from "./favour.js";
import { DEFAULT_QUEUE_BYTES, type StreamEvents, type StreamsOptions } from "./options.js";
import { costOf, ReceiveStream, type ReceivedBefore } from "./receive-stream.js";
import { Resumption } from "./resumption.js";
import { assertMessageBytes, SendStream } from "./send-stream.js";
import type { SentMessage } from "./sent-message.js";
import { assertOwnSettings, assertPeerSettings, MESSAGE_COST, type FlowSettings } from "./settings.js";
import { readStreamsSnapshot, snapshotOf, snapshotStream, type StreamsSnapshot } from "./snapshot.js";
import { StreamTable } from "./stream-table.js";
import { Stream } from "./stream.js";
import { WriteQueue } from "./write-queue.js";

/**
 * The streams of a session: messages to frames and back, over all connections of the session (docs/spec/aitcp.md, Records and
 * Resumption). It owns no connection: what `fill` writes is sent in order, and `receive` gets what came, in order.
 */
export class Streams {
  readonly #own: FlowSettings;
  readonly #backpressure: Backpressure;
  readonly #events: StreamEvents;
  readonly #table: StreamTable;
  readonly #isInitiator: boolean;
  readonly #sendCredit = new SendCredit();
  readonly #reception: Reception;
  readonly #favour = new Favour();
  readonly #queue: WriteQueue;
  readonly #resumption: Resumption;
  #peer: FlowSettings | undefined;

  /** @throws {InputError} `M2M_USAGE` */
  constructor({ isInitiator, own, queueBytes = DEFAULT_QUEUE_BYTES, events = {} }: StreamsOptions) {
    assertOwnSettings(own);
    this.#own = own;
    this.#backpressure = new Backpressure(queueBytes);
    this.#events = events;
    this.#isInitiator = isInitiator;
    this.#table = new StreamTable(isInitiator, events.onOver?.bind(events));
    this.#reception = new Reception(own.sessionWindow);
    this.#queue = new WriteQueue(this.#sendCredit, this.#reception, (stream) =>
      this.#table.deleteIfOver(stream),
    );
    this.#resumption = new Resumption({
      table: this.#table,
      queue: this.#queue,
      reception: this.#reception,
      sendCredit: this.#sendCredit,
      open: (id, adopts) => (adopts && this.#table.isOwn(id) ? this.#adopt(id) : this.#openPeer(id)),
      free: (cost) => this.#backpressure.free(cost),
      giveUp: (stream, code) => this.#peerReset(stream, code),
      finish: (stream) => this.#finish(stream),
      assertLimits: () => this.#table.assertPeerCount(own.streams),
    });
  }

  /**
   * The streams of a session that another process had. Until the peer has said what it has received, nothing can be opened or sent.
   * @throws {FormatError} `M2M_SNAPSHOT_INVALID`
   */
  static restore(options: Omit<StreamsOptions, "isInitiator">, value: unknown): Streams {
    const { isInitiator, nextOwn, nextPeer, streams } = readStreamsSnapshot(value);
    const restored = new Streams({ ...options, isInitiator });
    restored.#resumption.restore();
    for (const { id, resetCode, ...before } of streams) restored.#create(id, before).resetCode = resetCode;
    restored.#table.restore(nextOwn, nextPeer);
    return restored;
  }

  /** What is to be kept before messages that have come are given to the application. */
  snapshot(): StreamsSnapshot {
    const { nextOwn, nextPeer } = this.#table;
    const streams = Array.from(this.#table.values(), ({ receive, resetCode }) =>
      snapshotStream(receive, resetCode),
    );
    return snapshotOf({ isInitiator: this.#isInitiator, nextOwn, nextPeer, streams });
  }

  /** What the peer takes, by its handshake; again with each connection. @throws {ProtocolError} `M2M_FRAME_UNEXPECTED` */
  setPeer(peer: FlowSettings): void {
    assertPeerSettings(peer, this.#peer);
    const isFirst = this.#peer === undefined;
    this.#peer = peer;
    if (isFirst) this.#sendCredit.restart(peer.sessionWindow);
    this.#resumption.setWindow(peer.streamWindow);
  }

  /** Bytes of messages that are not taken by the peer, with what they cost beyond their bytes. */
  get queuedBytes(): number {
    return this.#backpressure.queuedBytes;
  }
  /** `send` takes another message. */
  get isWritable(): boolean {
    return this.#backpressure.isWritable;
  }
  /** Bytes of messages that have come and are not taken, with what they cost. */
  get heldBytes(): number {
    return this.#reception.held;
  }
  /** Streams that are not over. */
  get size(): number {
    return this.#table.size;
  }
  /** `fill` has something to write. */
  get hasWork(): boolean {
    return (
      this.#resumption.hasWork || (this.#resumption.canWrite && this.#queue.hasWork(this.#resumption.canSend))
    );
  }

  /** Resolves when `send` takes another message. */
  async ready(): Promise<void> {
    await this.#backpressure.ready();
  }

  /**
   * Opens a stream.
   * @throws {LimitError} `M2M_STREAMS_FULL`; {ProtocolError} `M2M_PROTOCOL_STATE` before the peer is known
   */
  open(): number {
    const peer = this.#knownPeer();
    this.#resumption.assertNumbered();
    if (this.#table.ownCount >= peer.streams) {
      throw new LimitError("M2M_STREAMS_FULL", `The peer takes ${peer.streams} open streams.`);
    }
    return this.#create(this.#table.nextOwn).id;
  }

  /**
   * Sends a message. Its bytes are not copied: they must stay as they are until it is decided.
   * @throws {LimitError} `M2M_QUEUE_FULL` unless `isWritable`, `M2M_INPUT_TOO_LARGE`
   * @throws {ProtocolError} `M2M_STREAM_CLOSED`
   */
  send(stream: number, message: Uint8Array, { isSafe = false }: { isSafe?: boolean } = {}): SentMessage {
    assertMessageBytes(message.length, this.#knownPeer().messageBytes);
    this.#backpressure.assertWritable();
    const found = this.#openStream(stream);
    const sent = found.send.push(message, isSafe);
    this.#backpressure.add(message.length + MESSAGE_COST);
    this.#queue.addReady(found);
    return sent;
  }

  /** Nothing more is sent on the stream. @throws {ProtocolError} `M2M_STREAM_CLOSED` */
  end(stream: number): void {
    const found = this.#openStream(stream);
    found.send.end();
    this.#queue.addReady(found);
  }

  /** Gives a stream up in both directions; one that is over already stays so. */
  reset(stream: number, code: number): void {
    const found = this.#table.get(stream);
    if (found && !found.isGivenUp) this.#giveUp(found, code);
  }

  /** The next message of a stream that the application was not given; it is taken only by `acknowledge`. */
  take(stream: number): Uint8Array | undefined {
    return this.#table.get(stream)?.receive.take();
  }

  /** Whether there is nothing more to take, now or later. */
  isRead(stream: number): boolean {
    const found = this.#table.get(stream);
    return found ? found.isGivenUp || found.receive.isRead : this.#table.wasOpened(stream);
  }

  /** The application has taken the first `count` messages of a stream. @throws {InputError} `M2M_USAGE` if it was not given them */
  acknowledge(stream: number, count: number): void {
    const found = this.#table.get(stream);
    if (!found) {
      if (this.#table.wasOpened(stream)) return;
      throw new InputError("M2M_USAGE", `There is no stream ${stream}.`);
    }
    if (found.isGivenUp) return;
    found.receive.acknowledge(count);
    this.#updateCredit(found);
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
        this.#events.onEnd?.(stream.id);
        return this.#table.deleteIfOver(stream);
      }
      case "reset": {
        const stream = this.#peerStream(frame.stream);
        if (stream) return this.#peerReset(stream, frame.code);
        return this.#queue.addAnswer(frame.stream, this.#own.streams + (this.#peer?.streams ?? 0));
      }
      case "reset-done": {
        const stream = this.#knownStream(frame.stream);
        if (stream) this.#peerReset(stream, 0);
        return;
      }
      case "ack": {
        const stream = this.#knownStream(frame.stream);
        if (!stream || stream.isGivenUp) return;
        this.#backpressure.free(stream.send.acknowledge(frame.count));
        return this.#table.deleteIfOver(stream);
      }
      case "credit": {
        const stream = this.#knownStream(frame.stream);
        if (!stream?.send.credit.raise(frame.limit)) return;
        stream.isBlocked = false;
        if (stream.send.hasWork) this.#queue.addReady(stream);
        return;
      }
      case "credit-all":
        if (this.#sendCredit.raise(frame.limit)) this.#queue.unblock();
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
    if (resumption.write(writer)) this.#queue.write(writer, resumption.canSend, resumption.isAwaiting);
    return writer.length > before;
  }

  /** The connection is gone. What was received in part is forgotten; nothing is written until `resume`. */
  connectionLost(): void {
    this.#resumption.connectionLost();
    for (const stream of this.#table.values()) this.#favour.update(stream);
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
    return isEarlyNew(frames, this.#table.nextPeer);
  }

  /** Early frames of the peer, after `resume` and before its other frames. Their streams can be answered at once. @throws as `receive` */
  receiveEarly(frames: readonly Frame[]): void {
    this.#resumption.assertEarly();
    if (!isEarlyNew(frames, this.#table.nextPeer)) unexpected("An early frame is not of a new stream.");
    this.#resumption.takeEarly(this.#knownPeer().sessionWindow);
    receiveEarly(frames, (id) => this.#openPeer(id, true), this.#events);
  }

  /** The session is over: what is not acknowledged is decided now. */
  abandon(): void {
    for (const stream of Array.from(this.#table.values())) {
      this.#backpressure.free(stream.send.abandon());
      stream.receive.abandon();
      this.#table.delete(stream);
    }
    this.#queue.clear();
  }

  #receiveMessage(frame: MessageFrame): void {
    const stream = this.#peerStream(frame.stream);
    if (!stream) unexpected(`Stream ${frame.stream} is over, and goes on.`);
    if (stream.isGivenUp) {
      // It was on its way. The peer has paid for it.
      this.#reception.credit.accept(costOf(frame));
      this.#queue.updateSession();
      return;
    }
    const isWhole = stream.receive.accept(frame);
    this.#updateCredit(stream);
    if (isWhole) this.#events.onMessage?.(stream.id);
  }

  #peerReset(stream: Stream, code: number): void {
    stream.isPeerReset = true;
    if (!stream.isGivenUp) {
      this.#giveUp(stream, code);
      this.#events.onReset?.(stream.id, code);
    }
    this.#table.deleteIfOver(stream);
  }

  #giveUp(stream: Stream, code: number): void {
    stream.resetCode = code;
    stream.receive.abandon();
    this.#backpressure.free(stream.send.abandon());
    this.#updateCredit(stream);
    this.#queue.addControl(stream);
  }

  /** The peer has forgotten the stream, since it is over there. */
  #finish(stream: Stream): void {
    if (!stream.isGivenUp) {
      const wasEnded = stream.receive.hasEnd;
      this.#backpressure.free(stream.send.finishAll());
      stream.receive.finishAll();
      this.#favour.update(stream);
      if (!wasEnded) this.#events.onEnd?.(stream.id);
    }
    this.#table.delete(stream);
  }

  #updateCredit(stream: Stream): void {
    const favoured = this.#favour.update(stream);
    if (favoured) this.#queue.updateStream(favoured);
    this.#queue.updateStream(stream);
    this.#queue.updateSession();
  }

  /** The stream of a frame, opened by it if it is new; `undefined` if it is over. */
  #peerStream(id: number): Stream | undefined {
    return this.#table.get(id) ?? (this.#table.wasOpened(id) ? undefined : this.#openPeer(id));
  }

  /** The stream of a frame that opens none; `undefined` if it is over. @throws {ProtocolError} `M2M_FRAME_UNEXPECTED` if it was not opened */
  #knownStream(id: number): Stream | undefined {
    const stream = this.#table.get(id);
    if (!stream && !this.#table.wasOpened(id)) unexpected(`Stream ${id} was not opened.`);
    return stream;
  }

  #openPeer(id: number, isNew = false): Stream {
    if (this.#table.isOwn(id)) unexpected(`The peer speaks of stream ${id}, which was not opened.`);
    this.#table.assertRoomForPeer(id, this.#own.streams * (this.#resumption.isAwaiting ? 2 : 1));
    for (;;) {
      const next = this.#table.nextPeer;
      const stream = this.#create(next, undefined, isNew && next === id);
      this.#events.onStream?.(stream.id);
      if (stream.id === id) return stream;
    }
  }

  /** A stream that a process before this one has opened, of which nothing is known but that the peer has it. */
  #adopt(id: number): Stream {
    if (this.#table.ownCount >= this.#knownPeer().streams)
      unexpected("The peer tells of more streams than it takes.");
    const stream = this.#create(id);
    this.#giveUp(stream, 0);
    return stream;
  }

  #create(id: number, before?: ReceivedBefore, isNew = false): Stream {
    const send = new SendStream(id, this.#peer?.streamWindow ?? 0, isNew || !this.#resumption.isRestored);
    const receive = new ReceiveStream(id, this.#own, this.#reception, before);
    const stream = new Stream(this.#table.isOwn(id), send, receive);
    this.#table.add(stream);
    return stream;
  }

  #openStream(id: number): Stream {
    const stream = this.#table.get(id);
    if (stream && !stream.isGivenUp) return stream;
    throw new ProtocolError("M2M_STREAM_CLOSED", `Stream ${id} is not open.`);
  }

  #knownPeer(): FlowSettings {
    if (this.#peer) return this.#peer;
    throw new ProtocolError("M2M_PROTOCOL_STATE", "What the peer takes is not known yet.");
  }
}
