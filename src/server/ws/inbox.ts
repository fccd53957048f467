import type { RawData, WebSocket } from "ws";

export interface Frame {
  readonly bytes: Uint8Array;
  readonly isBinary: boolean;
}

/** Frames that may wait before no more are read from the connection. */
const MAX_WAITING = 32;

/** Gives the frames of a connection to `take`, one after the other; while many wait, the connection is not read. */
export class Inbox {
  readonly #socket: WebSocket;
  readonly #take: (frame: Frame) => Promise<void>;
  readonly #waiting: Frame[] = [];
  #running: Promise<void> | undefined;
  #isClosed = false;

  constructor(socket: WebSocket, take: (frame: Frame) => Promise<void>) {
    this.#socket = socket;
    this.#take = take;
    socket.on("message", (data: RawData, isBinary: boolean) => {
      if (this.#isClosed) return;
      this.#waiting.push({ bytes: toBytes(data), isBinary });
      if (this.#waiting.length > MAX_WAITING) socket.pause();
      this.#running ??= this.#run();
    });
  }

  /** Takes no more, and resolves when what is being taken is done. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#waiting.length = 0;
    this.#socket.resume();
    await this.#running;
  }

  async #run(): Promise<void> {
    for (let frame = this.#waiting.shift(); frame; frame = this.#waiting.shift()) {
      await this.#take(frame);
      if (this.#socket.isPaused && this.#waiting.length <= MAX_WAITING / 2) this.#socket.resume();
    }
    this.#running = undefined;
  }
}

function toBytes(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}
