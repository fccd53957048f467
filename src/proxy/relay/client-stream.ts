import type { ServerResponse } from "node:http";

/** What the bytes come from: it can be told to wait. */
export interface PausableSource {
  pause(): void;
  resume(): void;
}

/** The answer on its way to the client: keeps its source no faster than the client reads, and counts. */
export class ClientStream {
  readonly #response: ServerResponse;
  readonly #nowMs: () => number;
  #source: PausableSource | undefined;
  #isFull = false;
  #hasWritten = false;
  /** Bytes of the body. */
  sentBytes = 0;
  firstByteAtMs: number | undefined;

  constructor(response: ServerResponse, nowMs: () => number) {
    this.#response = response;
    this.#nowMs = nowMs;
  }

  get hasBegun(): boolean {
    return this.#response.headersSent;
  }

  /** @param work is done when the answer is over, however it ended */
  onceOver(work: () => void): void {
    if (this.#response.destroyed) work();
    else this.#response.once("close", work);
  }

  /** The source of what is written from now on. */
  attach(source: PausableSource): void {
    this.#source = source;
  }

  /** @param headers name, value, name, value */
  head(status: number, headers: readonly string[]): void {
    this.#response.writeHead(status, headers as string[]);
    // What came together goes together; a head whose body is still to come does not wait for it.
    process.nextTick(flushHead, this);
  }

  flushHead(): void {
    if (!this.#hasWritten && !this.#response.destroyed) this.#response.flushHeaders();
  }

  write(bytes: Uint8Array | string): void {
    this.#count(bytes);
    if (this.#response.write(bytes) || this.#isFull) return;
    this.#isFull = true;
    this.#source?.pause();
    this.#response.once("drain", () => {
      this.#isFull = false;
      this.#source?.resume();
    });
  }

  end(bytes?: Uint8Array | string): void {
    this.#hasWritten = true;
    if (bytes === undefined || bytes.length === 0) this.#response.end();
    else {
      this.#count(bytes);
      this.#response.end(bytes);
    }
  }

  /** Ends the connection: the client sees that the answer is not whole. */
  cut(): void {
    this.#hasWritten = true;
    this.#response.destroy();
  }

  #count(bytes: Uint8Array | string): void {
    this.#hasWritten = true;
    this.firstByteAtMs ??= this.#nowMs();
    this.sentBytes += typeof bytes === "string" ? Buffer.byteLength(bytes) : bytes.length;
  }
}

function flushHead(stream: ClientStream): void {
  stream.flushHead();
}
