import { connect, type Socket } from "node:net";
import { messageSize } from "./message.js";

export interface Exchange {
  readonly ok: boolean;
  /** Until the first byte of the answer, and until its last. */
  readonly firstByteMs: number;
  readonly totalMs: number;
}

/** One connection that is kept, with one request on it at a time. */
export class Connection {
  readonly #port: number;
  #socket: Socket | undefined;
  #received: Buffer[] = [];
  #firstByteAtMs = 0;
  #settle: ((ok: boolean) => void) | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  get isFree(): boolean {
    return this.#settle === undefined;
  }

  /** Sends the bytes of a request; never rejects. */
  async send(request: Buffer): Promise<Exchange> {
    const startedAtMs = performance.now();
    this.#received = [];
    this.#firstByteAtMs = 0;
    const ok = await new Promise<boolean>((resolve) => {
      this.#settle = resolve;
      (this.#socket ??= this.#open()).write(request);
    });
    const endedAtMs = performance.now();
    return { ok, firstByteMs: this.#firstByteAtMs - startedAtMs, totalMs: endedAtMs - startedAtMs };
  }

  close(): void {
    this.#socket?.destroy();
  }

  #open(): Socket {
    const socket = connect({ port: this.#port, host: "127.0.0.1", noDelay: true });
    socket.on("data", (bytes) => {
      if (this.#firstByteAtMs === 0) this.#firstByteAtMs = performance.now();
      this.#received.push(bytes);
      const all = this.#received.length === 1 ? bytes : Buffer.concat(this.#received);
      if (messageSize(all) !== undefined) this.#end(all.toString("latin1", 9, 12) === "200");
      else if (this.#received.length > 1) this.#received = [all];
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.#socket = undefined;
      this.#end(false);
    });
    return socket;
  }

  #end(ok: boolean): void {
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.(ok);
  }
}
