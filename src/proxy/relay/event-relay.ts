import { SseReader, type SseEvent } from "../sse/index.js";
import type { ClientStream } from "./client-stream.js";
import type { ResponseRelay } from "./relay.js";

export interface EventRelayOptions {
  /** Most bytes of one event. */
  readonly maxEventBytes: number;
  /** Sees each event that came whole, before the client does. */
  readonly observe?: (event: SseEvent) => void;
  /** What is sent in place of an event; nothing if it is `undefined`. Absent: its own bytes. */
  readonly rewrite?: (event: SseEvent) => Uint8Array | string | undefined;
  /** What is sent behind all of them when the upstream failed: the event by which its clients know. */
  readonly failureEvent: (error: Error) => string;
  /** Told once, when no more events come, whether they came to their end or not. */
  readonly finish?: () => void;
}

/** An event stream, event by event: none is sent in part, so that after a failure another can follow it. */
export class EventRelay implements ResponseRelay {
  readonly #stream: ClientStream;
  readonly #options: EventRelayOptions;
  readonly #reader: SseReader;
  #whole: SseEvent[] = [];

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
    this.#options.finish?.();
    this.#stream.end();
  }

  fail(error: Error): void {
    this.#options.finish?.();
    this.#stream.end(this.#options.failureEvent(error));
  }

  readonly #take = (event: SseEvent): void => {
    if (event.complete) this.#options.observe?.(event);
    this.#whole.push(event);
  };

  #send(chunk?: Buffer): void {
    const events = this.#whole;
    if (events.length === 0) return;
    this.#whole = [];
    const { rewrite } = this.#options;
    if (!rewrite) {
      let sizeBytes = 0;
      for (const { raw } of events) sizeBytes += raw.length;
      // The chunk is these events and nothing else, as mostly.
      const isChunk = chunk !== undefined && chunk.length === sizeBytes && isWithin(events[0].raw, chunk);
      this.#stream.write(isChunk ? chunk : joined(events.map(({ raw }) => raw)));
      return;
    }
    const parts: Uint8Array[] = [];
    for (const event of events) {
      const part = rewrite(event);
      if (part !== undefined) parts.push(typeof part === "string" ? Buffer.from(part) : part);
    }
    if (parts.length > 0) this.#stream.write(joined(parts));
  }
}

function isWithin(part: Uint8Array, whole: Uint8Array): boolean {
  return part.buffer === whole.buffer && part.byteOffset === whole.byteOffset;
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  return parts.length === 1 ? parts[0] : Buffer.concat(parts);
}
