import { assertNumbers, assertOptions } from "../../../shared/bounds.js";
import { crc32 } from "../../../shared/crc32.js";
import { assertBytes } from "../../../shared/content.js";
import { FormatError, IntegrityError, InputError, ProtocolError } from "../../../shared/errors.js";
import { assertInputSize, type Limits, outputTooLarge, resolveLimits } from "../../../shared/limits.js";
import { tryNodeModule } from "../../../shared/platform.js";
import { readVarint, varintSize, writeVarint } from "../../../shared/varint.js";
import { createNodeBrotliEngine } from "../../brotli/index.js";
import type { BrotliEngine } from "../../types.js";
import { defaultPriors, type PriorCache } from "../prior/prior-cache.js";
import { BROTLI_SESSION_OPENING, readHistoryOpening, SESSION_OPENING, truncated } from "../wire/header.js";
import { MAX_CONTENT_BYTES, MAX_WINDOW_BYTES } from "../kernel/layout.js";
import { follow } from "./chain.js";
import { looksRandom } from "./randomness.js";
import type { HistoryCoder } from "../coders.js";

/** Bytes of earlier messages that a session looks back at, unless it was agreed otherwise. */
export const DEFAULT_WINDOW_BYTES = 262144;
/** Larger messages take Brotli, as random ones do. */
const DEFAULT_MODEL_BYTES = 65536;
const QUALITY = 5;
/** By how much the model may make a message longer before it takes Brotli, for which the session begins anew. */
const MOST_GROWTH_BYTES = 16;
/** Random contents that are known when they come again. */
const MAX_RANDOM = 64;
/** Opening, prior, epoch; a varint; checksum. */
const FIXED_BYTES = 7;

export interface SessionOptions {
  limits?: Partial<Limits>;
  priors?: PriorCache;
  brotli?: BrotliEngine;
  /** The same at both ends. Default 262144. */
  windowBytes?: number;
  /** Most bytes that the model takes; only the writer's counts. Default 65536. */
  maxModelBytes?: number;
}

/** Compresses the messages that one end of a session sends, each with those before it as context. */
export class SessionEncoder {
  readonly #coder: HistoryCoder;
  readonly #limits: Limits;
  readonly #brotli: BrotliEngine | undefined;
  readonly #hash: number;
  readonly #maxModelBytes: number;
  #epoch = 0;
  #sequence = 0;
  #chain = 0;
  /** CRC-32 of random contents of late. */
  readonly #random = new Set<number>();

  /** @throws {InputError} `M2M_USAGE` if the window is no whole number from 0 to 4 MiB, or another number is out of range */
  constructor(options: SessionOptions = {}) {
    assertOptions("The options", options);
    const engine = (options.priors ?? defaultPriors).current;
    this.#coder = engine.createHistory(windowOf(options));
    this.#limits = resolveLimits(options.limits);
    this.#brotli = options.brotli;
    this.#hash = engine.prior.hash;
    assertNumbers({ maxModelBytes: options.maxModelBytes }, 0);
    this.#maxModelBytes = Math.min(options.maxModelBytes ?? DEFAULT_MODEL_BYTES, MAX_CONTENT_BYTES);
  }

  /** What the other end has lost: the next message stands for itself again. */
  restart(): void {
    this.#coder.restart();
    this.#epoch = (this.#epoch + 1) & 255;
    this.#sequence = this.#chain = 0;
  }

  /**
   * Takes in what the other end sent, so that messages may repeat it. The other end's decoder has to take in the same between
   * the same messages, as a protocol of requests and answers can promise; where it does not, the next message is refused. Before
   * the first message, and between a restart and the next one, it does nothing: that one stands for itself.
   */
  absorb(content: Uint8Array): void {
    assertBytes("Content", content);
    if (this.#sequence === 0) return;
    this.#coder.absorb(content);
    this.#chain = follow(this.#chain, crc32(content));
  }

  /** The wire of the next message. @throws {LimitError} `M2M_INPUT_TOO_LARGE` @throws {InputError} `M2M_USAGE` if it is no Uint8Array */
  encode(content: Uint8Array): Uint8Array {
    assertBytes("Content", content);
    assertInputSize(content.length, this.#limits);
    const crc = crc32(content);
    let payload = this.#isForModel(content, crc) ? this.#tryModel(content) : undefined;
    const isBrotli = payload === undefined;
    if (payload === undefined) {
      payload = (this.#brotli ?? createNodeBrotliEngine()).compress(content, QUALITY);
      this.#coder.absorb(content);
    }
    const wire = new Uint8Array(FIXED_BYTES + varintSize(this.#sequence) + payload.length);
    wire[0] = isBrotli ? BROTLI_SESSION_OPENING : SESSION_OPENING;
    wire[1] = this.#hash & 255;
    wire[2] = this.#epoch;
    const at = writeVarint(wire, 3, this.#sequence);
    new DataView(wire.buffer).setUint32(at, (crc ^ this.#chain ^ this.#hash) >>> 0, true);
    wire.set(payload, at + 4);
    this.#sequence++;
    this.#chain = follow(this.#chain, crc);
    return wire;
  }

  /** Not what is too long, nor, where there is Brotli, what is random and comes for the first time. */
  #isForModel(content: Uint8Array, crc: number): boolean {
    if (content.length > this.#maxModelBytes) return false;
    if (this.#random.has(crc) || !looksRandom(content) || !this.#hasBrotli) return true;
    this.#random.add(crc);
    if (this.#random.size > MAX_RANDOM) this.#random.delete(this.#random.values().next().value as number);
    return false;
  }

  get #hasBrotli(): boolean {
    return this.#brotli !== undefined || tryNodeModule("zlib") !== undefined;
  }

  /** `undefined`, after a restart, if the model makes the content longer: what it has learnt from it the reader is not to learn. */
  #tryModel(content: Uint8Array): Uint8Array | undefined {
    try {
      const payload = this.#coder.encodeMessage(content);
      if (payload.length <= content.length + MOST_GROWTH_BYTES || !this.#hasBrotli) return payload;
    } catch (error) {
      // Longer than there is room for.
      if (!(error instanceof RangeError)) throw error;
    }
    this.restart();
    return undefined;
  }
}

/**
 * Reads what a `SessionEncoder` wrote. A message that does not follow the last one is refused, and nothing changes; one that
 * follows and is wrong ends the epoch: the other end has to `restart`.
 */
export class SessionDecoder {
  readonly #priors: PriorCache;
  readonly #limits: Limits;
  readonly #brotli: BrotliEngine | undefined;
  readonly #windowBytes: number;
  #coder: HistoryCoder | undefined;
  #hash = 0;
  #epoch = -1;
  #sequence = 0;
  #chain = 0;

  /** @throws {InputError} `M2M_USAGE` */
  constructor(options: SessionOptions = {}) {
    assertOptions("The options", options);
    this.#priors = options.priors ?? defaultPriors;
    this.#limits = resolveLimits(options.limits);
    this.#brotli = options.brotli;
    this.#windowBytes = windowOf(options);
  }

  /**
   * @throws {FormatError} `M2M_WIRE_UNKNOWN`, `M2M_CONTEXT_INVALID`, `M2M_CONTEXT_TRUNCATED`, those of Brotli
   * @throws {UnsupportedError} `M2M_VERSION_UNSUPPORTED`, `M2M_PRIOR_MISSING`
   * @throws {ProtocolError} `M2M_CONTEXT_LOST` if the message does not follow the last one that was read
   * @throws {IntegrityError} `M2M_CHECKSUM_MISMATCH`
   * @throws {LimitError} `M2M_OUTPUT_TOO_LARGE`
   */
  decode(wire: Uint8Array): Uint8Array {
    assertBytes("A wire of a session", wire);
    const isBrotli = wire[0] === BROTLI_SESSION_OPENING;
    const tag = readHistoryOpening(wire, isBrotli ? BROTLI_SESSION_OPENING : SESSION_OPENING);
    if (wire.length < FIXED_BYTES + 1) throw truncated(wire.length);
    const epoch = wire[2];
    const cursor = { offset: 3 };
    const sequence = readVarint(wire, cursor);
    if (wire.length < cursor.offset + 4) throw truncated(wire.length);
    const engine = this.#priors.find(tag);
    if (sequence === 0) {
      if (this.#hash !== engine.prior.hash || this.#coder === undefined) {
        this.#coder = engine.createHistory(this.#windowBytes);
        this.#hash = engine.prior.hash;
      } else this.#coder.restart();
      this.#epoch = epoch;
      this.#sequence = this.#chain = 0;
    } else if (epoch !== this.#epoch || sequence !== this.#sequence || this.#coder === undefined) {
      throw new ProtocolError(
        "M2M_CONTEXT_LOST",
        `Message ${sequence} of epoch ${epoch} does not follow the last one that was read.`,
        { hint: "The sender restarts its encoder; its next message stands for itself." },
      );
    }
    const check = new DataView(wire.buffer, wire.byteOffset).getUint32(cursor.offset, true);
    const payload = wire.subarray(cursor.offset + 4);
    let content: Uint8Array;
    try {
      content = this.#read(this.#coder, payload, isBrotli);
      const crc = crc32(content);
      if ((crc ^ this.#chain ^ this.#hash) >>> 0 !== check) {
        throw new IntegrityError("M2M_CHECKSUM_MISMATCH", "The content is not what was compressed.", {
          hint: "The sender restarts its encoder and sends the message again.",
        });
      }
      this.#chain = follow(this.#chain, crc);
    } catch (error) {
      this.#epoch = -1;
      throw error;
    }
    this.#sequence++;
    return content;
  }

  /** Takes in what this end sent, as the other end's encoder does. Before the first message of an epoch it does nothing. */
  absorb(content: Uint8Array): void {
    assertBytes("Content", content);
    if (this.#coder === undefined || this.#epoch < 0) return;
    this.#coder.absorb(content);
    this.#chain = follow(this.#chain, crc32(content));
  }

  #read(coder: HistoryCoder, payload: Uint8Array, isBrotli: boolean): Uint8Array {
    const { maxOutputBytes } = this.#limits;
    if (isBrotli) {
      const content = (this.#brotli ?? createNodeBrotliEngine()).decompress(payload, maxOutputBytes);
      coder.absorb(content);
      return content;
    }
    const { content, neededBytes } = coder.decodeMessage(
      payload,
      Math.min(maxOutputBytes, MAX_CONTENT_BYTES),
    );
    if (content === undefined) throw outputTooLarge(this.#limits);
    if (payload.length > neededBytes + 4) {
      throw new FormatError("M2M_CONTEXT_INVALID", "Bytes follow the end of the content.");
    }
    return content;
  }
}

function windowOf({ windowBytes = DEFAULT_WINDOW_BYTES }: SessionOptions): number {
  if (Number.isInteger(windowBytes) && windowBytes >= 0 && windowBytes <= MAX_WINDOW_BYTES)
    return windowBytes;
  throw new InputError(
    "M2M_USAGE",
    `The window has 0 to ${MAX_WINDOW_BYTES} bytes, not ${String(windowBytes)}.`,
  );
}
