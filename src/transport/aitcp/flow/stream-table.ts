import { LimitError } from "../../../shared/errors.js";
import type { StreamEvents } from "./options.js";
import type { Stream } from "./stream.js";

/** Nothing is ever put into it. */
const NONE = new Map<number, never>();

/** Ids of the streams of one side: every second number (docs/spec/aitcp.md, Records). */
export class StreamTable {
  /** Absent while there is none: most sessions are idle. */
  #streams: Map<number, Stream> | undefined;
  readonly #ownParity: number;
  readonly #events: Pick<StreamEvents, "onOver">;
  #nextOwn: number;
  #nextPeer: number;
  #ownCount = 0;
  #peerCount = 0;
  /** Most frames are about the stream that the one before was about. */
  #last: Stream | undefined;
  #isTelling = false;

  /** @param events told of streams that are forgotten */
  constructor(isInitiator: boolean, events: Pick<StreamEvents, "onOver">) {
    this.#events = events;
    this.#ownParity = isInitiator ? 0 : 1;
    this.#nextOwn = this.#ownParity;
    this.#nextPeer = 1 - this.#ownParity;
  }

  get nextOwn(): number {
    return this.#nextOwn;
  }
  get nextPeer(): number {
    return this.#nextPeer;
  }
  get ownCount(): number {
    return this.#ownCount;
  }
  /** Streams that count as open. */
  get size(): number {
    return this.#ownCount + this.#peerCount;
  }

  isOwn(id: number): boolean {
    return id % 2 === this.#ownParity;
  }

  /** It was opened, whether it is over or not. */
  wasOpened(id: number): boolean {
    return id < (this.isOwn(id) ? this.#nextOwn : this.#nextPeer);
  }

  get(id: number): Stream | undefined {
    if (this.#last?.id === id) return this.#last;
    const stream = this.#streams?.get(id);
    if (stream) this.#last = stream;
    return stream;
  }

  add(stream: Stream): void {
    this.#streams ??= new Map();
    this.#streams.set(stream.id, stream);
    if (stream.isOwn) this.#ownCount++;
    else this.#peerCount++;
    this.skip(stream.id);
  }

  delete(stream: Stream): void {
    if (!this.#streams?.delete(stream.id)) return;
    this.#dropIfEmpty();
    if (this.#last === stream) this.#last = undefined;
    stream.isForgotten = true;
    this.#uncount(stream);
    this.#events.onOver?.(stream.id);
  }

  /** Forgets a stream that is over. If messages of it are lost, it is told of until the peer is seen to know, but does not count. */
  deleteIfOver(stream: Stream): void {
    if (!stream.isOver) return;
    if (stream.isGivenUp || !stream.receive.isLost) this.delete(stream);
    else this.#uncount(stream);
  }

  #uncount(stream: Stream): void {
    if (!stream.isCounted) return;
    stream.isCounted = false;
    if (stream.isOwn) this.#ownCount--;
    else this.#peerCount--;
  }

  /** Ids up to this one are not given again. */
  skip(id: number): void {
    if (this.isOwn(id)) this.#nextOwn = Math.max(this.#nextOwn, id + 2);
    else this.#nextPeer = Math.max(this.#nextPeer, id + 2);
  }

  /** The ids of another process, which may have opened more than the streams that are still open. */
  restore(nextOwn: number, nextPeer: number): void {
    this.#nextOwn = Math.max(this.#nextOwn, nextOwn);
    this.#nextPeer = Math.max(this.#nextPeer, nextPeer);
  }

  /** @throws {LimitError} `M2M_STREAMS_FULL` if the peer may not open the streams up to this one */
  assertRoomForPeer(id: number, most: number): void {
    this.#assertPeerCount(this.#peerCount + (id - this.#nextPeer) / 2 + 1, most);
  }

  /** @throws {LimitError} `M2M_STREAMS_FULL` if the peer has opened more */
  assertPeerCount(most: number): void {
    this.#assertPeerCount(this.#peerCount, most);
  }

  #assertPeerCount(count: number, most: number): void {
    if (count <= most) return;
    throw new LimitError("M2M_STREAMS_FULL", `The peer has opened more than ${most} streams.`);
  }

  values(): IterableIterator<Stream> {
    return (this.#streams ?? NONE).values();
  }

  /** As `values`, and those that are added before `endTelling`. */
  beginTelling(): IterableIterator<Stream> {
    this.#isTelling = true;
    this.#streams ??= new Map();
    return this.#streams.values();
  }

  endTelling(): void {
    this.#isTelling = false;
    this.#dropIfEmpty();
  }

  #dropIfEmpty(): void {
    if (this.#streams?.size === 0 && !this.#isTelling) this.#streams = undefined;
  }
}
