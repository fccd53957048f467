import {
  LinkHistory,
  usesHistory,
  type Agreement,
  type DataMessage,
  type Message,
} from "../session/index.js";
import { M2MError } from "../shared/errors.js";
import { MAX_TIMER_MS } from "../shared/timers.js";
import { AiTcpCarrier } from "./aitcp-carrier.js";
import type { Carrier, CarrierEvents, LossAdvice } from "./carrier.js";
import { answerMissing, connectionLost } from "./failures.js";
import { HttpCarrier } from "./http-carrier.js";
import type { ResolvedClientOptions, Transport } from "./options.js";
import { Lost } from "./reconnect.js";
import { Deferred, waitFor } from "./waiting.js";
import { WebSocketCarrier } from "./websocket-carrier.js";

const CARRIERS = {
  http: HttpCarrier,
  websocket: WebSocketCarrier,
  aitcp: AiTcpCarrier,
} as const satisfies Record<
  Transport,
  new (options: ResolvedClientOptions, events: CarrierEvents) => Carrier
>;

export interface ConnectionOwner {
  /** Takes a message. One after the other; what it throws ends everything. */
  handle(message: Message): Promise<void>;
  /** The connection was open and is lost. */
  onLost(lost: Lost): void;
  onFailure(error: unknown): void;
  /** A message does not follow those before it: the connection is lost for it. */
  onUnreadable(message: DataMessage, error: M2MError): void;
  /** What the session has agreed on, if it is established. */
  agreed(): Agreement | undefined;
  /** Whether an answer is due. */
  isWaiting(): boolean;
  /** Resolves when everything that was handled has been taken, with the place of the last. */
  whenTaken(): Promise<string | undefined>;
}

/** The connection that there is at a time, and what is being said to open it. */
export class Connection {
  readonly #options: ResolvedClientOptions;
  readonly #owner: ConnectionOwner;
  #carrier: Carrier | undefined;
  /** The windows of the connection, while there is one. */
  #history: LinkHistory | undefined;
  /** The answer to what opens it. */
  #greeting: Deferred<void> | undefined;
  #isOpen = false;
  #handling: Promise<void> = Promise.resolve();
  #watch: NodeJS.Timeout | undefined;

  constructor(options: ResolvedClientOptions, owner: ConnectionOwner) {
    this.#options = options;
    this.#owner = owner;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }
  /** Whether what was taken has to be said, rather than being said by asking for more. */
  get isTold(): boolean {
    return this.#carrier?.isAsking === false;
  }

  /**
   * Makes a connection with a first message. Resolves when `greeted` is called.
   * @throws {Lost} if it does not come about
   */
  async greet(message: Message, signal: AbortSignal): Promise<void> {
    const greeting = new Deferred<void>();
    this.#greeting = greeting;
    this.#history = undefined;
    const carrier = this.#makeCarrier();
    this.#carrier = carrier;
    carrier.send(message);
    const onTimeout = (): Error => new Lost(answerMissing("The server does not answer."));
    try {
      await waitFor(greeting.promise, { signal, timeoutMs: this.#options.answerTimeoutMs, onTimeout });
      this.#isOpen = true;
    } catch (error) {
      this.drop();
      throw error;
    } finally {
      this.#greeting = undefined;
    }
  }

  /** Whether a first message waits for its answer. */
  get isGreeting(): boolean {
    return this.#greeting !== undefined;
  }

  greeted(): void {
    this.#greeting?.resolve();
  }

  /** The connection is of no use, because of this. */
  lose(error: M2MError, advice?: LossAdvice): void {
    const lost = new Lost(error, advice);
    const greeting = this.#greeting;
    this.drop();
    if (greeting) greeting.reject(lost);
    else this.#owner.onLost(lost);
  }

  start(sessionId: string, hasChannel: boolean): void {
    this.#carrier?.start(sessionId, hasChannel);
  }

  /**
   * Hands a message over, if there is a connection.
   * @param isAgain whether it was on a connection that is lost: it stands for itself then, since its place in the windows may be why
   */
  send(message: Message, isAgain = false): void {
    const history = message.type === "DATA" && !isAgain ? this.#windows() : undefined;
    this.#carrier?.send(history ? history.write(message as DataMessage) : message);
    this.expectAnswer();
  }

  drop(): void {
    this.#carrier?.close();
    this.#carrier = undefined;
    this.#history = undefined;
    this.#isOpen = false;
    clearTimeout(this.#watch);
    this.#watch = undefined;
  }

  /** While an answer is due, silence for too long is a lost connection. */
  expectAnswer(): void {
    if (this.#watch !== undefined || !this.#isOpen || !this.#owner.isWaiting()) return;
    this.#watch = setTimeout(
      () => this.lose(answerMissing("The server does not answer.")),
      Math.min(this.#options.answerTimeoutMs, MAX_TIMER_MS),
    );
  }

  #makeCarrier(): Carrier {
    const isCurrent = (): boolean => this.#carrier === carrier;
    const events: CarrierEvents = {
      onMessage: (message) =>
        this.#then(async () => {
          if (isCurrent()) await this.#handle(message);
        }),
      // What has come is handled first.
      onLost: (error, advice) =>
        this.#then(async () => {
          if (isCurrent()) this.lose(error, advice);
        }),
      whenTaken: async () => {
        await this.#handling;
        return this.#owner.whenTaken();
      },
    };
    const carrier: Carrier = new CARRIERS[this.#options.transport](this.#options, events);
    return carrier;
  }

  /** Does what came after what came before. */
  #then(work: () => Promise<void>): void {
    this.#handling = this.#handling.then(work).catch((error: unknown) => this.#owner.onFailure(error));
  }

  async #handle(message: Message): Promise<void> {
    clearTimeout(this.#watch);
    this.#watch = undefined;
    const given = this.#unwind(message);
    if (!given) return;
    await this.#owner.handle(given);
    this.expectAnswer();
  }

  /** The message as one that stands for itself; `undefined` if it does not follow those before it: then all is sent again. */
  #unwind(message: Message): Message | undefined {
    if (message.type !== "DATA") return message;
    try {
      return this.#windows()?.read(message) ?? message;
    } catch (error) {
      if (!(error instanceof M2MError)) throw error;
      this.#owner.onUnreadable(message, error);
      this.lose(connectionLost("What the server sends does not follow what it sent before.", error));
      return undefined;
    }
  }

  /** `undefined` where none are agreed. */
  #windows(): LinkHistory | undefined {
    const agreed = this.#owner.agreed();
    if (!this.#carrier || !agreed || !usesHistory(agreed)) return undefined;
    return (this.#history ??= new LinkHistory(agreed, this.#options.codec));
  }
}
