import {
  fitsBinary,
  MAX_CONTROL_BYTES,
  readMessage,
  writeBinaryData,
  writeMessage,
  type Message,
} from "../../session/index.js";
import { LimitError, ProtocolError } from "../../shared/errors.js";
import { FrameReader, writeFrame, type StreamFrame } from "./frames.js";
import type { QuicLimits } from "./limits.js";
import {
  CarriedSession,
  type SessionClaims,
  type SessionHolder,
  type SessionLink,
  type SessionService,
} from "../sessions/index.js";
import type { QuicStream, StreamHandler } from "./stream.js";
import { QUIC_CODES, type QuicCode } from "./stream-codes.js";

/** Frames that wait for the ones before them, in bytes, from which on the peer is held back. */
const INBOX_BYTES = 256 * 1024;

/** Bytes of unfinished frames over all streams of a connection. */
export interface PartialBytes {
  bytes: number;
}

export interface SessionStreamOptions {
  readonly sessions: SessionService;
  readonly limits: QuicLimits;
  readonly partial: PartialBytes;
  /** Of the peer, for limits and logs. */
  readonly address: string;
  /** Whether a token lets its bearer in; absent: all are let in. */
  readonly authorize?: (authorization: string | undefined) => boolean;
  readonly claims: SessionClaims;
  /** For what goes wrong, with the code that the peer is told. */
  readonly onError: (error: unknown, code: QuicCode) => void;
  /** All that has come is answered. */
  readonly onIdle: () => void;
  readonly onClosed: (stream: SessionStream) => void;
}

/** A stream and the session on it: frames are taken one by one, as fast as answers are read. */
export class SessionStream implements StreamHandler, SessionHolder {
  readonly #stream: QuicStream;
  readonly #options: SessionStreamOptions;
  readonly #session: CarriedSession;
  readonly #reader = new FrameReader();
  readonly #inbox: StreamFrame[] = [];
  #inboxBytes = 0;
  #partialBytes = 0;
  #isWorking = false;
  #isAuthorized: boolean;
  #hasEnded = false;
  #isHeld = false;

  constructor(stream: QuicStream, options: SessionStreamOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#isAuthorized = options.authorize === undefined;
    this.#session = new CarriedSession({
      sessions: options.sessions,
      peer: { address: options.address },
      link: this.#link(),
      maxMessageBytes: options.limits.maxFrameBytes,
      handshakeMs: options.limits.sessionTimeoutMs,
      nowMs: Date.now,
    });
    stream.setHandler(this);
  }

  /** Whether a message is being handled, or waits for that. */
  get isBusy(): boolean {
    return this.#isWorking;
  }

  /** Takes no more than what has come. */
  hold(): void {
    this.#isHeld = true;
    this.#stream.pause();
  }

  /** Ends the stream behind what was written; nothing more is taken. */
  end(code: QuicCode): void {
    this.#session.stop();
    this.#inbox.length = 0;
    this.#inboxBytes = 0;
    this.#stream.end(code);
  }

  replace(): void {
    this.end(QUIC_CODES.replaced);
  }

  onData(chunk: Buffer): void {
    try {
      for (const frame of this.#reader.push(chunk, this.#maxFrameBytes())) {
        this.#inbox.push(frame);
        this.#inboxBytes += frame.body.length;
      }
      this.#countPartial(this.#reader.partialBytes);
    } catch (error) {
      this.#reset(error, error instanceof LimitError ? QUIC_CODES.tooLarge : QUIC_CODES.malformed);
      return;
    }
    if (this.#inboxBytes >= INBOX_BYTES) this.#stream.pause();
    if (this.#inbox.length > 0 && !this.#isWorking) void this.#work();
  }

  onEnd(): void {
    this.#hasEnded = true;
    if (!this.#isWorking) this.end(QUIC_CODES.done);
  }

  onClose(): void {
    this.#session.stop();
    this.#inbox.length = 0;
    this.#inboxBytes = 0;
    this.#options.partial.bytes -= this.#partialBytes;
    this.#partialBytes = 0;
    this.#options.claims.release(this.#session.id, this);
    this.#options.onClosed(this);
  }

  #link(): SessionLink {
    return {
      send: (message) => this.#send(message),
      push: async ({ id, message }) => {
        this.#send({ ...readMessage(message, { maxMessageBytes: Infinity }), delivery: { cursor: id } });
        await this.#stream.drained();
      },
      end: (why) => this.end(QUIC_CODES[why]),
      claim: (sessionId) => this.#options.claims.claim(sessionId, this),
      onError: (error, why) => this.#options.onError(error, QUIC_CODES[why]),
    };
  }

  #send(message: Message): void {
    const isBinary = message.type === "DATA" && fitsBinary(message);
    const body = isBinary ? writeBinaryData(message) : Buffer.from(writeMessage(message));
    this.#stream.write(writeFrame(isBinary ? "binary" : "text", body));
  }

  /** Before there is a session only small messages are read, and the type byte of each. */
  #maxFrameBytes(): number {
    return this.#session.id === undefined ? MAX_CONTROL_BYTES + 1 : this.#options.limits.maxFrameBytes;
  }

  #countPartial(bytes: number): void {
    const { partial, limits } = this.#options;
    partial.bytes += bytes - this.#partialBytes;
    this.#partialBytes = bytes;
    if (partial.bytes > limits.maxPartialBytes) {
      throw new LimitError(
        "M2M_INPUT_TOO_LARGE",
        `The unfinished frames of a QUIC connection pass the limit of ${limits.maxPartialBytes} bytes.`,
      );
    }
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    for (let frame = this.#inbox.shift(); frame; frame = this.#inbox.shift()) {
      this.#inboxBytes -= frame.body.length;
      await this.#take(frame);
      // A peer that does not read its answers is not asked for more.
      await this.#stream.drained();
      if (this.#inboxBytes < INBOX_BYTES && !this.#isHeld) this.#stream.resume();
    }
    this.#isWorking = false;
    if (this.#hasEnded) this.end(QUIC_CODES.done);
    this.#options.onIdle();
  }

  async #take({ kind, body }: StreamFrame): Promise<void> {
    if (kind === "token") {
      this.#isAuthorized ||= this.#options.authorize!(`Bearer ${body.toString("utf8")}`);
      if (this.#isAuthorized) return;
    }
    if (this.#isAuthorized) await this.#session.take(body, kind === "binary");
    else
      this.#reset(
        new ProtocolError("M2M_PROTOCOL_STATE", "There is no right token."),
        QUIC_CODES.unauthorized,
      );
  }

  #reset(error: unknown, code: QuicCode): void {
    if (this.#stream.isClosed) return;
    this.#options.onError(error, code);
    this.#stream.reset(code);
  }
}
