import { M2MError } from "../../../shared/errors.js";
import type { AiTcpStream } from "../session/index.js";

/**
 * Messages on their way to a stream's peer, in order, for who cannot wait to hand them over: what the session takes no more of is kept
 * here. Whoever can wait asks for `room` before the next one, so that this stays short.
 */
export class StreamOutbox {
  readonly #stream: AiTcpStream;
  readonly #onFailure: (error: Error) => void;
  readonly #maxBytes: number;
  readonly #waiting: Uint8Array[] = [];
  #bytes = 0;
  #isWriting = false;
  #isOver = false;
  #wakes: (() => void)[] = [];

  /**
   * @param maxBytes of messages that the peer has not taken, up to which there is room
   * @param onFailure told once, of what keeps a message from being sent, such as its length, or what ended the session
   */
  constructor(stream: AiTcpStream, maxBytes: number, onFailure: (error: Error) => void) {
    this.#stream = stream;
    this.#maxBytes = maxBytes;
    this.#onFailure = onFailure;
  }

  /** Hands a message over. What can not be sent, because the stream is over, is dropped. */
  send(message: Uint8Array): void {
    if (this.#isOver) return;
    this.#bytes += message.length;
    this.#waiting.push(message);
    if (!this.#isWriting) void this.#write();
  }

  /** Resolves when there is room for another message, or the stream is over. */
  room(): Promise<void> {
    return this.#until(() => this.#bytes < this.#maxBytes);
  }

  /** Resolves when the session has taken all, or the stream is over. */
  whenWritten(): Promise<void> {
    return this.#until(() => !this.#isWriting);
  }

  /** Resolves when the peer has taken all, or the stream is over. */
  whenTaken(): Promise<void> {
    return this.#until(() => this.#bytes === 0);
  }

  /** Gives up what waits. */
  close(): void {
    this.#isOver = true;
    this.#waiting.length = 0;
    this.#wake();
  }

  async #write(): Promise<void> {
    this.#isWriting = true;
    try {
      for (let message = this.#waiting.shift(); message; message = this.#waiting.shift()) {
        while (!this.#tryWrite(message)) await this.#stream.ready();
      }
    } catch (error) {
      this.close();
      const isOver = error instanceof M2MError && error.code === "M2M_STREAM_CLOSED";
      if (!isOver) this.#onFailure(error as Error);
    } finally {
      this.#isWriting = false;
      this.#wake();
    }
  }

  /** @returns false if the session has no room now */
  #tryWrite(message: Uint8Array): boolean {
    if (this.#isOver) return true;
    try {
      const taken = (): void => {
        this.#bytes -= message.length;
        this.#wake();
      };
      this.#stream.write(message).acknowledged.then(taken, taken);
      return true;
    } catch (error) {
      if (error instanceof M2MError && error.code === "M2M_QUEUE_FULL") return false;
      throw error;
    }
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!this.#isOver && !condition()) await new Promise<void>((resolve) => this.#wakes.push(resolve));
  }

  #wake(): void {
    for (const wake of this.#wakes.splice(0)) wake();
  }
}
