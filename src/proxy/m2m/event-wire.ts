import { StreamDecoder } from "../../codec/index.js";
import { PROTOCOL_VERSIONS } from "../../session/index.js";
import type { ResponseRelay } from "../relay/relay.js";

/** Media type of an event stream that is one wire (docs/spec/proxy.md, "Event streams as wires"). */
export const EVENT_WIRE_TYPE = "application/vnd.m2m-stream";

/** Streams of a process that are wires at once: each takes half a megabyte. */
const MAX_EVENT_WIRES = 256;

/** Makes wires of event streams, as many at once as there is room for. */
export class EventWires {
  readonly #max: number;
  #count = 0;

  constructor(max: number = MAX_EVENT_WIRES) {
    this.#max = max;
  }

  get hasRoom(): boolean {
    return this.#count < this.#max;
  }

  /** A stream begins. @returns what is to be called when it is over, however it ends */
  open(): () => void {
    this.#count++;
    let isOpen = true;
    return () => {
      if (isOpen) this.#count--;
      isOpen = false;
    };
  }
}

/** Headers of an event stream that goes as a wire. */
export function eventWireHeaders(headers: readonly string[]): string[] {
  const kept: string[] = [];
  let type = "text/event-stream";
  for (let i = 0; i < headers.length; i += 2) {
    if (headers[i].toLowerCase() === "content-type") type = headers[i + 1];
    else kept.push(headers[i], headers[i + 1]);
  }
  kept.push("content-type", EVENT_WIRE_TYPE, "x-m2m-content-type", type);
  kept.push("x-m2m-protocol", PROTOCOL_VERSIONS[0], "x-m2m-algorithm", "dictionary");
  return kept;
}

/** Opens an event stream that came as a wire, and gives each event on when it is there. */
export class OpenedEvents implements ResponseRelay {
  readonly #inner: ResponseRelay;
  readonly #decoder: StreamDecoder;

  /** @param maxEventBytes most bytes of an event, and of what it is coded as */
  constructor(inner: ResponseRelay, maxEventBytes: number) {
    this.#inner = inner;
    this.#decoder = new StreamDecoder({
      limits: { maxInputBytes: maxEventBytes, maxOutputBytes: maxEventBytes },
    });
  }

  /** @throws {M2MError} if the wire is malformed */
  data(chunk: Buffer): void {
    const events = this.#decoder.push(chunk);
    if (events.length > 0) this.#inner.data(Buffer.concat(events));
  }

  /** @throws {FormatError} `M2M_CONTEXT_TRUNCATED` */
  end(): void {
    this.#decoder.end();
    this.#inner.end();
  }

  fail(error: Error): void {
    this.#inner.fail(error);
  }
}
