import { assertBytes } from "../shared/content.js";
import { decodeUtf8 } from "../shared/utf8.js";
import {
  CONTEXT_DESCRIPTOR,
  CONTEXT_PREFIX,
  isSessionWire,
  SessionDecoder,
  SessionEncoder,
  type SessionOptions,
} from "./context/index.js";
import { packWire, unpackWire } from "./packed.js";
import { headOf } from "./reserved.js";
import type { CompressionResult } from "./result.js";

/** A wire that stands for itself comes this often, so that what is damaged costs no more than those up to the next. */
const MESSAGES_OF_A_START = 1024;

/** Compresses contents that follow each other into text wires of which each builds on those before it. */
export class SessionLineEncoder {
  readonly #encoder: SessionEncoder;
  #count = 0;

  constructor(options: SessionOptions) {
    this.#encoder = new SessionEncoder(options);
  }

  /** @throws {LimitError} `M2M_INPUT_TOO_LARGE` @throws {InputError} `M2M_USAGE` if it is no Uint8Array */
  encode(content: Uint8Array): CompressionResult {
    if (this.#count++ % MESSAGES_OF_A_START === 0 && this.#count > 1) this.#encoder.restart();
    const data = unpackWire(CONTEXT_DESCRIPTOR.name, this.#encoder.encode(content));
    return {
      algorithm: CONTEXT_DESCRIPTOR.name,
      data,
      originalBytes: content.length,
      compressedBytes: data.length,
      ratio: content.length === 0 ? 1 : data.length / content.length,
    };
  }
}

/** Reads the wires of a `SessionLineEncoder`, in their order. */
export class SessionLineDecoder {
  readonly #decoder: SessionDecoder;

  constructor(options: SessionOptions) {
    this.#decoder = new SessionDecoder(options);
  }

  /**
   * The content of a wire that builds on those before it; `undefined` of any other.
   * @throws {InputError} `M2M_USAGE` if it is no Uint8Array
   * @throws {M2MError} as `SessionDecoder`; `M2M_CONTEXT_LOST` if one before it is missing
   */
  tryDecode(wire: Uint8Array): Uint8Array | undefined {
    assertBytes("A wire", wire);
    if (headOf(wire, CONTEXT_PREFIX.length) !== CONTEXT_PREFIX) return undefined;
    // A reader of lines may have left the carriage return.
    const packed = packWire(CONTEXT_DESCRIPTOR.name, decodeUtf8(wire).replace(/\r$/u, ""));
    return isSessionWire(packed) ? this.#decoder.decode(packed) : undefined;
  }
}
