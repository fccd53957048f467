import {
  LinkHistory,
  MAX_CONTROL_BYTES,
  readBinaryData,
  readMessage,
  rejectionFor,
  usesHistory,
  writeMessage,
  type Agreement,
  type MailboxEntry,
  type Message,
} from "../../session/index.js";
import { M2MError, ProtocolError } from "../../shared/errors.js";
import { MAX_TIMER_MS } from "../../shared/timers.js";
import { MailboxDelivery } from "./delivery.js";
import type { LinkHistories } from "./link-histories.js";
import { isOver } from "./replies.js";
import type { HandledMessage, Peer, SessionService } from "./types.js";

/** How a mailbox's CLOSE begins: messages are written with their type first. */
const CLOSE_OPENING = '{"type":"CLOSE"';

/** Why a session leaves its connection. Every transport has a code for each. */
export type CarriageEnd = "done" | "failed" | "tryLater" | "malformed" | "mismatch" | "over" | "timeout";

/** A connection, as the session on it sees it. */
export interface SessionLink {
  send(message: Message): void;
  /** Sends an entry of the mailbox, with its place there. Resolves when there is room for another. */
  push(entry: MailboxEntry, sessionId: string): Promise<void>;
  /** Ends the connection behind what was sent, and calls `stop`. @param detail a few words, for people */
  end(why: CarriageEnd, detail: string): void;
  /** The connection has this session from now on, and no other has. */
  claim(sessionId: string): void;
  /** Told of what ends the connection and is not the peer's doing. */
  onError(error: unknown, why: CarriageEnd): void;
}

export interface CarriedSessionOptions {
  readonly sessions: SessionService;
  readonly peer: Peer;
  readonly link: SessionLink;
  readonly maxMessageBytes: number;
  /** How long there may be no session, in milliseconds. */
  readonly handshakeMs: number;
  /** The clock of `sessions`, in milliseconds since 1970. */
  readonly nowMs: () => number;
  /** Of a connection that keeps the order of messages: it may keep windows of them. Default: it keeps none. */
  readonly histories?: LinkHistories;
}

/** The session that a connection carries, in messages. The session outlives the connection. */
export class CarriedSession {
  readonly #options: CarriedSessionOptions;
  readonly #link: SessionLink;
  readonly #ended = new AbortController();
  #id: string | undefined;
  #delivery: MailboxDelivery | undefined;
  #history: LinkHistory | undefined;
  #timer: NodeJS.Timeout;

  constructor(options: CarriedSessionOptions) {
    this.#options = options;
    this.#link = options.link;
    this.#timer = setTimeout(() => this.#link.end("timeout", "no session"), options.handshakeMs);
  }

  /** `undefined` until there is one. */
  get id(): string | undefined {
    return this.#id;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#options.histories?.release(this);
    this.#ended.abort();
  }

  /** Takes a message of the peer. Never throws. */
  take(bytes: Uint8Array, isBinary: boolean): Promise<void> {
    return this.guard(() => this.#take(bytes, isBinary));
  }

  /** Runs a part of the connection's work; what fails ends it. Never throws. */
  async guard(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      const isExpected = error instanceof M2MError;
      const { signal } = this.#ended;
      if (signal.aborted && (isExpected || error === signal.reason)) return;
      const why = isExpected ? "tryLater" : "failed";
      this.#link.onError(error, why);
      this.#link.end(why, isExpected ? "try later" : "failed");
    }
  }

  async #take(bytes: Uint8Array, isBinary: boolean): Promise<void> {
    let message: Message;
    try {
      message = this.#read(bytes, isBinary);
    } catch (error) {
      if (!(error instanceof M2MError)) throw error;
      this.#refuse(error, "malformed");
      return;
    }
    const own = this.#id;
    if (message.type === "REJECT") {
      // All that the peer says is that it does not go on.
      if (own === undefined) {
        this.#link.end("done", "rejected");
        return;
      }
      message = { type: "CLOSE", sessionId: own, timestampMs: message.timestampMs };
    }
    if (own !== undefined && !("sessionId" in message && message.sessionId === own)) {
      const error =
        message.type === "HELLO"
          ? new ProtocolError("M2M_PROTOCOL_STATE", "The connection has a session.")
          : new ProtocolError("M2M_SESSION_MISMATCH", "The connection has another session.");
      this.#refuse(error, "mismatch");
      return;
    }
    const { sessions, peer, histories } = this.#options;
    const given = this.#unwind(message);
    if (!given) return;
    const keepsHistory = histories?.hasRoom ?? false;
    await this.#answer(given, await sessions.handle(given, { ...peer, keepsHistory }));
  }

  /** The message as one that stands for itself; `undefined` if it does not follow those before it. */
  #unwind(message: Message): Message | undefined {
    if (message.type !== "DATA" || !this.#history) return message;
    this.#useHistory();
    try {
      return this.#history.read(message);
    } catch (error) {
      if (!(error instanceof M2MError)) throw error;
      // Over the next connection it is sent again, with new windows.
      this.#link.end("tryLater", error.code);
      return undefined;
    }
  }

  /** A message as the connection carries it. */
  #wind(message: Message): Message {
    if (message.type !== "DATA" || !this.#history) return message;
    this.#useHistory();
    return this.#history.write(message);
  }

  #useHistory(): void {
    // What was still being answered when the connection ended has no window to keep.
    if (this.#ended.signal.aborted) return;
    this.#options.histories?.use(this, () => this.#link.end("tryLater", "no room for its history"));
  }

  #read(bytes: Uint8Array, isBinary: boolean): Message {
    const own = this.#id;
    // No session begins or goes on with more than a small message.
    const maxMessageBytes = own === undefined ? MAX_CONTROL_BYTES : this.#options.maxMessageBytes;
    if (!isBinary) return readMessage(bytes, { maxMessageBytes });
    if (own === undefined) {
      throw new ProtocolError("M2M_PROTOCOL_STATE", "The connection has no session yet.");
    }
    return readBinaryData(bytes, own);
  }

  async #answer(message: Message, { sessionId, reply, error, agreed }: HandledMessage): Promise<void> {
    if (error?.family === "UpstreamError") {
      this.#link.end("tryLater", "try later");
      return;
    }
    if (reply) this.#link.send(this.#wind(reply));
    if (error) {
      if (isOver(error)) this.#link.end("over", error.code);
      return;
    }
    if (message.type === "CLOSE") {
      this.#link.end("done", "closed");
      return;
    }
    if (this.#id === undefined && sessionId !== undefined) await this.#begin(sessionId, message, agreed);
    else if (message.delivery) this.#delivery?.note(message.delivery);
  }

  /** The connection carries this session from now on. */
  async #begin(sessionId: string, { delivery }: Message, agreed: Agreement | undefined): Promise<void> {
    const { signal } = this.#ended;
    // A connection that is over must not take the session from one that is not.
    if (signal.aborted) return;
    this.#id = sessionId;
    if (agreed && this.#options.histories && usesHistory(agreed)) this.#history = new LinkHistory(agreed);
    this.#link.claim(sessionId);
    const { sessions } = this.#options;
    const push = (entry: MailboxEntry): Promise<void> => this.#push(entry, sessionId);
    const running = new MailboxDelivery({ sessions, sessionId, push, signal });
    this.#delivery = running;
    if (delivery) running.note(delivery);
    void this.guard(() => running.run(delivery?.cursor));
    await this.#tick(sessionId);
  }

  async #push(entry: MailboxEntry, sessionId: string): Promise<void> {
    if (!entry.message.startsWith(CLOSE_OPENING)) {
      if (!this.#history) return this.#link.push(entry, sessionId);
      const message = this.#wind(readMessage(entry.message, { maxMessageBytes: Infinity }));
      return this.#link.push({ ...entry, message: writeMessage(message) }, sessionId);
    }
    this.#link.send(readMessage(entry.message, { maxMessageBytes: MAX_CONTROL_BYTES }));
    this.#link.end("done", "closed");
  }

  #refuse(error: M2MError, why: CarriageEnd): void {
    const timestampMs = Math.floor(this.#options.nowMs());
    this.#link.send({ type: "REJECT", rejection: rejectionFor(error), timestampMs });
    this.#link.end(why, error.code);
  }

  /** Does what time does to the session, and comes back when it does more. */
  async #tick(sessionId: string): Promise<void> {
    if (this.#ended.signal.aborted) return;
    const { message, nextDeadlineMs } = await this.#options.sessions.tick(sessionId);
    if (message) this.#link.send(message);
    if (message?.type === "CLOSE") {
      this.#link.end("over", "expired");
      return;
    }
    clearTimeout(this.#timer);
    if (nextDeadlineMs === undefined || this.#ended.signal.aborted) return;
    const delayMs = Math.min(Math.max(1, nextDeadlineMs - this.#options.nowMs()), MAX_TIMER_MS);
    this.#timer = setTimeout(() => void this.guard(() => this.#tick(sessionId)), delayMs);
  }
}
