import {
  ContextCodec,
  isSessionWire,
  packWire,
  SessionDecoder,
  SessionEncoder,
  unpackWire,
} from "../codec/index.js";
import { M2MError } from "../shared/errors.js";
import { MAX_MESSAGE_BYTES } from "../shared/limits.js";
import type { DataMessage } from "./message.js";
import type { Agreement } from "./negotiate.js";
import type { SessionCodecOptions } from "./payload.js";

/**
 * The windows of one ordered, reliable connection, one for each direction. DATA stands for itself on either side of it: in
 * between, what is in `dictionary` is written as what follows the DATA before. They are never stored: another connection begins
 * others. About 1 MB when both are used.
 */
export class LinkHistory {
  readonly #codec: ContextCodec;
  readonly #options: ConstructorParameters<typeof SessionDecoder>[0];
  #encoder: SessionEncoder | undefined;
  #decoder: SessionDecoder | undefined;

  constructor({ maxPayloadBytes }: Pick<Agreement, "maxPayloadBytes">, { brotli }: SessionCodecOptions = {}) {
    const most = Math.min(maxPayloadBytes || MAX_MESSAGE_BYTES, MAX_MESSAGE_BYTES);
    const limits = { maxInputBytes: most, maxOutputBytes: most };
    this.#options = { limits, brotli };
    // What stays on this side need not be small.
    this.#codec = new ContextCodec({ limits, brotli, level: "fast", maxModelBytes: Infinity });
  }

  /** The message as it goes over the connection. Every one that is written has to be sent, in this order. */
  write(message: DataMessage): DataMessage {
    if (message.algorithm !== "dictionary") return message;
    let content: Uint8Array;
    try {
      content = this.#codec.decodeText(message.content);
    } catch (error) {
      // Another process has sealed it, with a prior that is not here: the peer may have it.
      if (error instanceof M2MError) return message;
      throw error;
    }
    this.#encoder ??= new SessionEncoder(this.#options);
    return { ...message, content: unpackWire("dictionary", this.#encoder.encode(content)) };
  }

  /**
   * A message that came over the connection, as one that stands for itself.
   * @throws {M2MError} if it does not follow what came before, or is malformed: then the connection is of no more use
   */
  read(message: DataMessage): DataMessage {
    if (message.algorithm !== "dictionary") return message;
    const wire = packWire("dictionary", message.content);
    if (!isSessionWire(wire)) return message;
    this.#decoder ??= new SessionDecoder(this.#options);
    return { ...message, content: this.#codec.encodeText(this.#decoder.decode(wire)) };
  }
}
