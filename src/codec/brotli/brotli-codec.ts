import { decodeBase64, encodeBase64 } from "../../shared/base64.js";
import { assertOptions } from "../../shared/bounds.js";
import { DEFAULT_BROTLI_QUALITY } from "../../shared/defaults.js";
import { assertBytes, assertText } from "../../shared/content.js";
import { FormatError, InputError } from "../../shared/errors.js";
import { assertInputSize, resolveLimits, type Limits } from "../../shared/limits.js";
import type { AlgorithmDescriptor, BrotliEngine, Codec, CodecOptions } from "../types.js";
import { createNodeBrotliEngine } from "./node-engine.js";

export const BROTLI_PREFIX = "#M2M[v3.0]|DATA:";

/** `brotli`: `#M2M[v3.0]|DATA:` and the base64 of a Brotli stream (docs/spec/brotli.md, RFC 7932). */
export class BrotliCodec implements Codec {
  readonly quality: number;
  readonly #engine: BrotliEngine;
  readonly #limits: Limits;

  /** @throws {InputError} `M2M_USAGE` if the quality is no integer from 0 to 11. */
  constructor(options: CodecOptions = {}) {
    assertOptions("The options", options);
    this.quality = parseBrotliQuality(options.quality);
    this.#engine = options.brotli ?? createNodeBrotliEngine();
    this.#limits = resolveLimits(options.limits);
  }

  encodeText(content: Uint8Array): string {
    assertBytes("Content", content);
    assertInputSize(content.length, this.#limits);
    return BROTLI_PREFIX + encodeBase64(this.#engine.compress(content, this.quality));
  }

  decodeText(wire: string): Uint8Array {
    assertText("A wire", wire);
    return this.#engine.decompress(packWire(wire), this.#limits.maxOutputBytes);
  }
}

/** The Brotli stream of a text wire. @throws {FormatError} `M2M_WIRE_UNKNOWN`, `M2M_BASE64_INVALID` */
function packWire(wire: string): Uint8Array {
  if (wire.startsWith(BROTLI_PREFIX)) return decodeBase64(wire, BROTLI_PREFIX.length);
  throw new FormatError("M2M_WIRE_UNKNOWN", `A brotli wire starts with ${BROTLI_PREFIX}`, { offset: 0 });
}

/** The quality to use: an integer from 0 to 11, or the default. @throws {InputError} `M2M_USAGE` */
export function parseBrotliQuality(quality: number = DEFAULT_BROTLI_QUALITY): number {
  if (Number.isInteger(quality) && quality >= 0 && quality <= 11) return quality;
  throw new InputError("M2M_USAGE", `The Brotli quality is an integer from 0 to 11, not ${String(quality)}.`);
}

export const BROTLI_DESCRIPTOR: AlgorithmDescriptor = {
  name: "brotli",
  prefix: BROTLI_PREFIX,
  carries: "bytes",
  lossless: "bytes",
  binary: false,
  usesQuality: true,
  costClass: 3,
  packWire,
  unpackWire: (stream) => BROTLI_PREFIX + encodeBase64(stream),
  create: (options) => new BrotliCodec(options),
};
