import { ALGORITHMS, type AlgorithmName, type CodecEngine } from "../../codec/index.js";
import { mediaTypeOf } from "../../http/index.js";
import { PROTOCOL_VERSIONS } from "../../session/index.js";
import { algorithmWord } from "../../shared/algorithms.js";
import type { UpstreamHead } from "../attempt.js";
import type { SseEvent } from "../sse/index.js";
import { EVENTS_WORD, priorWords, sharesPrior, wordsOf } from "./dictionary-offer.js";
import { EVENT_WIRE_TYPE, type EventWires } from "./event-wire.js";
import { decodeEvent } from "./reply-codec.js";
import { smallestWire, WIRE_TYPE } from "./wire-format.js";

/** Headers of an answer that are about the link, and what they replace. */
const OF_LINK: ReadonlySet<string> = new Set([
  ...["x-m2m-protocol", "x-m2m-algorithm", "x-m2m-content-type", "content-type", "content-length"],
  "x-m2m-accept",
]);
/** The same of an answer that is no wire. */
export const OF_PEER: ReadonlySet<string> = new Set(["x-m2m-accept"]);

/** The near end of a link to another proxy: requests go as wires, and answers come as wires. */
export class PeerLink {
  readonly #engine: CodecEngine;
  readonly #algorithms: readonly AlgorithmName[];
  readonly #events: EventWires;
  /** Upstreams that have named a prior which is here. */
  readonly #able = new Set<object>();

  constructor(engine: CodecEngine, events: EventWires) {
    this.#engine = engine;
    this.#events = events;
    this.#algorithms = ALGORITHMS.flatMap(({ name, prefix }) => (prefix === "" ? [] : name));
  }

  /**
   * A request's body for the link, and the headers that say what it is.
   * @param upstreams that it may go to: `dictionary` is written only for those that have said that they read it
   */
  encode(
    body: Buffer,
    upstreams: readonly object[],
  ): { readonly body: Buffer; readonly headers: readonly string[] } {
    const isAble = upstreams.every((upstream) => this.#able.has(upstream));
    const algorithms = this.#algorithms.filter((name) => name !== "dictionary" || isAble);
    const wire = smallestWire(this.#engine, body, algorithms, true);
    const accept = this.#accept();
    if (!wire) return { body, headers: [...accept, "content-type", "application/json"] };
    const { data } = wire;
    return {
      body:
        typeof data === "string" ? Buffer.from(data) : Buffer.from(data.buffer, data.byteOffset, data.length),
      headers: [...accept, "content-type", WIRE_TYPE],
    };
  }

  /** Takes note of what the far end says that it reads. Of failures only one that may be about a wire says something. */
  note(upstream: object, { status, header }: Pick<UpstreamHead, "status" | "header">): void {
    if (status >= 300 && status !== 400) return;
    if (sharesPrior(wordsOf(header("x-m2m-accept")))) this.#able.add(upstream);
    else this.#able.delete(upstream);
  }

  /** What the near end asks of the far end. */
  #accept(): readonly string[] {
    const words = ["binary", ...this.#algorithms.map(algorithmWord), ...priorWords()];
    if (this.#events.hasRoom) words.push(EVENTS_WORD);
    return ["x-m2m-protocol", PROTOCOL_VERSIONS[0], "x-m2m-accept", words.join(", ")];
  }

  /** Whether an answer is an event stream that came as one wire. */
  isEventWire(head: UpstreamHead): boolean {
    return mediaTypeOf(head.header("content-type")) === EVENT_WIRE_TYPE;
  }

  /** Headers as they were before the link. */
  openedHeaders(headers: readonly string[]): string[] {
    const kept: string[] = [];
    let type = "application/json";
    for (let i = 0; i < headers.length; i += 2) {
      const name = headers[i].toLowerCase();
      if (name === "x-m2m-content-type") type = headers[i + 1];
      if (!OF_LINK.has(name)) kept.push(headers[i], headers[i + 1]);
    }
    kept.push("content-type", type);
    return kept;
  }

  /** Whether the body of an answer is a wire. */
  isWire(head: UpstreamHead): boolean {
    return mediaTypeOf(head.header("content-type")) === WIRE_TYPE;
  }

  /** The content of a wire, and its headers as they were before the link. @throws {M2MError} */
  decode(
    body: Buffer,
    headers: readonly string[],
  ): { readonly body: Buffer; readonly headers: readonly string[] } {
    const { bytes } = this.#engine.decompress(body);
    return {
      body: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength),
      headers: this.openedHeaders(headers),
    };
  }

  /** @throws {M2MError} */
  decodeEvent(event: SseEvent): SseEvent {
    return decodeEvent(this.#engine, event);
  }
}
