import type { WebSocket } from "ws";

/** What goes to the peer, with a bound on what waits for a slow one. */
export class Outbox {
  readonly #socket: WebSocket;
  readonly #maxBufferedBytes: number;
  readonly #waiting = new Set<() => void>();

  constructor(socket: WebSocket, maxBufferedBytes: number) {
    this.#socket = socket;
    this.#maxBufferedBytes = maxBufferedBytes;
    socket.once("close", () => this.#wake());
  }

  /** @param flushed is called when the system has taken it over */
  send(data: string | Uint8Array, flushed?: () => void): void {
    this.#socket.send(data, { binary: typeof data !== "string" }, (error) => {
      if (!error) flushed?.();
      if (this.#hasRoom()) this.#wake();
    });
  }

  /** Resolves when so little waits that more may be added, or the connection is over. */
  async room(): Promise<void> {
    while (!this.#hasRoom() && this.#socket.readyState === this.#socket.OPEN) {
      await new Promise<void>((resolve) => this.#waiting.add(resolve));
    }
  }

  #hasRoom(): boolean {
    return this.#socket.bufferedAmount <= this.#maxBufferedBytes;
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}
