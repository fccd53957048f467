import { assertOptions } from "../../shared/bounds.js";
import { assertBytes, assertText } from "../../shared/content.js";
import { FormatError } from "../../shared/errors.js";
import { assertInputSize, resolveLimits, type Limits, outputTooLarge } from "../../shared/limits.js";
import { decodeUtf8, encodeUtf8 } from "../../shared/utf8.js";
import type { AlgorithmDescriptor, Codec, CodecOptions } from "../types.js";
import { DECODER, ENCODER, transduce } from "./transducer.js";

export const T1_PREFIX = "#T1|";

/** What the string-level functions of T1 can be told. */
export interface T1Options {
  /** `maxInputBytes` and `maxOutputBytes` are compared with UTF-16 units here. */
  limits?: Partial<Limits>;
}

/**
 * The T1 wire of a JSON text, `#T1|` included (docs/spec/t1.md).
 * @example encodeT1('{"messages": []}') // '#T1|{"m":[]}'
 * @throws {FormatError} `M2M_JSON_INVALID` with the UTF-16 offset
 * @throws {LimitError} `M2M_INPUT_TOO_LARGE`, `M2M_JSON_TOO_DEEP`
 */
export function encodeT1(jsonText: string, options: T1Options = {}): string {
  assertText("JSON text", jsonText);
  assertOptions("The options", options);
  const limits = resolveLimits(options.limits);
  assertInputSize(jsonText.length, limits);
  // Escapes make a text longer, at most by a unit a name; the limit on output is for decoding.
  return transduce(ENCODER, jsonText, 0, T1_PREFIX, { ...limits, maxOutputBytes: Infinity });
}

/**
 * The JSON text of a T1 wire, minified.
 * @throws {FormatError} `M2M_T1_INVALID` with the UTF-16 offset in `wire`
 * @throws {LimitError} `M2M_JSON_TOO_DEEP`, `M2M_OUTPUT_TOO_LARGE`
 */
export function decodeT1(wire: string, options: T1Options = {}): string {
  assertText("A wire", wire);
  assertOptions("The options", options);
  if (!wire.startsWith(T1_PREFIX)) {
    throw new FormatError("M2M_T1_INVALID", `A T1 text starts with ${T1_PREFIX}`, { offset: 0 });
  }
  return transduce(DECODER, wire, T1_PREFIX.length, "", resolveLimits(options.limits));
}

/** `token`: `#T1|` and JSON text whose names are short where the chat schema knows them (docs/spec/t1.md). */
export class TokenCodec implements Codec {
  readonly #limits: Limits;

  constructor(options: CodecOptions = {}) {
    assertOptions("The options", options);
    this.#limits = resolveLimits(options.limits);
  }

  /**
   * @throws {FormatError} `M2M_UTF8_INVALID` with the byte offset, `M2M_JSON_INVALID` with the UTF-16 offset
   * @throws {LimitError} `M2M_INPUT_TOO_LARGE`, `M2M_JSON_TOO_DEEP`
   */
  encodeText(content: Uint8Array): string {
    assertBytes("Content", content);
    assertInputSize(content.length, this.#limits);
    return encodeT1(decodeUtf8(content), { limits: this.#limits });
  }

  /**
   * @throws {FormatError} `M2M_T1_INVALID` or `M2M_TEXT_LONE_SURROGATE` with the UTF-16 offset
   * @throws {LimitError} `M2M_JSON_TOO_DEEP`, `M2M_OUTPUT_TOO_LARGE`
   */
  decodeText(wire: string): Uint8Array {
    const bytes = encodeUtf8(decodeT1(wire, { limits: this.#limits }));
    if (bytes.length > this.#limits.maxOutputBytes) throw outputTooLarge(this.#limits);
    return bytes;
  }
}

export const T1_DESCRIPTOR: AlgorithmDescriptor = {
  name: "token",
  prefix: T1_PREFIX,
  carries: "json",
  lossless: "minified-json",
  binary: false,
  isReadable: true,
  costClass: 1,
  create: (options) => new TokenCodec(options),
};
