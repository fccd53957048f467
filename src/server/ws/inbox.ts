import type { RawData, WebSocket } from "ws";

export interface Frame {
  readonly bytes: Uint8Array;
  readonly isBinary: boolean;
}

/** Frames that may wait before no more are read from the connection, and their bytes. */
const MAX_WAITING = 32;
const INBOX_BYTES = 256 * 1024;

/** Gives the frames of a connection to `take`, one after the other; while many wait, the connection is not read. */
export class Inbox {
  readonly #socket: WebSocket;
  readonly #take: (frame: Frame) => Promise<void>;
  readonly #waiting: Frame[] = [];
  #waitingBytes = 0;
  #running: Promise<void> | undefined;
  #isClosed = false;

  constructor(socket: WebSocket, take: (frame: Frame) => Promise<void>) {
    this.#socket = socket;
    this.#take = take;
    socket.on("message", (data: RawData, isBinary: boolean) => {
      if (this.#isClosed) return;
      const bytes = toBytes(data);
      this.#waiting.push({ bytes, isBinary });
      this.#waitingBytes += bytes.length;
      if (this.#waiting.length > MAX_WAITING || this.#waitingBytes >= INBOX_BYTES) socket.pause();
      this.#running ??= this.#run();
    });
  }

  /** Whether a frame is being taken. */
  get isBusy(): boolean {
    return this.#running !== undefined;
  }

  /** Takes no more, and resolves when what is being taken is done. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
    this.#socket.resume();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let frame = this.#waiting.shift(); frame; frame = this.#waiting.shift()) {
      this.#waitingBytes -= frame.bytes.length;
      await this.#take(frame);
      const isLow = this.#waiting.length <= MAX_WAITING / 2 && this.#waitingBytes < INBOX_BYTES;
      if (this.#socket.isPaused && isLow) this.#socket.resume();
    }
    this.#running = undefined;
  }
}

function toBytes(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}
