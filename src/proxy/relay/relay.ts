import type { ClientStream } from "./client-stream.js";

/** What becomes of the body of an answer, piece by piece. The head is sent already, or by the relay itself. */
export interface ResponseRelay {
  data(chunk: Buffer): void;
  end(): void;
  /** The upstream failed in the middle. */
  fail(error: Error): void;
}

/** Bytes as they come. */
export class PassRelay implements ResponseRelay {
  readonly #stream: ClientStream;
  readonly #tap: BodyTap | undefined;

  /** @param tap sees the body too, behind the client */
  constructor(stream: ClientStream, tap?: BodyTap) {
    this.#stream = stream;
    this.#tap = tap;
  }

  data(chunk: Buffer): void {
    this.#stream.write(chunk);
    this.#tap?.add(chunk);
  }

  end(): void {
    // Before the end, so that what is counted is counted when the client has its answer.
    this.#tap?.finish();
    this.#stream.end();
  }

  fail(): void {
    this.#stream.cut();
  }
}

/** Collects a body that somebody wants to look at whole, unless it is over a limit. */
export class BodyTap {
  readonly #maxBytes: number;
  readonly #onBody: (body: Buffer) => void;
  #chunks: Buffer[] = [];
  #sizeBytes = 0;

  constructor(maxBytes: number, onBody: (body: Buffer) => void) {
    this.#maxBytes = maxBytes;
    this.#onBody = onBody;
  }

  add(chunk: Buffer): void {
    this.#sizeBytes += chunk.length;
    if (this.#sizeBytes <= this.#maxBytes) this.#chunks.push(chunk);
    else this.#chunks = [];
  }

  /** Gives the body, if all of it was kept. */
  finish(): void {
    if (this.#sizeBytes > this.#maxBytes) return;
    this.#onBody(this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks));
  }
}

/** Collects the whole body before anything of it is sent. */
export class CollectRelay implements ResponseRelay {
  readonly #maxBytes: number;
  readonly #onBody: (body: Buffer) => void;
  readonly #onFailure: (error: Error) => void;
  readonly #chunks: Buffer[] = [];
  #sizeBytes = 0;

  /**
   * @param maxBytes a larger body is a failure
   * @param onBody gets the body, and answers
   * @param onFailure answers in its place
   */
  constructor(maxBytes: number, onBody: (body: Buffer) => void, onFailure: (error: Error) => void) {
    this.#maxBytes = maxBytes;
    this.#onBody = onBody;
    this.#onFailure = onFailure;
  }

  data(chunk: Buffer): void {
    this.#sizeBytes += chunk.length;
    if (this.#sizeBytes > this.#maxBytes) throw new RangeError(`The answer is over ${this.#maxBytes} bytes.`);
    this.#chunks.push(chunk);
  }

  end(): void {
    this.#onBody(Buffer.concat(this.#chunks, this.#sizeBytes));
  }

  fail(error: Error): void {
    this.#onFailure(error);
  }
}
