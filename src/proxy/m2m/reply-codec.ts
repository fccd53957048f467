import type { AlgorithmName, CodecEngine } from "../../codec/index.js";
import { PROTOCOL_VERSIONS } from "../../session/index.js";
import { algorithmWord, findAlgorithm } from "../../shared/algorithms.js";
import { EVENTS_WORD, priorWords, sharesPrior, wordsOf } from "./dictionary-offer.js";
import { SseEvent, SseReader, writeSse } from "../sse/index.js";
import { smallestWire, WIRE_TYPE } from "./wire-format.js";

/** What a client reads beside plain answers: the header `x-m2m-accept`. */
export interface ReplyFormat {
  readonly algorithms: readonly AlgorithmName[];
  /** Whether a wire may be bytes. */
  readonly binary: boolean;
  /** Whether an event stream may be one wire. */
  readonly events: boolean;
}

/**
 * The formats that `x-m2m-accept` lists; `undefined` if it asks for none that this version has.
 * @param text words with commas between them: names of algorithms, `binary`, `events`, and priors of `dictionary`
 */
export function readAccept(text: string | undefined): ReplyFormat | undefined {
  if (text === undefined) return undefined;
  const words = wordsOf(text);
  const hasPrior = sharesPrior(words);
  const algorithms = words
    .flatMap((word) => findAlgorithm(word) ?? [])
    .filter((name) => name !== "none" && (name !== "dictionary" || hasPrior));
  if (algorithms.length === 0) return undefined;
  return {
    algorithms: [...new Set(algorithms)],
    binary: words.includes("binary"),
    events: hasPrior && words.includes(EVENTS_WORD),
  };
}

/** Answers in the form that a client asked for. */
export class ReplyCodec {
  readonly #engine: CodecEngine;
  readonly #format: ReplyFormat;

  constructor(engine: CodecEngine, format: ReplyFormat) {
    this.#engine = engine;
    this.#format = format;
  }

  /** Whether an event stream may be one wire. */
  get packsEvents(): boolean {
    return this.#format.events;
  }

  /** What is said to a client that has `dictionary`, so that its next request may be a wire of it. */
  get offer(): readonly string[] {
    const hasDictionary = this.#format.algorithms.includes("dictionary");
    return hasDictionary ? ["x-m2m-accept", ["dictionary", ...priorWords()].join(", ")] : [];
  }

  /**
   * A whole answer as a wire, with the headers that say so; as it is, where no wire is smaller.
   * @param headers of the answer, name, value, name, value
   */
  encodeBody(
    body: Uint8Array,
    headers: readonly string[],
  ): { readonly body: Uint8Array; readonly headers: readonly string[] } {
    const { algorithms, binary } = this.#format;
    const wire = smallestWire(this.#engine, body, algorithms, binary);
    if (!wire) return { body, headers };
    const kept: string[] = [];
    let type = "application/octet-stream";
    for (let i = 0; i < headers.length; i += 2) {
      if (headers[i].toLowerCase() === "content-type") type = headers[i + 1];
      else kept.push(headers[i], headers[i + 1]);
    }
    kept.push("content-type", WIRE_TYPE, "x-m2m-content-type", type);
    kept.push("x-m2m-protocol", PROTOCOL_VERSIONS[0], "x-m2m-algorithm", algorithmWord(wire.algorithm));
    return { body: typeof wire.data === "string" ? Buffer.from(wire.data) : wire.data, headers: kept };
  }

  /** An event with its data as a text wire; as it is, where no wire is smaller. */
  encodeEvent(event: SseEvent): Uint8Array {
    const { data } = event;
    if (data === undefined || !event.complete) return event.raw;
    const wire = smallestWire(this.#engine, Buffer.from(data), this.#format.algorithms, false);
    if (!wire) return event.raw;
    const { event: name, id, retry, comment } = event;
    return Buffer.from(writeSse({ event: name, id, retry, comment, data: wire.data as string }));
  }
}

/** An event with the content of its data, if that is a wire. @throws {M2MError} if it is a broken one */
export function decodeEvent(engine: CodecEngine, event: SseEvent): SseEvent {
  const { data } = event;
  if (!data?.startsWith("#") || !event.complete) return event;
  const { event: name, id, retry, comment } = event;
  const text = writeSse({ event: name, id, retry, comment, data: engine.decompress(data).text });
  return new SseEvent(Buffer.from(text), true, false);
}

/** A whole stream in the form that a client asked for. */
export function recodeEvents(stream: Uint8Array, reply: ReplyCodec): Buffer {
  const parts: Uint8Array[] = [];
  const reader = new SseReader({ maxEventBytes: Math.max(1, stream.length) });
  const take = (event: SseEvent): void => {
    parts.push(reply.encodeEvent(event));
  };
  reader.push(stream, take);
  reader.end(take);
  return Buffer.concat(parts);
}
