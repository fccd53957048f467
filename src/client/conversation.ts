import {
  DEFAULT_TIMING,
  type CloseMessage,
  type DataMessage,
  type Message,
  type PingMessage,
  type ReceivedData,
  type SendOptions,
  type Session,
} from "../session/index.js";
import { ProtocolError, type M2MError } from "../shared/errors.js";
import { Connection } from "./connection.js";
import { answerMissing, clientClosed, sessionOver } from "./failures.js";
import { assertChannel, hasChannel, newInitiator } from "./initiator.js";
import { MailboxPlace } from "./mailbox-place.js";
import type { ResolvedClientOptions } from "./options.js";
import { Outstanding, type Sent } from "./outstanding.js";
import { ReceivedQueue, type ReceivedItem } from "./received-queue.js";
import { failureOf, Lost, reconnect } from "./reconnect.js";
import { SessionTimer } from "./session-timer.js";
import { UnreadableMessages } from "./unreadable.js";
import { Deferred, waitFor, type WaitOptions } from "./waiting.js";

export type ClientState = "new" | "connecting" | "open" | "reconnecting" | "closed";

/** One session with a server, over as many connections as it takes. */
export class Conversation {
  readonly queue: ReceivedQueue;
  readonly #options: ResolvedClientOptions;
  readonly #connection: Connection;
  readonly #place: MailboxPlace;
  readonly #timer: SessionTimer;
  readonly #outstanding = new Outstanding();
  readonly #unreadable = new UnreadableMessages();
  readonly #stopped = new AbortController();
  readonly #closed = new Deferred<void>();
  #state: ClientState = "new";
  #session: Session;
  /** Resolves when there is an established session. */
  #ready = new Deferred<void>();
  #pings: Deferred<void>[] = [];
  /** What is sent is sealed one after the other. */
  #sealing: Promise<unknown> = Promise.resolve();
  #failure: Error | undefined;
  /** The server knows the session no more. */
  #mustRenew = false;

  /** @throws {InputError} `M2M_USAGE` */
  constructor(options: ResolvedClientOptions) {
    this.#options = options;
    this.#session = newInitiator(options);
    this.#place = new MailboxPlace(options.maxBuffered, () => this.#sayTaken());
    this.queue = new ReceivedQueue(({ cursor }) => {
      if (cursor !== undefined) this.#place.take(cursor);
    });
    this.#timer = new SessionTimer({
      nowMs: options.nowMs,
      onTick: (message) => this.#ticked(message),
      onFailure: (error) => this.#fail(error),
    });
    this.#connection = new Connection(options, {
      handle: (message) => this.#handle(message),
      onLost: (lost) => this.#lost(lost),
      onFailure: (error) => this.#fail(error),
      onUnreadable: (message, error) => this.#skipUnreadable(message, error),
      agreed: () => this.#session.agreed,
      isWaiting: () => this.#outstanding.size > 0 || this.#pings.length > 0,
      whenTaken: async () => {
        await this.queue.whenEmpty();
        return this.#place.taken;
      },
    });
  }

  get state(): ClientState {
    return this.#state;
  }
  get session(): Session {
    return this.#session;
  }

  async connect(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.#state === "closed") throw this.#failure ?? clientClosed();
    if (this.#state !== "new") {
      throw new ProtocolError("M2M_PROTOCOL_STATE", "The client is connected, or about to be.", {
        hint: "A client connects once, and makes a connection that is lost again by itself.",
      });
    }
    this.#state = "connecting";
    try {
      await waitFor(this.#begin(), { signal });
    } catch (error) {
      this.#fail(error);
      throw this.#failure ?? failureOf(error);
    }
  }

  /** Seals a content and hands it over. What becomes of it is the answer of what it gives. */
  transfer(
    content: string | Uint8Array,
    { algorithm }: SendOptions,
    wantsReply: boolean,
    signal: AbortSignal | undefined,
  ): Promise<Sent> {
    const sealing = this.#sealing.then(async () => {
      const message = await this.#seal(content, algorithm, signal);
      const sent = this.#outstanding.add({ content, algorithm, message, wantsReply, answer: new Deferred() });
      // Before it is open, what opens it comes first; then everything outstanding is sent.
      if (this.#connection.isOpen) this.#connection.send(sent.message);
      return sent;
    });
    this.#sealing = sealing.catch(() => {});
    return sealing;
  }

  drop(sent: Sent): void {
    this.#outstanding.drop(sent);
  }

  async ping(options: WaitOptions): Promise<number> {
    options.signal?.throwIfAborted();
    this.assertOpen();
    const startMs = performance.now();
    // Without a connection, what opens the next one answers it.
    await waitFor(this.#sendPing(this.#session.ping()), options);
    return performance.now() - startMs;
  }

  async close(signal: AbortSignal | undefined): Promise<void> {
    if (this.#state === "closed") return;
    try {
      if (this.#connection.isOpen && this.#session.state === "established") await this.#sayClose(signal);
    } catch (error) {
      // Without an answer it is over on this side all the same.
      if (signal?.aborted) throw error;
    } finally {
      this.#end(clientClosed());
      this.queue.end();
    }
  }

  /** @throws {M2MError} what ended it; `M2M_PROTOCOL_STATE` before `connect` and behind `close` */
  assertOpen(): void {
    if (this.#state === "open" || this.#state === "reconnecting") return;
    if (this.#failure) throw this.#failure;
    if (this.#state === "closed") throw clientClosed();
    throw new ProtocolError("M2M_PROTOCOL_STATE", "The client is not connected.", {
      hint: "Call connect().",
    });
  }

  async #seal(
    content: string | Uint8Array,
    algorithm: SendOptions["algorithm"],
    signal: AbortSignal | undefined,
  ): Promise<DataMessage> {
    for (;;) {
      await waitFor(this.#ready.promise, { signal });
      this.assertOpen();
      const session = this.#session;
      const message = await session.send(content, { algorithm });
      signal?.throwIfAborted();
      // It may have been lost and begun anew meanwhile.
      if (session === this.#session && !this.#mustRenew) return message;
    }
  }

  /** Opens a connection with HELLO, for a new session. */
  async #begin(): Promise<void> {
    const { maxBuffered } = this.#options;
    const hello = { ...this.#session.connect(), delivery: { window: maxBuffered } };
    await this.#connection.greet(hello, this.#stopped.signal);
    assertChannel(this.#session.agreed, this.#options);
    const lost = this.#mustRenew ? this.#outstanding.restart() : [];
    this.#mustRenew = false;
    this.#place.restart();
    for (const { content, algorithm, ...rest } of lost) {
      const message = await this.#session.send(content, { algorithm });
      this.#outstanding.add({ ...rest, content, algorithm, message });
    }
    this.#opened();
  }

  /** Opens a connection with PING, for the session that there is. */
  async #resume(): Promise<void> {
    const ping = { ...this.#session.ping(), ...this.#place.say() };
    await this.#connection.greet(ping, this.#stopped.signal);
    this.#opened();
  }

  #opened(): void {
    this.#state = "open";
    this.#ready.resolve();
    // The server has answered now.
    for (const ping of this.#pings.splice(0)) ping.resolve();
    const { agreed, id } = this.#session;
    this.#connection.start(id as string, hasChannel(agreed));
    for (const { message } of this.#outstanding.all) this.#connection.send(message, true);
    this.#timer.watch(this.#session);
  }

  async #handle(message: Message): Promise<void> {
    const session = this.#session;
    const { ack, rejection } = message.delivery ?? {};
    switch (message.type) {
      case "DATA":
        await this.#handleData(message);
        return;
      case "REJECT": {
        const error = sessionOver(message.rejection);
        const isLost = error.code !== "M2M_SESSION_REJECTED" && this.#state !== "connecting";
        if (!isLost || !this.#options.renew) throw error;
        this.#loseSession(error);
        return;
      }
      case "HELLO":
      case "ACCEPT":
      case "PING":
      case "CLOSE": {
        const { reply } = await session.receive(message);
        if (reply) this.#connection.send(reply);
        if (session.state === "closed") this.#over(session);
        else if (message.type === "ACCEPT") this.#connection.greeted();
        return;
      }
      case "PONG":
        await session.receive(message);
        if (ack !== undefined) this.#outstanding.settle(ack, rejection, undefined);
        else if (this.#connection.isGreeting) this.#connection.greeted();
        else this.#pings.shift()?.resolve();
    }
  }

  async #handleData(message: DataMessage): Promise<void> {
    const { ack, cursor, rejection } = message.delivery ?? {};
    if (cursor !== undefined && !this.#place.see(cursor)) return;
    // It was answered before, or nobody waits for it any more.
    if (ack !== undefined && !this.#outstanding.has(ack)) return;
    this.#unreadable.progress();
    const item: ReceivedItem = { ...(await this.#open(message)), cursor };
    if (ack === undefined || this.#outstanding.settle(ack, rejection, item)) this.queue.push(item);
  }

  async #open(message: DataMessage): Promise<{ readonly data?: ReceivedData; readonly error?: Error }> {
    try {
      const { data } = await this.#session.receive(message);
      return { data };
    } catch (error) {
      return { error: error as Error };
    }
  }

  /** Gives up a message that cannot be read over a second connection either: whoever takes it, or asked for it, hears why. */
  #skipUnreadable(message: DataMessage, error: M2MError): void {
    const { ack, cursor } = message.delivery ?? {};
    if (!this.#unreadable.note(message)) return;
    if (cursor !== undefined && !this.#place.see(cursor)) return;
    if (ack !== undefined && !this.#outstanding.has(ack)) return;
    this.#unreadable.progress();
    const item: ReceivedItem = { error, cursor };
    if (ack === undefined || this.#outstanding.settle(ack, undefined, item)) this.queue.push(item);
    // The next connection goes on behind it, though what was received before may wait to be taken still.
    if (cursor !== undefined) this.#place.take(cursor);
  }

  /** The session is closed: by the server, or by this side for what it was answered. */
  #over({ end }: Session): void {
    if (end?.reason === "rejected" && end.rejection) throw sessionOver(end.rejection);
    this.#closed.resolve();
    this.#end(clientClosed());
    this.queue.end();
  }

  #lost(lost: Lost): void {
    if (this.#session.state !== "established") this.#over(this.#session);
    else if (lost.advice.isFinal) this.#fail(lost);
    else if (this.#unreadable.losses > this.#options.reconnect.maxTries) this.#fail(lost);
    else this.#reconnect(lost);
  }

  /** The next connection begins another session. */
  #loseSession(error: M2MError): void {
    this.#mustRenew = true;
    this.#ready = new Deferred();
    if (this.#connection.isGreeting) {
      this.#connection.lose(error);
      return;
    }
    this.#connection.drop();
    this.#reconnect(new Lost(error));
  }

  #reconnect(lost: Lost): void {
    this.#state = "reconnecting";
    const open = async (): Promise<void> => {
      if (!this.#mustRenew) return this.#resume();
      this.#session = newInitiator(this.#options);
      return this.#begin();
    };
    reconnect(lost, this.#options.reconnect, this.#stopped.signal, open).catch((error: unknown) =>
      this.#fail(error),
    );
  }

  #fail(error: unknown): void {
    const failure = failureOf(error);
    this.#failure ??= failure;
    this.#end(failure);
    this.queue.end(failure);
  }

  #end(error: Error): void {
    this.#state = "closed";
    this.#stopped.abort(error);
    this.#connection.drop();
    this.#place.stop();
    this.#timer.stop();
    this.#ready.reject(error);
    this.#outstanding.failAll(error);
    for (const ping of this.#pings.splice(0)) ping.reject(error);
  }

  /** What time has done to the session. */
  #ticked(message: PingMessage | CloseMessage | undefined): void {
    if (message?.type === "PING" && this.#connection.isOpen) void this.#sendPing(message);
    if (this.#session.state !== "closed") return;
    if (message) this.#connection.send(message);
    this.#fail(new ProtocolError("M2M_SESSION_EXPIRED", "The session has expired."));
  }

  #sendPing(message: Message): Promise<void> {
    const answer = new Deferred<void>();
    this.#pings.push(answer);
    if (this.#connection.isOpen) this.#connection.send({ ...message, ...this.#place.say() });
    return answer.promise;
  }

  async #sayClose(signal: AbortSignal | undefined): Promise<void> {
    this.#sayTaken();
    const message = this.#session.close();
    if (message) this.#connection.send(message);
    const timeoutMs = this.#options.timing?.closeMs ?? DEFAULT_TIMING.closeMs;
    const onTimeout = (): Error => answerMissing("The server does not answer CLOSE.");
    await waitFor(this.#closed.promise, { signal, timeoutMs, onTimeout });
  }

  /** Tells the server what it need not keep any more. */
  #sayTaken(): void {
    const { id } = this.#session;
    if (!this.#connection.isOpen || !this.#connection.isTold || !this.#place.hasUnsaid || !id) return;
    const timestampMs = Math.floor(this.#options.nowMs());
    this.#connection.send({ type: "PONG", sessionId: id, timestampMs, ...this.#place.say() });
  }
}
