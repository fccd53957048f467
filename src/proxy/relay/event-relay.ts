import { SseReader, type SseEvent } from "../sse/index.js";
import type { ClientStream } from "./client-stream.js";
import type { ResponseRelay } from "./relay.js";

export interface EventRelayOptions {
  /** Most bytes of one event. */
  readonly maxEventBytes: number;
  /** Sees each event that came whole, before the client does. */
  readonly observe: (event: SseEvent) => void;
  /** What is sent in place of the event that was just observed; nothing if it is `undefined`. Absent: its own bytes. */
  readonly rewrite?: (event: SseEvent) => Uint8Array | string | undefined;
  /** Sees what is sent. */
  readonly tap?: (bytes: Uint8Array) => void;
  /** What is sent behind all of them when the upstream failed: the event by which its clients know. */
  readonly failureEvent: (error: Error) => string;
  /** Told once, when no more events come. */
  readonly finish: (isWhole: boolean) => void;
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
    this.#options.finish(true);
    this.#stream.end();
  }

  fail(error: Error): void {
    this.#options.finish(false);
    this.#stream.end(this.#options.failureEvent(error));
  }

  readonly #take = (event: SseEvent): void => {
    const { observe, rewrite } = this.#options;
    if (event.complete) observe(event);
    const part = rewrite && event.complete ? rewrite(event) : event.raw;
    if (part !== undefined) this.#parts.push(typeof part === "string" ? Buffer.from(part) : part);
  };

  #send(chunk?: Buffer): void {
    const parts = this.#parts;
    if (parts.length === 0) return;
    this.#parts = [];
    const bytes = joined(parts, chunk);
    this.#options.tap?.(bytes);
    this.#stream.write(bytes);
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
