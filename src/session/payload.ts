import {
  CodecEngine,
  defaultPriors,
  detect,
  type AlgorithmName,
  type CompressionResult,
  type DecompressionResult,
  type EngineOptions,
} from "../codec/index.js";
import { FormatError, INSTALLATION_CODES, LimitError, M2MError, ProtocolError } from "../shared/errors.js";
import { isOverSize, MAX_MESSAGE_BYTES } from "../shared/limits.js";
import { utf8Length } from "../shared/utf8.js";
import type { ContentRoom } from "./content-room.js";
import { namedPriors, usesHistory } from "./dictionary-extensions.js";
import type { DataMessage } from "./message.js";
import type { Agreement } from "./negotiate.js";

/** Settings of the codecs that a session does not negotiate. */
export type SessionCodecOptions = Pick<EngineOptions, "tokenizers" | "brotli" | "quality" | "level">;

/** Compresses and decompresses the content of DATA, within what was agreed. */
export class PayloadCodec {
  readonly maxPayloadBytes: number;
  readonly #agreed: Agreement;
  readonly #engine: CodecEngine;

  constructor(agreed: Agreement, options: SessionCodecOptions = {}) {
    this.#agreed = agreed;
    this.maxPayloadBytes = Math.min(agreed.maxPayloadBytes || MAX_MESSAGE_BYTES, MAX_MESSAGE_BYTES);
    this.#engine = new CodecEngine({
      // Over the connection it is written anew.
      ...(usesHistory(agreed) ? { level: "fast" } : {}),
      ...options,
      encoding: agreed.encoding,
      limits: { maxInputBytes: this.maxPayloadBytes, maxOutputBytes: this.maxPayloadBytes },
    });
  }

  /** @throws {LimitError} `M2M_PAYLOAD_TOO_LARGE` */
  assertFits(content: string | Uint8Array): void {
    // A text has at least as many bytes as UTF-16 units, so an oversized one is refused before its bytes are counted.
    this.#assertSize(content.length);
    if (typeof content === "string") this.#assertSize(utf8Length(content));
  }

  /** @throws {ProtocolError} `M2M_NOT_NEGOTIATED` */
  assertAgreed(algorithm: AlgorithmName): void {
    if (this.#agreed.algorithms.includes(algorithm)) return;
    throw notNegotiated(`The algorithm ${algorithm}`, this.#agreed.algorithms);
  }

  /**
   * The text wire of `content`, by the first agreed algorithm that carries it.
   * @param algorithm this one and no other
   * @throws {ProtocolError} `M2M_NOT_NEGOTIATED`
   * @throws {LimitError} `M2M_PAYLOAD_TOO_LARGE`
   * @throws {M2MError} if no agreed algorithm carries the content
   */
  seal(content: string | Uint8Array, algorithm?: AlgorithmName): CompressionResult & { data: string } {
    this.assertFits(content);
    if (algorithm !== undefined) this.assertAgreed(algorithm);
    let refusal: unknown;
    for (const name of algorithm === undefined ? this.#usable() : [algorithm]) {
      try {
        const result = this.#engine.compress(content, { algorithm: name });
        return { ...result, data: result.data as string };
      } catch (error) {
        if (!isRefusal(error)) throw error;
        refusal ??= error;
      }
    }
    throw refusal;
  }

  /**
   * The content of DATA.
   * @param room where it has its room, if it shares that
   * @throws {ProtocolError} `M2M_NOT_NEGOTIATED`
   * @throws {LimitError} `M2M_PAYLOAD_TOO_LARGE`
   * @throws {FormatError} `M2M_MESSAGE_INVALID` if the message says of its content what is not so
   * @throws {M2MError} if the wire is malformed
   */
  open({ algorithm, content, originalBytes }: DataMessage, room?: ContentRoom): DecompressionResult {
    this.assertAgreed(algorithm);
    if (originalBytes !== undefined) this.#assertSize(originalBytes);
    const found = detect(content);
    if (found.algorithm !== algorithm) {
      throw new FormatError(
        "M2M_MESSAGE_INVALID",
        `The message says ${algorithm}, but its content is a ${found.algorithm} wire.`,
      );
    }
    const encodings: readonly string[] = this.#agreed.encodings;
    if (found.encoding !== undefined && !encodings.includes(found.encoding)) {
      throw notNegotiated(`The encoding ${found.encoding}`, encodings);
    }
    const result = this.#decompress(content, room);
    if (originalBytes !== undefined && originalBytes !== result.bytes.length) {
      throw new FormatError(
        "M2M_MESSAGE_INVALID",
        `The message says ${originalBytes} bytes, but its content has ${result.bytes.length}.`,
      );
    }
    return result;
  }

  /** A session that was agreed on by another process may have no prior in common with this one. */
  #usable(): readonly AlgorithmName[] {
    const { algorithms, extensions } = this.#agreed;
    if (!algorithms.includes("dictionary") || namedPriors(extensions).includes(defaultPriors.names[0])) {
      return algorithms;
    }
    return algorithms.filter((name) => name !== "dictionary");
  }

  #decompress(content: string, room: ContentRoom | undefined): DecompressionResult {
    const open = (maxOutputBytes?: number) => this.#engine.decompress(content, { maxOutputBytes });
    try {
      return room ? room.unpack(this.maxPayloadBytes, open) : open();
    } catch (error) {
      throw isOverSize(error) ? payloadTooLarge(this.maxPayloadBytes, error) : error;
    }
  }

  #assertSize(sizeBytes: number): void {
    if (sizeBytes > this.maxPayloadBytes) throw payloadTooLarge(this.maxPayloadBytes);
  }
}

function payloadTooLarge(limitBytes: number, cause?: unknown): LimitError {
  return new LimitError(
    "M2M_PAYLOAD_TOO_LARGE",
    `The content has more than the ${limitBytes} bytes that were agreed.`,
    { cause },
  );
}

function notNegotiated(what: string, agreed: readonly string[]): ProtocolError {
  return new ProtocolError("M2M_NOT_NEGOTIATED", `${what} was not agreed.`, {
    hint: `Agreed: ${agreed.join(", ")}.`,
  });
}

/** Whether an algorithm cannot carry the content, so that another one may; a broken installation is no such case. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof M2MError) || INSTALLATION_CODES.includes(error.code)) return false;
  return error instanceof FormatError || error.code === "M2M_JSON_TOO_DEEP";
}
