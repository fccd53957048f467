import { LEVEL_NAMES, type LevelName } from "../../shared/algorithms.js";
import { assertName, assertNumbers, assertOptions } from "../../shared/bounds.js";
import { decodeBase64, encodeBase64 } from "../../shared/base64.js";
import { crc32 } from "../../shared/crc32.js";
import { assertBytes, assertText } from "../../shared/content.js";
import { FormatError, IntegrityError } from "../../shared/errors.js";
import { assertInputSize, type Limits, outputTooLarge, resolveLimits } from "../../shared/limits.js";
import { createNodeBrotliEngine } from "../brotli/index.js";
import type { AlgorithmDescriptor, BrotliEngine, Codec, CodecOptions } from "../types.js";
import type { MessageCoder } from "./coders.js";
import { MAX_CONTENT_BYTES } from "./kernel/layout.js";
import { MAX_ZEROES } from "./arithmetic/range-coder.js";
import { defaultPriors, type PriorCache } from "./prior/prior-cache.js";
import { deflate, inflate } from "./wire/deflate.js";
import { isContextWire, Mode, readWire, truncated, writeWire } from "./wire/header.js";

export const CONTEXT_PREFIX = "#M2M[d1]|";

/** Content over this many bytes takes Brotli: the model would cost more time than it saves bytes. */
const DEFAULT_MODEL_BYTES = 65536;
/** Quality of Brotli beyond that, and where it is tried beside the model. */
const LARGE_QUALITY = 5;
const SMALL_QUALITY = 11;
/** A model that leaves more than this share of content of over 4 KiB may do worse than Brotli, which is then tried too. */
const DOUBTFUL_SHARE = 0.5;
const DOUBTFUL_BYTES = 4096;

export interface ContextCodecOptions extends CodecOptions {
  /**
   * `fast`: deflate with the prior's text; `default`: the model; `max`: the model or Brotli 11, whichever is smaller. Default
   * `default`.
   */
  level?: LevelName;
  /** Most bytes that the model takes. Default 65536. */
  maxModelBytes?: number;
  /** Where priors come from. Default: the one of this package. */
  priors?: PriorCache;
}

/** `dictionary`: content as decisions of a model primed with LLM traffic, arithmetic-coded (docs/spec/context.md). */
export class ContextCodec implements Codec {
  readonly level: LevelName;
  readonly #maxModelBytes: number;
  readonly #priors: PriorCache;
  readonly #limits: Limits;
  readonly #brotli: BrotliEngine | undefined;

  /** @throws {InputError} `M2M_USAGE` if there is no such level, or a number is out of range */
  constructor(options: ContextCodecOptions = {}) {
    assertOptions("The options", options);
    this.level = options.level ?? "default";
    assertName("level", this.level, LEVEL_NAMES);
    assertNumbers({ maxModelBytes: options.maxModelBytes }, 0);
    this.#maxModelBytes = Math.min(options.maxModelBytes ?? DEFAULT_MODEL_BYTES, MAX_CONTENT_BYTES);
    this.#priors = options.priors ?? defaultPriors;
    this.#limits = resolveLimits(options.limits);
    this.#brotli = options.brotli;
  }

  encodeText(content: Uint8Array): string {
    return CONTEXT_PREFIX + encodeBase64(this.encodeBinary(content));
  }

  decodeText(wire: string): Uint8Array {
    assertText("A wire", wire);
    return this.decodeBinary(unwrap(wire));
  }

  /** @throws {LimitError} `M2M_INPUT_TOO_LARGE` @throws {InputError} `M2M_USAGE` if it is no Uint8Array */
  encodeBinary(content: Uint8Array): Uint8Array {
    assertBytes("Content", content);
    assertInputSize(content.length, this.#limits);
    const checksum = crc32(content);
    let mode = Mode.stored as Mode;
    let payload = content;
    const offer = (other: Mode, coded: Uint8Array): void => {
      if (coded.length >= payload.length) return;
      mode = other;
      payload = coded;
    };
    let engine: MessageCoder | undefined;
    if (content.length > this.#maxModelBytes) {
      offer(Mode.brotli, this.#brotliEngine().compress(content, LARGE_QUALITY));
    } else if (content.length > 0) {
      engine = this.#priors.current;
      if (this.level === "fast") offer(Mode.deflate, deflate(content, engine.prior.text));
      else {
        const coded = engine.encode(content, content.length);
        if (coded !== undefined) offer(Mode.context, coded);
      }
      const isDoubtful = content.length > DOUBTFUL_BYTES && payload.length > content.length * DOUBTFUL_SHARE;
      if (this.level === "max" || (this.level === "default" && isDoubtful)) {
        offer(Mode.brotli, this.#brotliEngine().compress(content, SMALL_QUALITY));
      }
    }
    if (mode !== Mode.context && mode !== Mode.deflate) return writeWire({ mode, checksum }, payload);
    const { hash } = engine!.prior;
    return writeWire({ mode, priorTag: hash & 255, checksum: (checksum ^ hash) >>> 0 }, payload);
  }

  /**
   * @throws {FormatError} `M2M_WIRE_UNKNOWN`, `M2M_CONTEXT_INVALID`, `M2M_CONTEXT_TRUNCATED`, and those of Brotli
   * @throws {UnsupportedError} `M2M_VERSION_UNSUPPORTED`, `M2M_PRIOR_MISSING`
   * @throws {IntegrityError} `M2M_CHECKSUM_MISMATCH`
   * @throws {LimitError} `M2M_OUTPUT_TOO_LARGE`
   */
  decodeBinary(wire: Uint8Array): Uint8Array {
    assertBytes("A binary wire", wire);
    const { header, payload } = readWire(wire);
    const engine = header.priorTag === undefined ? undefined : this.#priors.find(header.priorTag);
    const content = this.#decode(header.mode, payload, engine);
    if ((crc32(content) ^ (engine?.prior.hash ?? 0)) >>> 0 !== header.checksum) {
      throw new IntegrityError("M2M_CHECKSUM_MISMATCH", "The content is not what was compressed.", {
        hint: "The wire was changed or cut, or written with another prior.",
      });
    }
    return content;
  }

  #decode(mode: Mode, payload: Uint8Array, engine: MessageCoder | undefined): Uint8Array {
    const { maxOutputBytes } = this.#limits;
    const tooLarge = (): ReturnType<typeof outputTooLarge> => outputTooLarge(this.#limits);
    switch (mode) {
      case Mode.stored:
        if (payload.length > maxOutputBytes) throw tooLarge();
        return new Uint8Array(payload);
      case Mode.brotli:
        return this.#brotliEngine().decompress(payload, maxOutputBytes);
      case Mode.deflate:
        return inflate(payload, engine!.prior.text, maxOutputBytes, tooLarge);
      case Mode.context: {
        const { content, neededBytes } = engine!.decode(payload, Math.min(maxOutputBytes, MAX_CONTENT_BYTES));
        if (content === undefined) throw tooLarge();
        if (payload.length > neededBytes + 4) {
          throw new FormatError("M2M_CONTEXT_INVALID", "Bytes follow the end of the content.", {
            offset: neededBytes + 4,
          });
        }
        // Zeroes at the end are left out when writing; more than these were asked for.
        if (neededBytes > payload.length + MAX_ZEROES) throw truncated(payload.length);
        return content;
      }
    }
  }

  #brotliEngine(): BrotliEngine {
    return this.#brotli ?? createNodeBrotliEngine();
  }
}

/** The bytes of a text wire. @throws {FormatError} `M2M_WIRE_UNKNOWN`, `M2M_BASE64_INVALID` */
function unwrap(wire: string): Uint8Array {
  if (wire.startsWith(CONTEXT_PREFIX)) return decodeBase64(wire, CONTEXT_PREFIX.length);
  throw new FormatError("M2M_WIRE_UNKNOWN", `A dictionary wire starts with ${CONTEXT_PREFIX}`, { offset: 0 });
}

/** What the registry is to know of this format. */
export const CONTEXT_DESCRIPTOR: AlgorithmDescriptor = {
  name: "dictionary",
  prefix: CONTEXT_PREFIX,
  carries: "bytes",
  lossless: "bytes",
  binary: true,
  // Published peers do not have it, so nothing takes it unless it is asked for, or `smallest` is.
  isExtension: true,
  usesLevel: true,
  costClass: 5,
  matchesBinary: isContextWire,
  packWire: unwrap,
  unpackWire: (packed) => CONTEXT_PREFIX + encodeBase64(packed),
  create: (options) => new ContextCodec(options),
};
