import { SseReader, type SseEvent } from "../sse/index.js";
import type { ClientStream } from "./client-stream.js";
import type { ResponseRelay } from "./relay.js";

export interface EventRelayOptions {
  /** Most bytes of one event. */
  readonly maxEventBytes: number;
  /** What is sent in place of an event, or of the part of one with which the stream ends; nothing if it is `undefined`. */
  readonly pass: (event: SseEvent) => Uint8Array | undefined;
  /** Told once, when all events were passed on. @returns what is sent behind them */
  readonly finish: () => Uint8Array | string | undefined | Promise<Uint8Array | string | undefined>;
  /** The same if the upstream failed: the event by which its clients know. */
  readonly fail: (error: Error) => string;
  /** Makes a wire of the events, each of which can be read when it arrives. */
  readonly packer?: EventPacker;
}

export interface EventPacker {
  push(event: Uint8Array): Uint8Array;
  /** What stands behind the last. */
  end(): Uint8Array;
}

/** An event stream, event by event: none is sent in part, so that after a failure another can follow it. */
export class EventRelay implements ResponseRelay {
  readonly #stream: ClientStream;
  readonly #options: EventRelayOptions;
  readonly #reader: SseReader;
  #parts: Uint8Array[] = [];

  constructor(stream: ClientStream, options: EventRelayOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#reader = new SseReader({ maxEventBytes: options.maxEventBytes });
  }

  data(chunk: Buffer): void {
    try {
      this.#reader.push(chunk, this.#take);
    } finally {
      this.#send(chunk);
    }
  }

  end(): void {
    this.#reader.end(this.#take);
    this.#send();
    const last = this.#options.finish();
    if (!(last instanceof Promise)) this.#end(last);
    else
      last.then(
        (bytes) => this.#end(bytes),
        (error: Error) => this.fail(error),
      );
  }

  fail(error: Error): void {
    this.#end(this.#options.fail(error));
  }

  #end(last: Uint8Array | string | undefined): void {
    const { packer } = this.#options;
    if (!packer) return this.#stream.end(last);
    const packed = last === undefined || last.length === 0 ? [] : [packer.push(Buffer.from(last))];
    this.#stream.end(Buffer.concat([...packed, packer.end()]));
  }

  readonly #take = (event: SseEvent): void => {
    const part = this.#options.pass(event);
    if (part !== undefined) this.#parts.push(this.#options.packer?.push(part) ?? part);
  };

  #send(chunk?: Buffer): void {
    const parts = this.#parts;
    if (parts.length === 0) return;
    this.#parts = [];
    this.#stream.write(joined(parts, chunk));
  }
}

/** The parts as one; `chunk` itself if it is these parts and nothing else, as mostly. */
function joined(parts: readonly Uint8Array[], chunk: Buffer | undefined): Uint8Array {
  const [first] = parts;
  if (parts.length === 1) return first;
  let sizeBytes = 0;
  for (const part of parts) sizeBytes += part.length;
  const isChunk =
    chunk?.length === sizeBytes &&
    parts.every(({ buffer }) => buffer === chunk.buffer) &&
    first.byteOffset === chunk.byteOffset;
  return isChunk ? chunk : Buffer.concat(parts, sizeBytes);
}
