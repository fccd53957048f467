import { PacketReader } from "../packet/index.js";
import type { ByteStream } from "./byte-stream.js";

/** What a pipe tells. */
export interface PipeEvents {
  /** A packet, with its size prefix; its bytes are only there for now. */
  onPacket(packet: Uint8Array): void;
  /** All packets of a chunk were told. @param bytes of the chunk */
  onBatch(bytes: number): void;
  /** What was written has gone: there is room for more. */
  onDrain(): void;
  /** The stream is over; nothing is told any more. */
  onEnd(error: Error | undefined): void;
}

/** What is written and has not gone, above which no more should be: enough to keep a fast connection busy. */
const FULL_BYTES = 256 * 1024;

/** Packets over an ordered stream of bytes. */
export class PacketPipe {
  readonly #stream: ByteStream;
  readonly #reader = new PacketReader();
  #events: PipeEvents | undefined;
  #waiting: Uint8Array[] | undefined;
  #taker: { resolve(packet: Uint8Array | undefined): void; reject(error: Error): void } | undefined;
  #isOver = false;
  #error: Error | undefined;
  #isCorked = false;
  #awaitsDrain = false;
  #isPaused = false;

  constructor(stream: ByteStream) {
    this.#stream = stream;
    stream.on("data", (chunk: Buffer) => this.#onData(chunk));
    stream.on("error", (error: Error) => this.#end(error));
    const onOver = (): void => this.#end(undefined);
    stream.on("end", onOver);
    stream.on("close", onOver);
  }

  /** Whether what is written now would only be kept. */
  get isFull(): boolean {
    return this.#stream.writableLength >= FULL_BYTES && this.#stream.writableNeedDrain;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * The next packet; `undefined` when the stream is over. Used before `attach`, by one at a time.
   * @throws {FormatError} `M2M_PACKET_INVALID` if what came is no packet
   */
  next(): Promise<Uint8Array | undefined> {
    const packet = this.#waiting?.shift();
    if (packet) return Promise.resolve(packet);
    if (this.#error) return Promise.reject(this.#error);
    if (this.#isOver) return Promise.resolve(undefined);
    this.resume();
    return new Promise((resolve, reject) => {
      this.#taker = { resolve, reject };
    });
  }

  /** Tells of packets from now on, and of those that wait. */
  attach(events: PipeEvents): void {
    this.#events = events;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    // What came before the end counts, above all the word that it is one.
    for (const packet of waiting ?? []) events.onPacket(packet);
    if (waiting) events.onBatch(0);
    if (this.#isOver) events.onEnd(this.#error);
    else this.resume();
  }

  /** Writes a packet; those of one turn of the event loop go out together. */
  write(packet: Uint8Array): void {
    if (this.#isOver || this.#stream.writableEnded) return;
    if (!this.#isCorked) {
      this.#isCorked = true;
      this.#stream.cork();
      process.nextTick(PacketPipe.#uncork, this);
    }
    const isDraining = !this.#stream.write(packet);
    if (isDraining && !this.#awaitsDrain) this.#awaitDrain();
  }

  /** Most connections never fill. */
  #awaitDrain(): void {
    this.#awaitsDrain = true;
    this.#stream.once("drain", () => {
      this.#awaitsDrain = false;
      this.#events?.onDrain();
    });
  }

  static #uncork(this: void, pipe: PacketPipe): void {
    pipe.#isCorked = false;
    pipe.#stream.uncork();
  }

  /** Ends the stream behind what was written. */
  end(): void {
    if (!this.#stream.writableEnded) this.#stream.end();
  }

  /** Ends the stream at once; what was written in this turn is tried to be sent. */
  destroy(): void {
    if (this.#isCorked) PacketPipe.#uncork(this);
    this.#stream.destroy();
  }

  #onData(chunk: Buffer): void {
    if (this.#isOver) return;
    try {
      this.#reader.push(chunk, (packet) => this.#tell(packet));
    } catch (error) {
      this.#end(error as Error);
      this.#stream.destroy();
      return;
    }
    this.#events?.onBatch(chunk.length);
  }

  #tell(packet: Uint8Array): void {
    if (this.#isOver) return;
    if (this.#events) {
      this.#events.onPacket(packet);
      return;
    }
    // It is used later, when the reader's bytes are others.
    const kept = Uint8Array.from(packet);
    const taker = this.#taker;
    if (taker) {
      this.#taker = undefined;
      taker.resolve(kept);
      return;
    }
    // Nobody wants it yet: nothing more is read, so that a stranger cannot fill memory.
    (this.#waiting ??= []).push(kept);
    this.pause();
  }

  /** Reads no more, until `resume`. */
  pause(): void {
    this.#isPaused = true;
    this.#stream.pause();
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#stream.resume();
  }

  #end(error: Error | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#error = error;
    if (this.#taker) {
      if (error) this.#taker.reject(error);
      else this.#taker.resolve(undefined);
      this.#taker = undefined;
    }
    this.#events?.onEnd(error);
  }
}
