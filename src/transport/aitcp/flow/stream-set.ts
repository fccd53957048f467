import { Backpressure } from "./backpressure.js";
import { Reception, SendCredit, unexpected } from "./credit.js";
import { Favour } from "./favour.js";
import { DEFAULT_QUEUE_BYTES, type StreamEvents, type StreamsOptions } from "./options.js";
import { ReceiveStream, type ReceivedBefore } from "./receive-stream.js";
import { SendStream } from "./send-stream.js";
import { assertOwnSettings, assertPeerSettings, type FlowSettings } from "./settings.js";
import { StreamTable } from "./stream-table.js";
import { Stream } from "./stream.js";
import { WriteQueue } from "./write-queue.js";

/** The streams that a session has, how they begin and end, and what they share. */
export class StreamSet {
  readonly own: FlowSettings;
  readonly events: StreamEvents;
  readonly table: StreamTable;
  readonly queue: WriteQueue;
  readonly reception: Reception;
  readonly sendCredit = new SendCredit();
  readonly backpressure: Backpressure;
  /** What the peer takes, once it is known. */
  peer: FlowSettings | undefined;
  /** The peer has not told yet all that it has received: streams that are over there may count as open here. */
  isAwaiting = false;
  /** The streams are of another process, and the peer has not told yet what that one has sent. */
  isRestored = false;
  readonly #favour = new Favour();

  /** @throws {InputError} `M2M_USAGE` */
  constructor({ isInitiator, own, queueBytes = DEFAULT_QUEUE_BYTES, events = {} }: StreamsOptions) {
    assertOwnSettings(own);
    this.own = own;
    this.events = events;
    this.backpressure = new Backpressure(queueBytes);
    this.table = new StreamTable(isInitiator, events);
    this.reception = new Reception(own.sessionWindow);
    this.queue = new WriteQueue(this.sendCredit, this.reception, this.table);
  }

  /** @throws {ProtocolError} `M2M_FRAME_UNEXPECTED` if it does not fit what the peer said before */
  setPeer(peer: FlowSettings): void {
    assertPeerSettings(peer, this.peer);
    if (!this.peer) this.sendCredit.restart(peer.sessionWindow);
    this.peer = peer;
  }

  /** @param isNew nothing was sent on it before, also not by another process */
  create(id: number, before?: ReceivedBefore, isNew = false): Stream {
    const send = new SendStream(id, this.peer?.streamWindow ?? 0, isNew || !this.isRestored);
    const receive = new ReceiveStream(id, this.own, this.reception, before);
    const stream = new Stream(this.table.isOwn(id), send, receive);
    this.table.add(stream);
    return stream;
  }

  /**
   * Opens a stream of the peer's, and those before it.
   * @throws {ProtocolError} `M2M_FRAME_UNEXPECTED`; {LimitError} `M2M_STREAMS_FULL`
   */
  openPeer(id: number, isNew = false): Stream {
    if (this.table.isOwn(id)) unexpected(`The peer speaks of stream ${id}, which was not opened.`);
    this.table.assertRoomForPeer(id, this.own.streams * (this.isAwaiting ? 2 : 1));
    for (;;) {
      const next = this.table.nextPeer;
      const stream = this.create(next, undefined, isNew && next === id);
      this.events.onStream?.(stream.id);
      if (stream.id === id) return stream;
    }
  }

  /** A stream that a process before this one has opened, of which nothing is known but that the peer has it: it is given up. */
  adopt(id: number): Stream {
    if (this.table.ownCount >= (this.peer?.streams ?? 0))
      unexpected("The peer tells of more streams than it takes.");
    const stream = this.create(id);
    this.giveUp(stream, 0);
    return stream;
  }

  /** This side gives the stream up, in both directions. */
  giveUp(stream: Stream, code: number): void {
    stream.resetCode = code;
    stream.receive.abandon();
    this.backpressure.free(stream.send.abandon());
    this.updateCredit(stream);
    this.queue.addControl(stream);
  }

  /** The peer has given the stream up. */
  peerGaveUp(stream: Stream, code: number): void {
    stream.isPeerReset = true;
    if (!stream.isGivenUp) {
      this.giveUp(stream, code);
      this.events.onReset?.(stream.id, code);
    }
    this.table.deleteIfOver(stream);
  }

  /** The peer has forgotten the stream, since it is over there. */
  finish(stream: Stream): void {
    if (!stream.isGivenUp) {
      const wasEnded = stream.receive.hasEnd;
      this.backpressure.free(stream.send.finishAll());
      stream.receive.finishAll();
      this.#favour.update(stream);
      if (!wasEnded) this.events.onEnd?.(stream.id);
    }
    this.table.delete(stream);
  }

  /** The session is over: what is not acknowledged is decided now. */
  abandon(): void {
    for (const stream of Array.from(this.table.values())) {
      this.backpressure.free(stream.send.abandon());
      stream.receive.abandon();
      this.table.delete(stream);
    }
    this.queue.clear();
  }

  /** What came in part is forgotten. */
  connectionLost(): void {
    for (const stream of this.table.values()) {
      stream.connectionLost();
      this.#favour.update(stream);
    }
  }

  /** Messages of the stream have come or gone: the peer may be told of more room. */
  updateCredit(stream: Stream): void {
    const favoured = this.#favour.update(stream);
    if (favoured) this.queue.updateStream(favoured);
    this.queue.updateStream(stream);
    this.queue.updateSession();
  }
}
