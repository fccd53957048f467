import type { Agreement, ReceivedData, SendOptions, SessionCounters } from "../session/index.js";
import { InputError, LimitError } from "../shared/errors.js";
import { Conversation, type ClientState } from "./conversation.js";
import { answerMissing, nothingSaid } from "./failures.js";
import { resolveClientOptions, type M2MClientOptions, type ResolvedClientOptions } from "./options.js";
import { Places, waitFor } from "./waiting.js";

export interface CallOptions {
  /** Gives up: what it says is thrown. */
  readonly signal?: AbortSignal;
}

export interface ReceiveOptions extends CallOptions {
  /** How long to wait, in milliseconds. Default: until something comes. */
  readonly timeoutMs?: number;
}

/**
 * An agent's side of a session with an m2m server, over HTTP, WebSocket or AI-TCP. A connection that is lost is made again and the
 * session gone on with: what was acknowledged is not lost, and nothing comes twice.
 */
export class M2MClient implements AsyncIterable<ReceivedData> {
  readonly #options: ResolvedClientOptions;
  readonly #conversation: Conversation;
  readonly #places: Places;

  /** @throws {InputError} `M2M_USAGE` if an option is wrong */
  constructor(options: M2MClientOptions) {
    this.#options = resolveClientOptions(options);
    this.#conversation = new Conversation(this.#options);
    this.#places = new Places(this.#options.maxUnacknowledged);
  }

  get state(): ClientState {
    return this.#conversation.state;
  }
  /** `undefined` until there is a session. It is a secret: who has it can take the session over. */
  get sessionId(): string | undefined {
    return this.#conversation.session.id;
  }
  /** `undefined` until there is a session. */
  get agreed(): Agreement | undefined {
    return this.#conversation.session.agreed;
  }
  get counters(): SessionCounters {
    return this.#conversation.session.counters;
  }

  /**
   * Begins the session. A client does so once.
   * @throws {UpstreamError} `M2M_CONNECTION_FAILED`, with the `status` of the answer if there is one; `M2M_ANSWER_TIMEOUT`
   * @throws {ProtocolError} `M2M_SESSION_REJECTED`; `M2M_NOT_NEGOTIATED` if there is no such channel; `M2M_PROTOCOL_STATE` if it was
   * called before
   */
  connect({ signal }: CallOptions = {}): Promise<void> {
    return this.#conversation.connect(signal);
  }

  /**
   * Sends a content. Resolves when it is acknowledged: then it is in the mailbox of every member of the channel.
   * @throws {LimitError} `M2M_MAILBOX_FULL`, `M2M_BUSY`, `M2M_RATE_LIMITED`, `M2M_PAYLOAD_TOO_LARGE`
   * @throws {SecurityThreat} `M2M_SECURITY_THREAT` if this side or the server blocks it
   * @throws {UpstreamError} `M2M_ANSWER_TIMEOUT`, `M2M_CONNECTION_LOST`: it may have arrived all the same
   * @throws {ProtocolError} `M2M_PROTOCOL_STATE` if the client is not connected; what ended the session
   */
  async send(content: string | Uint8Array, options: CallOptions & SendOptions = {}): Promise<void> {
    if (this.#options.channel === undefined && this.#conversation.queue.length >= this.#options.maxBuffered) {
      throw new LimitError("M2M_MAILBOX_FULL", "The answers to what was sent before are not taken.", {
        hint: "Take them, or use request().",
      });
    }
    await this.#transfer(content, options, false);
  }

  /**
   * Sends a content to a server without a channel, and gives what it answers.
   * @throws {InputError} `M2M_USAGE` if there is a channel, where others answer when they like
   * @throws {M2MError} as `send`
   */
  async request(
    content: string | Uint8Array,
    options: CallOptions & SendOptions = {},
  ): Promise<ReceivedData> {
    if (this.#options.channel !== undefined) {
      throw new InputError("M2M_USAGE", "In a channel nothing is the answer to anything.", {
        hint: "Use send() and receive().",
      });
    }
    const answer = await this.#transfer(content, options, true);
    if (!answer) throw nothingSaid();
    return answer;
  }

  /**
   * The next content that was received; `undefined` when the session is closed.
   * @throws {SecurityThreat} `M2M_SECURITY_THREAT` for one that this side's scanner blocks; the next call gives the next one
   * @throws {M2MError} for one that cannot be read, as `M2M_CHECKSUM_MISMATCH`; the next call gives the next one too
   * @throws {UpstreamError} `M2M_ANSWER_TIMEOUT` if nothing came in the time
   * @throws {M2MError} what ended the session
   */
  receive({ signal, timeoutMs }: ReceiveOptions = {}): Promise<ReceivedData | undefined> {
    const onTimeout = (): Error => answerMissing("Nothing was received in the time.");
    return this.#conversation.queue.take({ signal, timeoutMs, onTimeout });
  }

  /** What is received, until the session is closed. Throws as `receive`. */
  async *[Symbol.asyncIterator](): AsyncGenerator<ReceivedData, void, undefined> {
    for (;;) {
      const data = await this.receive();
      if (!data) return;
      yield data;
    }
  }

  /** How long the server takes to answer, in milliseconds. @throws {M2MError} as `send` */
  ping({ signal }: CallOptions = {}): Promise<number> {
    const onTimeout = (): Error => answerMissing("The server does not answer PING.");
    return this.#conversation.ping({ signal, timeoutMs: this.#options.sendTimeoutMs, onTimeout });
  }

  /** Ends the session. What is not acknowledged is given up; what has been received can still be taken. */
  close({ signal }: CallOptions = {}): Promise<void> {
    return this.#conversation.close(signal);
  }

  async #transfer(
    content: string | Uint8Array,
    { signal, ...options }: CallOptions & SendOptions,
    wantsReply: boolean,
  ): Promise<ReceivedData | undefined> {
    this.#conversation.assertOpen();
    const { sendTimeoutMs: timeoutMs } = this.#options;
    const onTimeout = (): Error => answerMissing("The message was not acknowledged in the time.");
    await this.#places.take({ signal, timeoutMs, onTimeout });
    try {
      const sent = await this.#conversation.transfer(content, options, wantsReply, signal);
      try {
        return await waitFor(sent.answer.promise, { signal, timeoutMs, onTimeout });
      } finally {
        this.#conversation.drop(sent);
      }
    } finally {
      this.#places.give();
    }
  }
}
