import type { ServerResponse } from "node:http";
import type { TurnEnd } from "../../http/index.js";

/** What the bytes come from: it can be told to wait. */
export interface PausableSource {
  pause(): void;
  resume(): void;
}

/**
 * The answer on its way to the client: keeps its source no faster than the client reads, and counts. What comes in one turn of the event
 * loop is written together at its end.
 */
export class ClientStream {
  readonly #response: ServerResponse;
  readonly #turnEnd: TurnEnd;
  readonly #nowMs: () => number;
  readonly #flush = (): void => this.flush();
  #source: PausableSource | undefined;
  #isFull = false;
  /** What waits for the end of the turn. */
  #head: { readonly status: number; readonly headers: readonly string[] } | undefined;
  #pieces: (Uint8Array | string)[] = [];
  #isEnding = false;
  #isQueued = false;
  /** Bytes of the body. */
  sentBytes = 0;
  firstByteAtMs: number | undefined;

  constructor(response: ServerResponse, turnEnd: TurnEnd, nowMs: () => number) {
    this.#response = response;
    this.#turnEnd = turnEnd;
    this.#nowMs = nowMs;
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
    this.#head = { status, headers };
    this.#queue();
  }

  write(bytes: Uint8Array | string): void {
    this.#add(bytes);
    this.#queue();
  }

  end(bytes?: Uint8Array | string): void {
    if (bytes !== undefined && bytes.length > 0) this.#add(bytes);
    this.#isEnding = true;
    this.#queue();
  }

  /** Ends the connection: the client sees that the answer is not whole. */
  cut(): void {
    this.flush();
    // Node keeps what was written until the next tick, and a destroyed connection keeps nothing.
    this.#response.socket?.uncork();
    this.#response.destroy();
  }

  /** Writes what waits. */
  flush(): void {
    this.#isQueued = false;
    const head = this.#head;
    const pieces = this.#pieces;
    const response = this.#response;
    this.#head = undefined;
    if (pieces.length > 0) {
      this.#pieces = [];
      this.firstByteAtMs ??= this.#nowMs();
    }
    if (response.destroyed) return;
    if (head) response.writeHead(head.status, head.headers as string[]);
    const last = this.#isEnding ? pieces.pop() : undefined;
    for (const piece of pieces) this.#write(piece);
    if (this.#isEnding) {
      if (last === undefined) response.end();
      else response.end(last);
      this.#isEnding = false;
    } else if (head && pieces.length === 0) response.flushHeaders();
  }

  #queue(): void {
    if (this.#isQueued) return;
    // An upstream that has had enough of a request ends it, and its connection with it.
    if (!this.#response.req.complete) return this.flush();
    this.#isQueued = true;
    this.#turnEnd.add(this.#flush);
  }

  #add(bytes: Uint8Array | string): void {
    this.sentBytes += typeof bytes === "string" ? Buffer.byteLength(bytes) : bytes.length;
    this.#pieces.push(bytes);
  }

  #write(bytes: Uint8Array | string): void {
    if (this.#response.write(bytes) || this.#isFull) return;
    this.#isFull = true;
    this.#source?.pause();
    this.#response.once("drain", () => {
      this.#isFull = false;
      this.#source?.resume();
    });
  }
}
