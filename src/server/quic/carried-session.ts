import {
  fitsBinary,
  MAX_CONTROL_BYTES,
  readBinaryData,
  readMessage,
  rejectionFor,
  writeBinaryData,
  writeMessage,
  type MailboxEntry,
  type Message,
} from "../../session/index.js";
import { M2MError, ProtocolError } from "../../shared/errors.js";
import { MAX_TIMER_MS } from "../../shared/timers.js";
import type { HandledMessage, SessionService } from "../sessions/index.js";
import { MailboxDelivery } from "../ws/delivery.js";
import type { FrameKind } from "./frames.js";

import { QUIC_CODES, type QuicCode } from "./stream-codes.js";

/** Refusals after which there is no session for the stream any more. */
const OVER: readonly string[] = [
  "M2M_SESSION_UNKNOWN",
  "M2M_SESSION_EXPIRED",
  "M2M_SESSION_REJECTED",
  "M2M_SESSIONS_FULL",
];

export interface CarriedSessionOptions {
  readonly sessions: SessionService;
  readonly maxMessageBytes: number;
  /** How long there may be no session. */
  readonly sessionTimeoutMs: number;
  /** Of the peer. */
  readonly address: string;
  readonly write: (kind: FrameKind, body: Uint8Array) => void;
  /** Resolves when there is room for more. */
  readonly drained: () => Promise<void>;
  /** Ends the stream behind what was written. */
  readonly end: (code: QuicCode) => void;
  /** The stream has this session from now on, and no other stream has. */
  readonly claim: (sessionId: string) => void;
  readonly onError: (error: unknown) => void;
}

/** The session that a stream carries, in messages. The session outlives the stream. */
export class CarriedSession {
  readonly #options: CarriedSessionOptions;
  readonly #ended = new AbortController();
  #id: string | undefined;
  #delivery: MailboxDelivery | undefined;
  #timer: NodeJS.Timeout;

  constructor(options: CarriedSessionOptions) {
    this.#options = options;
    this.#timer = setTimeout(() => options.end(QUIC_CODES.timeout), options.sessionTimeoutMs);
  }

  /** `undefined` until there is one. */
  get id(): string | undefined {
    return this.#id;
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#ended.abort();
  }

  /** Takes a message of the peer. Never throws. */
  take(kind: FrameKind, body: Uint8Array): Promise<void> {
    return this.#guard(() => this.#take(kind, body));
  }

  async #take(kind: FrameKind, body: Uint8Array): Promise<void> {
    let message: Message;
    try {
      message = this.#read(kind, body);
    } catch (error) {
      if (!(error instanceof M2MError)) throw error;
      this.#refuse(error, QUIC_CODES.malformed);
      return;
    }
    const own = this.#id;
    if (message.type === "REJECT") {
      // All that the peer says is that it does not go on.
      if (own === undefined) {
        this.#options.end(QUIC_CODES.done);
        return;
      }
      message = { type: "CLOSE", sessionId: own, timestampMs: message.timestampMs };
    }
    if (own !== undefined && !("sessionId" in message && message.sessionId === own)) {
      const error =
        message.type === "HELLO"
          ? new ProtocolError("M2M_PROTOCOL_STATE", "The stream has a session.")
          : new ProtocolError("M2M_SESSION_MISMATCH", "The stream has another session.");
      this.#refuse(error, QUIC_CODES.mismatch);
      return;
    }
    const { sessions, address } = this.#options;
    await this.#answer(message, await sessions.handle(message, { address }));
  }

  #read(kind: FrameKind, body: Uint8Array): Message {
    const own = this.#id;
    // No session begins or goes on with more than a small message.
    const maxMessageBytes = own === undefined ? MAX_CONTROL_BYTES : this.#options.maxMessageBytes;
    if (kind === "text") return readMessage(body, { maxMessageBytes });
    if (own === undefined) throw new ProtocolError("M2M_PROTOCOL_STATE", "The stream has no session yet.");
    return readBinaryData(body, own);
  }

  async #answer(message: Message, { sessionId, reply, error }: HandledMessage): Promise<void> {
    if (error?.family === "UpstreamError") {
      this.#options.end(QUIC_CODES.tryLater);
      return;
    }
    if (reply) this.#send(reply);
    if (error) {
      if (OVER.includes(error.code)) this.#options.end(QUIC_CODES.over);
      return;
    }
    if (message.type === "CLOSE") {
      this.#options.end(QUIC_CODES.done);
      return;
    }
    if (this.#id === undefined && sessionId !== undefined) await this.#begin(sessionId, message);
    else if (message.delivery) this.#delivery?.note(message.delivery);
  }

  async #begin(sessionId: string, { delivery }: Message): Promise<void> {
    if (this.#ended.signal.aborted) return;
    this.#id = sessionId;
    this.#options.claim(sessionId);
    const { sessions } = this.#options;
    const push = (entry: MailboxEntry): Promise<void> => this.#push(entry);
    const running = new MailboxDelivery({ sessions, sessionId, push, signal: this.#ended.signal });
    this.#delivery = running;
    if (delivery) running.note(delivery);
    void this.#guard(() => running.run(delivery?.cursor));
    await this.#tick(sessionId);
  }

  /** Sends what waits in the mailbox, with its place there. */
  async #push({ id, message }: MailboxEntry): Promise<void> {
    const parsed = readMessage(message, { maxMessageBytes: Infinity });
    this.#send({ ...parsed, delivery: { cursor: id } });
    if (parsed.type === "CLOSE") this.#options.end(QUIC_CODES.done);
    await this.#options.drained();
  }

  #send(message: Message): void {
    if (message.type === "DATA" && fitsBinary(message)) {
      this.#options.write("binary", writeBinaryData(message));
    } else {
      this.#options.write("text", Buffer.from(writeMessage(message)));
    }
  }

  #refuse(error: M2MError, code: QuicCode): void {
    this.#send({ type: "REJECT", rejection: rejectionFor(error), timestampMs: Date.now() });
    this.#options.end(code);
  }

  /** Does what time does to the session, and comes back when it does more. */
  async #tick(sessionId: string): Promise<void> {
    if (this.#ended.signal.aborted) return;
    const { message, nextDeadlineMs } = await this.#options.sessions.tick(sessionId);
    if (message) this.#send(message);
    if (message?.type === "CLOSE") {
      this.#options.end(QUIC_CODES.over);
      return;
    }
    clearTimeout(this.#timer);
    if (nextDeadlineMs === undefined || this.#ended.signal.aborted) return;
    const delayMs = Math.min(Math.max(1, nextDeadlineMs - Date.now()), MAX_TIMER_MS);
    this.#timer = setTimeout(() => void this.#guard(() => this.#tick(sessionId)), delayMs);
  }

  /** Runs a part of the work; what fails ends the stream. */
  async #guard(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (this.#ended.signal.aborted) return;
      this.#options.onError(error);
      this.#options.end(error instanceof M2MError ? QUIC_CODES.tryLater : QUIC_CODES.failed);
    }
  }
}
