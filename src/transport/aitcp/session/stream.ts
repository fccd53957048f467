import { assertWhole } from "../../../shared/bounds.js";
import { InputError, ProtocolError } from "../../../shared/errors.js";
import { encodeUtf8 } from "../../../shared/utf8.js";
import type { SentMessage, Streams } from "../flow/index.js";
import { Waiters } from "./waiters.js";

/** What a stream needs of its session. */
export interface StreamHost {
  readonly streams: Streams;
  /** What ended the session, if it is over. */
  readonly failure: Error | undefined;
  readonly isClosed: boolean;
  /** There is something to send. */
  wake(): void;
}

export interface SendOptions {
  /**
   * It does no harm if it can be read later, or if the peer's application gets it twice: it may go with the first packet of a resumption, where
   * both sides have that switched on (`sendsEarly`, `takesEarly`).
   */
  readonly isSafe?: boolean;
  /** Gives up waiting: what it says is thrown. The message may arrive all the same. */
  readonly signal?: AbortSignal;
}

export interface ReceiveOptions {
  /** Gives up: what it says is thrown. */
  readonly signal?: AbortSignal;
}

/** One stream of messages in both directions. It outlives connections, as its session does. */
export class AiTcpStream implements AsyncIterable<Uint8Array> {
  readonly id: number;
  /** Whether another process has been given what came before on it, and what this one answers builds on nothing. */
  readonly isRestored: boolean;
  readonly #host: StreamHost;
  readonly #waiters = new Waiters();
  /** Messages that the application was given. */
  #given: number;
  /** Messages that may be given; absent: all that have come. */
  #allowed: number | undefined;
  #resetCode: number | undefined;
  /** Of its first messages, how many came early. */
  #early = 0;

  /**
   * @param given messages that a process before this one was given, if there was one
   * @param isClaimed whether messages are given only after `allow`
   */
  constructor(host: StreamHost, id: number, given?: number, isClaimed = false) {
    this.#host = host;
    this.id = id;
    this.isRestored = given !== undefined;
    this.#given = given ?? 0;
    if (isClaimed) this.#allowed = this.#given;
  }

  /**
   * Whether the message that was given last came with the first packet of a resumption: it has no forward secrecy of its own, and that it comes once
   * holds as far as the servers' store does (docs/spec/aitcp-security.md).
   */
  get isEarly(): boolean {
    return this.#given > 0 && this.#given <= this.#early;
  }

  /**
   * Sends a message. Resolves when the peer's application has taken it.
   * @throws {LimitError} `M2M_INPUT_TOO_LARGE`
   * @throws {ProtocolError} `M2M_STREAM_CLOSED` if it was not delivered
   * @throws {UpstreamError} `M2M_OUTCOME_UNKNOWN` if the peer may have had it
   */
  async send(message: Uint8Array | string, { isSafe, signal }: SendOptions = {}): Promise<void> {
    signal?.throwIfAborted();
    while (!this.#host.streams.isWritable) await raced(this.#host.streams.ready(), signal);
    await raced(this.write(message, { isSafe }).acknowledged, signal);
  }

  /**
   * Queues a message, whose bytes must stay as they are until it is acknowledged.
   * @returns it; who wants to know may ask for `acknowledged`
   * @throws {LimitError} `M2M_QUEUE_FULL` until `ready` resolves; `M2M_INPUT_TOO_LARGE`
   * @throws {ProtocolError} `M2M_STREAM_CLOSED`
   * @throws {InputError} `M2M_USAGE` if it is neither text nor bytes
   */
  write(message: Uint8Array | string, { isSafe = false }: Pick<SendOptions, "isSafe"> = {}): SentMessage {
    this.#assertOpen();
    const bytes = typeof message === "string" ? encodeUtf8(message) : message;
    if (!(bytes instanceof Uint8Array)) {
      throw new InputError("M2M_USAGE", "A message is text, or bytes (Uint8Array).", {
        hint: "JSON.stringify makes text of other values.",
      });
    }
    const sent = this.#host.streams.send(this.id, bytes, { isSafe });
    this.#host.wake();
    return sent;
  }

  /** Resolves when `write` takes another message. */
  ready(): Promise<void> {
    return this.#host.streams.ready();
  }

  /** Sends no more. What was written is sent still. @throws {ProtocolError} `M2M_STREAM_CLOSED` */
  end(): void {
    this.#assertOpen();
    this.#host.streams.end(this.id);
    this.#host.wake();
  }

  /**
   * Gives the stream up, in both directions.
   * @param code for the peer: a whole number from 0 to 2^53 - 1
   * @throws {InputError} `M2M_USAGE`
   */
  reset(code = 0): void {
    assertWhole({ code }, 0);
    this.#resetCode ??= code;
    if (!this.#host.isClosed) this.#host.streams.reset(this.id, code);
    this.#host.wake();
    this.#waiters.wake();
  }

  /**
   * The next message, which is acknowledged with that; `undefined` at the end of the stream.
   * @throws {ProtocolError} `M2M_STREAM_CLOSED` if it was given up; what ended the session
   */
  async receive(options?: ReceiveOptions): Promise<Uint8Array | undefined> {
    const message = this.tryTake() ?? (await this.take(options));
    if (message) this.acknowledge();
    return message;
  }

  /** As `receive`, but it is acknowledged by `acknowledge`, when its work is done. */
  async take({ signal }: ReceiveOptions = {}): Promise<Uint8Array | undefined> {
    for (;;) {
      const message = this.tryTake();
      if (message) return message;
      if (this.#host.failure) throw this.#host.failure;
      if (this.#resetCode !== undefined) throw this.#givenUp(this.#resetCode);
      if (this.#host.isClosed || this.#host.streams.isRead(this.id)) return undefined;
      await this.#waiters.wait(signal);
    }
  }

  /** The next message, if there is one now. */
  tryTake(): Uint8Array | undefined {
    if (this.#allowed !== undefined && this.#given >= this.#allowed) return undefined;
    const message = this.#host.streams.take(this.id);
    if (message) this.#given++;
    return message;
  }

  /** The application has taken all that it was given: the peer is told. */
  acknowledge(): void {
    if (this.#host.isClosed) return;
    this.#host.streams.acknowledge(this.id, this.#given);
    this.#host.wake();
  }

  /**
   * Messages until the end of the stream; each is acknowledged when the next one is asked for. Throws as `receive`. Who leaves the loop before
   * the end, by `break`, `return` or an error, gives the stream up (`reset`), as with streams of Node: the last message is not acknowledged,
   * since nobody knows that its work is done. Who wants only some messages uses `receive`.
   */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined, undefined> {
    // A generator would make three promises of each message.
    let isGiven = false;
    const giveNext = (value: Uint8Array | undefined): IteratorResult<Uint8Array, undefined> => {
      isGiven = value !== undefined;
      return value === undefined ? { done: true, value } : { done: false, value };
    };
    return {
      next: () => {
        if (isGiven) this.acknowledge();
        isGiven = false;
        const value = this.tryTake();
        return value === undefined ? this.take().then(giveNext) : Promise.resolve(giveNext(value));
      },
      return: () => {
        this.reset();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }

  /** For the session: something has come. */
  touch(): void {
    this.#waiters.wake();
  }

  /** For the session: one more of its first messages came early. */
  cameEarly(): void {
    this.#early++;
  }

  /** For the session: the peer gave it up. */
  wasReset(code: number): void {
    this.#resetCode ??= code;
    this.touch();
  }

  /** For the session: that many further messages may be given. */
  allow(count: number): void {
    if (this.#allowed !== undefined) this.#allowed += count;
    this.touch();
  }

  #assertOpen(): void {
    if (this.#host.failure) throw this.#host.failure;
    if (this.#host.isClosed) throw new ProtocolError("M2M_STREAM_CLOSED", "The session is over.");
  }

  #givenUp(code: number): ProtocolError {
    return new ProtocolError("M2M_STREAM_CLOSED", `Stream ${this.id} was given up, with the code ${code}.`);
  }
}

/** @throws what `signal` says, if that comes first */
async function raced(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (!signal) return promise;
  signal.throwIfAborted();
  let onAbort!: () => void;
  const aborted = new Promise<never>((_, reject) => {
    // The caller asked for this very error.
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
    onAbort = () => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
  });
  try {
    await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
