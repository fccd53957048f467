import { MAX_CONTROL_BYTES, writeMessage, type Message } from "../../session/index.js";
import { LimitError, ProtocolError } from "../../shared/errors.js";
import { FrameReader, writeFrame, type StreamFrame } from "./frames.js";
import type { QuicLimits } from "./limits.js";
import { SessionPush } from "./session-push.js";
import type { QuicSessions } from "./service.js";
import type { QuicStream, StreamHandler } from "./stream.js";
import { QUIC_CODES, type QuicCode } from "./stream-codes.js";

/** Frames that wait for the ones before them, in bytes, from which on the peer is held back. */
const INBOX_BYTES = 256 * 1024;

/** Bytes of unfinished frames over all streams of a connection. */
export interface PartialBytes {
  bytes: number;
}

export interface SessionStreamOptions {
  readonly sessions: QuicSessions;
  readonly limits: QuicLimits;
  readonly partial: PartialBytes;
  /** Of the peer, for limits and logs. */
  readonly address: string;
  /** Whether a token lets its bearer in; absent: all are let in. */
  readonly authorize?: (authorization: string | undefined) => boolean;
  /** For what goes wrong, with the code that the peer is told. */
  readonly onError: (error: unknown, code: QuicCode) => void;
  /** All that has come is answered, or the stream is gone. */
  readonly onIdle: () => void;
  readonly onClosed: () => void;
}

/** The session of one stream: its frames go to the service one by one, and back comes what the service answers. */
export class SessionStream implements StreamHandler {
  readonly #stream: QuicStream;
  readonly #options: SessionStreamOptions;
  readonly #reader = new FrameReader();
  readonly #inbox: StreamFrame[] = [];
  #inboxBytes = 0;
  #countedBytes = 0;
  #isWorking = false;
  #isAuthorized: boolean;
  #hasEnded = false;
  #isHeld = false;
  #push: SessionPush | undefined;

  constructor(stream: QuicStream, options: SessionStreamOptions) {
    this.#stream = stream;
    this.#options = options;
    this.#isAuthorized = options.authorize === undefined;
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

  onData(chunk: Buffer): void {
    try {
      for (const frame of this.#reader.push(chunk, this.#maxFrameBytes())) {
        this.#inbox.push(frame);
        this.#inboxBytes += frame.body.length;
      }
      this.#countPartial(this.#reader.partialBytes);
    } catch (error) {
      this.#fail(error, error instanceof LimitError ? QUIC_CODES.tooLarge : QUIC_CODES.frame);
      return;
    }
    if (this.#inboxBytes >= INBOX_BYTES) this.#stream.pause();
    if (this.#inbox.length > 0) void this.#work();
  }

  onEnd(): void {
    this.#hasEnded = true;
    if (!this.#isWorking) this.#finish();
  }

  onClose(): void {
    this.#inbox.length = 0;
    this.#inboxBytes = 0;
    this.#options.partial.bytes -= this.#countedBytes;
    this.#countedBytes = 0;
    this.#push?.stop();
    this.#options.onClosed();
  }

  /** Before there is a session only small messages are read, and of the type byte there is one. */
  #maxFrameBytes(): number {
    return this.#push ? this.#options.limits.maxFrameBytes : MAX_CONTROL_BYTES + 1;
  }

  #countPartial(bytes: number): void {
    const { partial, limits } = this.#options;
    partial.bytes += bytes - this.#countedBytes;
    this.#countedBytes = bytes;
    if (partial.bytes > limits.maxPartialBytes) {
      throw new LimitError(
        "M2M_INPUT_TOO_LARGE",
        `The unfinished frames of a QUIC connection pass the limit of ${limits.maxPartialBytes} bytes.`,
      );
    }
  }

  async #work(): Promise<void> {
    if (this.#isWorking) return;
    this.#isWorking = true;
    try {
      while (this.#inbox.length > 0 && !this.#stream.isClosed) {
        const frame = this.#inbox.shift()!;
        this.#inboxBytes -= frame.body.length;
        await this.#take(frame);
        // A peer that does not read its answers is not asked for more.
        await this.#stream.drained();
        if (this.#inboxBytes < INBOX_BYTES && !this.#isHeld) this.#stream.resume();
      }
    } catch (error) {
      this.#fail(error, QUIC_CODES.internal);
    } finally {
      this.#isWorking = false;
    }
    if (this.#hasEnded) this.#finish();
    this.#options.onIdle();
  }

  async #take({ kind, body }: StreamFrame): Promise<void> {
    if (kind === "token") {
      this.#isAuthorized ||= this.#options.authorize!(`Bearer ${body.toString("utf8")}`);
      if (!this.#isAuthorized) this.#refuse("A token is wrong.", QUIC_CODES.unauthorized);
      return;
    }
    if (!this.#isAuthorized) {
      this.#refuse("A message came before a token.", QUIC_CODES.unauthorized);
      return;
    }
    if (kind === "binary") {
      this.#refuse("Binary frames are not read here.", QUIC_CODES.frame);
      return;
    }
    const { sessionId, reply } = await this.#options.sessions.handle(body, {
      address: this.#options.address,
    });
    if (reply) this.#write(reply);
    if (sessionId !== undefined) this.#bind(sessionId);
    if (reply && (reply.type === "CLOSE" || (reply.type === "REJECT" && !this.#push))) this.#finish();
  }

  /** The stream is the session's from its first message on. */
  #bind(sessionId: string): void {
    if (this.#stream.isClosed) return;
    if (this.#push) {
      if (this.#push.sessionId !== sessionId) {
        this.#refuse("A message of another session came.", QUIC_CODES.session);
      }
      return;
    }
    this.#push = new SessionPush(sessionId, this.#options.sessions, {
      write: (message) => this.#write(message),
      drained: () => this.#stream.drained(),
      onOver: () => this.#finish(),
      onError: (error) => this.#fail(error, QUIC_CODES.internal),
    });
  }

  #write(message: Message | string): void {
    const text = typeof message === "string" ? message : writeMessage(message);
    this.#stream.write(writeFrame("text", Buffer.from(text, "utf8")));
  }

  #finish(): void {
    this.#push?.stop();
    this.#stream.finish();
  }

  #refuse(reason: string, code: QuicCode): void {
    this.#fail(new ProtocolError("M2M_PROTOCOL_STATE", reason), code);
  }

  #fail(error: unknown, code: QuicCode): void {
    if (this.#stream.isClosed) return;
    this.#options.onError(error, code);
    this.#stream.reset(code);
  }
}
