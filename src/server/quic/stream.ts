import { SHUTDOWN_READ, SHUTDOWN_WRITE, type QuicheConnection } from "./quiche.js";
import { QUIC_CODES, type QuicCode } from "./stream-codes.js";

/** What is told of a stream. All of it is called from within the connection's turn, and none of it may throw. */
export interface StreamHandler {
  onData(chunk: Buffer): void;
  /** The peer sends no more. */
  onEnd(): void;
  /** The stream is gone, in good order or not; nothing is told of it any more. */
  onClose(): void;
}

/** Written bytes that a stream holds before `drained` waits. */
const HIGH_WATER_BYTES = 256 * 1024;

/** One bidirectional stream that the peer has opened. */
export class QuicStream {
  readonly id: number;
  readonly #native: QuicheConnection;
  readonly #wake: () => void;
  #handler: StreamHandler | undefined;
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #waiting: (() => void)[] = [];
  #isPaused = false;
  #hasReadEnd = false;
  #isFinishing = false;
  #hasFinished = false;
  #isClosed = false;

  /** @param wake asks for a turn of the connection */
  constructor(id: number, native: QuicheConnection, wake: () => void) {
    this.id = id;
    this.#native = native;
    this.#wake = wake;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }
  /** Whether bytes wait to be sent. */
  get hasQueued(): boolean {
    return this.#queuedBytes > 0 || (this.#isFinishing && !this.#hasFinished);
  }

  setHandler(handler: StreamHandler): void {
    this.#handler = handler;
  }

  /** Lets bytes lie that the peer sends, so that flow control stops it. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#wake();
  }

  write(bytes: Buffer): void {
    if (this.#isClosed || this.#isFinishing) return;
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    this.#wake();
  }

  /** Ends the own direction behind what was written, and tells the peer to end its own, with the reason. */
  end(code: QuicCode): void {
    if (this.#isFinishing || this.#isClosed) return;
    this.#isFinishing = true;
    if (!this.#hasReadEnd) this.#shutdown(SHUTDOWN_READ, code);
    this.#hasReadEnd = true;
    this.#wake();
  }

  /** Ends both directions at once. */
  reset(code: QuicCode): void {
    if (this.#isClosed) return;
    this.#shutdown(SHUTDOWN_WRITE, code);
    this.#shutdown(SHUTDOWN_READ, code);
    this.close();
    this.#wake();
  }

  /** Resolves once the peer has taken most of what was written, or is gone. */
  async drained(): Promise<void> {
    if (this.#isClosed || this.#queuedBytes < HIGH_WATER_BYTES) return;
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /**
   * Takes what has come.
   * @param scratch where it is read to
   * @returns bytes read
   */
  readAvailable(scratch: Buffer): number {
    let readBytes = 0;
    while (!this.#isClosed && !this.#isPaused && !this.#hasReadEnd) {
      let result: readonly [number, boolean] | null;
      try {
        result = this.#native.streamRecv(this.id, scratch);
      } catch {
        // RESET_STREAM: what the peer wanted to say is lost, and an answer has no question.
        this.#shutdown(SHUTDOWN_WRITE, QUIC_CODES.done);
        this.close();
        break;
      }
      if (result === null) break;
      const [length, isLast] = result;
      readBytes += length;
      if (length > 0) this.#handler?.onData(Buffer.from(scratch.subarray(0, length)));
      if (isLast && !this.#isClosed) {
        this.#hasReadEnd = true;
        this.#handler?.onEnd();
      }
    }
    return readBytes;
  }

  /** Gives to the connection what it takes now of what was written. */
  writeQueued(): void {
    if (this.#isClosed) return;
    try {
      while (this.#queue.length > 0) {
        const [first] = this.#queue;
        const taken = this.#native.streamSend(this.id, first, false) ?? 0;
        this.#queuedBytes -= taken;
        if (taken < first.length) {
          this.#queue[0] = first.subarray(taken);
          break;
        }
        this.#queue.shift();
      }
      if (this.#isFinishing && !this.#hasFinished && this.#queue.length === 0) {
        this.#native.streamSend(this.id, Buffer.alloc(0), true);
        this.#hasFinished = true;
      }
    } catch {
      // STOP_SENDING: the peer does not want to hear it.
      this.#shutdown(SHUTDOWN_READ, QUIC_CODES.done);
      this.close();
      return;
    }
    if (this.#queuedBytes < HIGH_WATER_BYTES) this.#releaseWaiting();
    if (this.#hasFinished && this.#hasReadEnd) this.close();
  }

  /** Forgets the stream; to the peer nothing is said. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#releaseWaiting();
    this.#handler?.onClose();
  }

  #shutdown(direction: 0 | 1, code: QuicCode): void {
    try {
      this.#native.streamShutdown(this.id, direction, code);
    } catch {
      // It is shut already.
    }
  }

  #releaseWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
