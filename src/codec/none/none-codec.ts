import { assertOptions } from "../../shared/bounds.js";
import { assertBytes, assertText } from "../../shared/content.js";
import { FormatError } from "../../shared/errors.js";
import { assertInputSize, resolveLimits, outputTooLarge, type Limits } from "../../shared/limits.js";
import { decodeUtf8, encodeUtf8 } from "../../shared/utf8.js";
import { findReservedOpening } from "../reserved.js";
import type { AlgorithmDescriptor, Codec, CodecOptions } from "../types.js";

/** `none`: the text itself, unless it could be taken for a wire (docs/spec/none.md). */
export class NoneCodec implements Codec {
  readonly #limits: Limits;

  constructor(options: CodecOptions = {}) {
    assertOptions("The options", options);
    this.#limits = resolveLimits(options.limits);
  }

  /** @throws {FormatError} `M2M_WIRE_AMBIGUOUS` if the content begins like a wire, `M2M_UTF8_INVALID` */
  encodeText(content: Uint8Array): string {
    assertBytes("Content", content);
    assertInputSize(content.length, this.#limits);
    const reserved = findReservedOpening(content);
    if (reserved === undefined) return decodeUtf8(content);
    throw new FormatError(
      "M2M_WIRE_AMBIGUOUS",
      `The content begins with ${reserved} and would be read as a wire, so it cannot be passed through as none.`,
      { offset: 0, hint: "Leave the algorithm to auto, or choose token-native, brotli or m2m." },
    );
  }

  encodeBinary(content: Uint8Array): Uint8Array {
    this.encodeText(content);
    return copyOf(content);
  }

  decodeText(wire: string): Uint8Array {
    assertText("A wire", wire);
    return this.#checkOutput(encodeUtf8(wire));
  }

  decodeBinary(wire: Uint8Array): Uint8Array {
    assertBytes("A binary wire", wire);
    this.#checkOutput(wire);
    decodeUtf8(wire);
    return copyOf(wire);
  }

  #checkOutput(content: Uint8Array): Uint8Array {
    if (content.length > this.#limits.maxOutputBytes) throw outputTooLarge(this.#limits);
    return content;
  }
}

/** The caller may use its buffer again. `slice` of a `Buffer` would not copy it. */
function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

export const NONE_DESCRIPTOR: AlgorithmDescriptor = {
  name: "none",
  prefix: "",
  carries: "text",
  lossless: "bytes",
  binary: true,
  isReadable: true,
  costClass: 0,
  create: (options) => new NoneCodec(options),
};
