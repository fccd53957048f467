import {
  CHANNEL_EXTENSION,
  readMessage,
  type AcceptMessage,
  type DataMessage,
  type HelloMessage,
  type MailboxEntry,
  type Message,
  type PongMessage,
  type Session,
  type SignalMessage,
  writeMessage,
} from "../../session/index.js";
import type { HeldShare } from "../../http/index.js";
import { M2MError, ProtocolError } from "../../shared/errors.js";
import { joinSignals } from "../../shared/joined-signal.js";
import type { RateLimitBucket } from "../../shared/stores.js";
import { answeringAlgorithms } from "./algorithms.js";
import { answeringExtensions } from "./extensions.js";
import { LaterError, rateLimited } from "./later.js";
import { MetricsCounter } from "./metrics.js";
import { resolveServiceOptions, type ResolvedServiceOptions, type SessionServiceOptions } from "./options.js";
import { SessionRecords, unknownSession, type MessageEnvironment } from "./records.js";
import { closeMessage, echoOf, pong, refusalOf, rejected } from "./replies.js";
import { channelOf, ChannelRelay, requestedChannel } from "./relay.js";
import { scanOnce } from "./scan-once.js";
import { SerialByKey } from "./serial.js";
import type {
  HandledMessage,
  Peer,
  SessionMetrics,
  SessionService,
  SessionView,
  TakeOptions,
  TickResult,
} from "./types.js";
import { viewOf } from "./view.js";

/** How long the CLOSE of a session that this side ends waits for the connection that will send it. */
const CLOSE_RETENTION_MS = 30_000;

/** @throws {InputError} `M2M_USAGE` */
export function createSessionService(options: SessionServiceOptions): SessionService {
  return new StoredSessions(resolveServiceOptions(options));
}

/** Sessions that live in stores. What this process keeps of its own is counters and the order of what it is working on. */
class StoredSessions implements SessionService {
  readonly #options: ResolvedServiceOptions;
  readonly #records: SessionRecords;
  readonly #relay: ChannelRelay;
  readonly #metrics = new MetricsCounter();
  readonly #serial = new SerialByKey();
  readonly #working = new Set<Promise<unknown>>();
  readonly #stopping = new AbortController();

  constructor(options: ResolvedServiceOptions) {
    this.#options = options;
    this.#records = new SessionRecords(options);
    this.#relay = new ChannelRelay(options, this.#records);
    // Options that no session can have are refused now, not with the first HELLO.
    this.#records.begin({ capabilities: options.capabilities });
  }

  async handle(input: string | Uint8Array | Message, peer: Peer = {}): Promise<HandledMessage> {
    return this.#track(this.#handle(input, peer));
  }

  async describe(id: string): Promise<SessionView | undefined> {
    const session = await unlessUnknown(this.#records.read(id));
    if (!session) return undefined;
    const view = viewOf(session);
    return view.expiresAtMs !== undefined && view.expiresAtMs <= this.#options.nowMs() ? undefined : view;
  }

  async close(id: string): Promise<boolean> {
    const closed = await unlessUnknown(
      this.#serial.run(id, () =>
        this.#records.update(id, this.#environment(), async (session) => session.close()),
      ),
    );
    if (!closed) return false;
    await this.#forget(closed.session);
    if (closed.result) {
      const { mailbox, nowMs } = this.#options;
      await mailbox.put(id, writeMessage(closed.result), { expiresAtMs: nowMs() + CLOSE_RETENTION_MS });
    }
    return true;
  }

  count(): Promise<number> {
    return this.#options.store.count();
  }

  async take(
    id: string,
    { after, limit, waitMs = 0, signal, peek = false }: TakeOptions = {},
  ): Promise<readonly MailboxEntry[]> {
    const { mailbox, limits, nowMs } = this.#options;
    if (!peek) {
      const sign: PongMessage = { type: "PONG", sessionId: id, timestampMs: Math.floor(nowMs()) };
      const heard = await unlessUnknown(this.#track(this.#serial.run(id, () => this.#receive(sign))));
      if (!heard) return this.#takeRest(id, after, limit);
      if (after !== undefined) await mailbox.acknowledge(id, after);
    }
    const stopping = this.#stopping.signal;
    // Who looks for a connection asks again and again: it would leave no turn of the event loop to what is to be answered still.
    if (peek && stopping.aborted && signal) return whenAborted(signal);
    const either = signal && joinSignals(signal, stopping);
    try {
      return await mailbox.read(id, {
        after,
        limit,
        waitMs: stopping.aborted ? 0 : Math.min(waitMs, limits.maxWaitMs),
        signal: either?.signal ?? stopping,
      });
    } catch (error) {
      if (stopping.aborted && !signal?.aborted) return [];
      throw error;
    } finally {
      either?.release();
    }
  }

  /** What a session that this side has ended still has to say: CLOSE. @throws {ProtocolError} `M2M_SESSION_UNKNOWN` */
  async #takeRest(
    id: string,
    after: string | undefined,
    limit: number | undefined,
  ): Promise<readonly MailboxEntry[]> {
    const rest = await this.#options.mailbox.read(id, { after, limit });
    if (rest.length === 0) throw unknownSession();
    return rest;
  }

  acknowledge(id: string, upTo: string): Promise<void> {
    return this.#options.mailbox.acknowledge(id, upTo);
  }

  async tick(id: string): Promise<TickResult> {
    const ticked = await unlessUnknown(
      this.#serial.run(id, () =>
        this.#records.update(id, this.#environment(), async (session) => session.tick()),
      ),
    );
    if (!ticked) return { message: closeMessage(id, this.#options.nowMs()) };
    const { session, result: message } = ticked;
    if (session.state !== "established") await this.#forget(session);
    return { message, nextDeadlineMs: session.nextDeadlineMs() };
  }

  metrics(): SessionMetrics {
    return this.#metrics.read();
  }

  async shutdown(): Promise<void> {
    this.#stopping.abort();
    while (this.#working.size > 0) await Promise.allSettled(this.#working);
  }

  async #track<Result>(work: Promise<Result>): Promise<Result> {
    this.#working.add(work);
    try {
      return await work;
    } finally {
      this.#working.delete(work);
    }
  }

  async #handle(input: string | Uint8Array | Message, peer: Peer): Promise<HandledMessage> {
    this.#metrics.add("messages");
    const { limits, nowMs } = this.#options;
    const { maxMessageBytes } = limits;
    let message: Message | undefined;
    try {
      message =
        typeof input === "string" || input instanceof Uint8Array
          ? readMessage(input, { maxMessageBytes, receivedAtMs: Math.floor(nowMs()) })
          : input;
      return await this.#dispatch(message, peer);
    } catch (error) {
      if (!(error instanceof M2MError)) throw error;
      this.#metrics.addRefused(error.code);
      const refusal = refusalOf(message, error, nowMs());
      return error instanceof LaterError ? { ...refusal, retryAfterMs: error.retryAfterMs } : refusal;
    }
  }

  async #dispatch(message: Message, peer: Peer): Promise<HandledMessage> {
    const { helloRate } = this.#options.limits;
    switch (message.type) {
      case "HELLO":
        if (peer.address !== undefined) await this.#limit(`hello:${peer.address}`, helloRate);
        return this.#open(message, peer);
      case "REJECT":
        throw new ProtocolError("M2M_PROTOCOL_STATE", "A REJECT does not say which session it ends.", {
          hint: "Send CLOSE.",
        });
      case "DATA":
        return this.#serial.run(message.sessionId, () => this.#exchange(message, peer));
      case "ACCEPT":
      case "PING":
      case "PONG":
      case "CLOSE":
        return this.#serial.run(message.sessionId, () => this.#receive(message));
    }
  }

  /** @throws {LaterError} `M2M_RATE_LIMITED` */
  async #limit(key: string, bucket: RateLimitBucket): Promise<void> {
    const { allowed, retryAfterMs } = await this.#options.rates.take(key, 1, bucket);
    if (!allowed) throw rateLimited(retryAfterMs);
  }

  async #open(hello: HelloMessage, peer: Peer): Promise<HandledMessage> {
    const { capabilities = {} } = this.#options;
    const channel = requestedChannel(hello.capabilities?.extensions);
    const extensions = new Map(capabilities.extensions);
    if (channel !== undefined) extensions.set(CHANNEL_EXTENSION, channel);
    for (const [name, value] of answeringExtensions(hello, capabilities, peer)) extensions.set(name, value);
    const compression = { ...capabilities.compression, algorithms: answeringAlgorithms(capabilities) };
    const session = this.#records.begin({ capabilities: { ...capabilities, compression, extensions } });
    const { reply } = await session.receive(hello);
    const { id } = session;
    if (session.state !== "established" || id === undefined) {
      this.#metrics.add("rejected");
      const error = rejected(session);
      this.#metrics.addRefused(error.code);
      return { reply, error };
    }
    await this.#records.add(session);
    try {
      if (channel !== undefined) await this.#relay.join(channel, id);
    } catch (error) {
      await this.#options.store.delete(id);
      throw error;
    }
    this.#metrics.add("opened");
    return { sessionId: id, reply, agreed: session.agreed };
  }

  async #receive(message: AcceptMessage | SignalMessage): Promise<HandledMessage> {
    const { sessionId } = message;
    const { session, before, result } = await this.#records.update(
      sessionId,
      this.#environment(),
      (session) => session.receive(message),
    );
    const { reply } = result;
    if (session.state === "established") await this.#heard(session, before, message);
    else await this.#forget(session);
    return { sessionId, reply, agreed: session.state === "established" ? session.agreed : undefined };
  }

  async #exchange(message: DataMessage, peer: Peer): Promise<HandledMessage> {
    const contents = this.#options.contents.open();
    try {
      return await this.#exchangeWithin(contents, message, peer);
    } finally {
      contents.release();
    }
  }

  /** @param contents holds what the message is opened to */
  async #exchangeWithin(contents: HeldShare, message: DataMessage, peer: Peer): Promise<HandledMessage> {
    const { sessionId, delivery } = message;
    const { dataRate } = this.#options.limits;
    const { onThreat } = this.#options;
    const scanner = scanOnce(this.#options.scanner, (verdict) => onThreat?.(verdict, peer));
    let admitted: Promise<void> | undefined;
    const { session, before, result } = await this.#records.update(
      sessionId,
      { scanner, contents },
      async (session) => {
        // It may be done again: that is still one message, and what it was opened to before is not needed any more.
        await (admitted ??= this.#limit(`data:${sessionId}`, dataRate));
        contents.release();
        const reception = await session.receive(message);
        const echo = channelOf(session) === undefined ? await echoOf(session, reception) : undefined;
        return { reception, echo };
      },
    );
    const { reception, echo } = result;
    const received = reception.data;
    await this.#heard(session, before, message);
    this.#metrics.add("data");
    this.#metrics.add("contentBytes", received?.bytes.length ?? 0);
    this.#metrics.add("wireBytes", message.content.length);
    const sequence = delivery?.sequence;
    const channel = channelOf(session);
    if (channel !== undefined && received) {
      const source = sequence === undefined ? undefined : { id: sessionId, sequence };
      const relayed = { content: received.bytes, senderId: sessionId, source, scanner };
      this.#metrics.add("relayed", await this.#relay.send(channel, relayed));
    }
    if (sequence === undefined) return { sessionId, received, ...(echo ? { reply: echo } : {}) };
    const reply = echo ?? pong(sessionId, this.#options.nowMs());
    return { sessionId, received, reply: { ...reply, delivery: { ack: sequence } } };
  }

  /** Of what opens no content. */
  #environment(): MessageEnvironment {
    return { scanner: this.#options.scanner };
  }

  /** What a message says to the transport, and what follows from its session being active. */
  async #heard(
    session: Session,
    before: Parameters<ChannelRelay["renew"]>[2],
    message: Message,
  ): Promise<void> {
    const channel = channelOf(session);
    if (channel !== undefined) await this.#relay.renew(channel, session, before);
    const cursor = message.delivery?.cursor;
    if (cursor !== undefined) await this.#options.mailbox.acknowledge(session.id as string, cursor);
  }

  /** What is left of a session that is over. */
  async #forget(session: Session): Promise<void> {
    const id = session.id as string;
    const channel = channelOf(session);
    this.#metrics.add("closed");
    if (channel !== undefined) await this.#relay.leave(channel, id);
    await this.#options.mailbox.delete(id);
  }
}

/** Nothing, when the signal says so. */
function whenAborted(signal: AbortSignal): Promise<readonly []> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve([]);
    else signal.addEventListener("abort", () => resolve([]), { once: true });
  });
}

async function unlessUnknown<Result>(work: Promise<Result>): Promise<Result | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof M2MError && error.code === "M2M_SESSION_UNKNOWN") return undefined;
    throw error;
  }
}
