import { availableAlgorithms, type AlgorithmName, type CodecEngine } from "../../codec/index.js";
import { PROTOCOL_VERSIONS } from "../../session/index.js";
import { algorithmWord } from "../../shared/algorithms.js";
import type { UpstreamHead } from "../attempt.js";
import type { SseEvent } from "../sse/index.js";
import { decodeEvent } from "./reply-codec.js";
import { smallestWire, WIRE_TYPE } from "./wire-format.js";

/** Headers of an answer that are about the link, and what they replace. */
const OF_LINK: ReadonlySet<string> = new Set([
  ...["x-m2m-protocol", "x-m2m-algorithm", "x-m2m-content-type", "content-type", "content-length"],
]);

/** The near end of a link to another proxy: requests go as wires, and answers come as wires. */
export class PeerLink {
  readonly #engine: CodecEngine;
  readonly #algorithms: readonly AlgorithmName[];
  /** What the near end asks of the far end. */
  readonly #accept: readonly string[];

  constructor(engine: CodecEngine) {
    this.#engine = engine;
    this.#algorithms = availableAlgorithms().flatMap(({ name, prefix }) => (prefix === "" ? [] : name));
    const words = ["binary", ...this.#algorithms.map(algorithmWord)].join(", ");
    this.#accept = ["x-m2m-protocol", PROTOCOL_VERSIONS[0], "x-m2m-accept", words];
  }

  /** A request's body for the link, and the headers that say what it is. */
  encode(body: Buffer): { readonly body: Buffer; readonly headers: readonly string[] } {
    const wire = smallestWire(this.#engine, body, this.#algorithms, true);
    if (!wire) return { body, headers: [...this.#accept, "content-type", "application/json"] };
    const { data } = wire;
    return {
      body:
        typeof data === "string" ? Buffer.from(data) : Buffer.from(data.buffer, data.byteOffset, data.length),
      headers: [...this.#accept, "content-type", WIRE_TYPE],
    };
  }

  /** Whether the body of an answer is a wire. */
  isWire(head: UpstreamHead): boolean {
    return head.header("content-type")?.split(";", 1)[0].trim().toLowerCase() === WIRE_TYPE;
  }

  /** The content of a wire, and its headers as they were before the link. @throws {M2MError} */
  decode(
    body: Buffer,
    headers: readonly string[],
  ): { readonly body: Buffer; readonly headers: readonly string[] } {
    const { bytes } = this.#engine.decompress(body);
    const kept: string[] = [];
    let type = "application/json";
    for (let i = 0; i < headers.length; i += 2) {
      const name = headers[i].toLowerCase();
      if (name === "x-m2m-content-type") type = headers[i + 1];
      if (!OF_LINK.has(name)) kept.push(headers[i], headers[i + 1]);
    }
    kept.push("content-type", type);
    return { body: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), headers: kept };
  }

  /** @throws {M2MError} */
  decodeEvent(event: SseEvent): SseEvent {
    return decodeEvent(this.#engine, event);
  }
}
