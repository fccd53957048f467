import type { WebSocket } from "ws";
import {
  fitsBinary,
  MAX_CONTROL_BYTES,
  readBinaryData,
  readMessage,
  rejectionFor,
  writeBinaryData,
  WEBSOCKET_SUBPROTOCOL,
  writeMessage,
  type MailboxEntry,
  type Message,
} from "../../session/index.js";
import { M2MError, ProtocolError } from "../../shared/errors.js";
import { MAX_TIMER_MS } from "../../shared/timers.js";
import type { HandledMessage, Peer } from "../sessions/index.js";
import { CLOSE_CODES, type CloseCode } from "./close-codes.js";
import { MailboxDelivery, withCursor } from "./delivery.js";
import { Inbox, type Frame } from "./inbox.js";
import type { ResolvedWebSocketOptions } from "./options.js";
import { Outbox } from "./outbox.js";

/** How long a peer may take to answer the end of a connection. */
const CLOSE_TIMEOUT_MS = 5_000;

/** Refusals after which there is no session for the connection any more. */
const OVER: readonly string[] = [
  "M2M_SESSION_UNKNOWN",
  "M2M_SESSION_EXPIRED",
  "M2M_SESSION_REJECTED",
  "M2M_SESSIONS_FULL",
];

/** Tells which connection has a session. */
export interface SessionClaims {
  /** This connection has the session from now on; another one that had it is ended. */
  claim(sessionId: string, connection: WebSocketConnection): void;
}

/** One connection and the session that it carries. The session outlives it. */
export class WebSocketConnection {
  readonly #socket: WebSocket;
  readonly #peer: Peer;
  readonly #options: ResolvedWebSocketOptions;
  readonly #claims: SessionClaims;
  readonly #inbox: Inbox;
  readonly #outbox: Outbox;
  readonly #ended = new AbortController();
  /** Whether the peer knows docs/spec/transport.md: binary frames, cursors. */
  readonly #isAware: boolean;
  #sessionId: string | undefined;
  #delivery: MailboxDelivery | undefined;
  #timer: NodeJS.Timeout;

  constructor(socket: WebSocket, peer: Peer, options: ResolvedWebSocketOptions, claims: SessionClaims) {
    this.#socket = socket;
    this.#peer = peer;
    this.#options = options;
    this.#claims = claims;
    this.#isAware = socket.protocol === WEBSOCKET_SUBPROTOCOL;
    this.#outbox = new Outbox(socket, options.maxBufferedBytes);
    this.#inbox = new Inbox(socket, (frame) => this.#guard(() => this.#take(frame)));
    this.#timer = setTimeout(() => this.end(CLOSE_CODES.timeout, "no session"), options.handshakeMs);
    // What is wrong with the connection ends it, and is told by "close".
    socket.on("error", () => socket.terminate());
    socket.once("close", () => this.#stop());
  }

  /** What it carries; `undefined` until that is known. */
  get sessionId(): string | undefined {
    return this.#sessionId;
  }

  /** Ends the connection; what was taken is still answered. */
  end(code: CloseCode, reason: string): void {
    this.#stop();
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.close(code, reason);
    const cut = setTimeout(() => this.#socket.terminate(), CLOSE_TIMEOUT_MS);
    this.#socket.once("close", () => clearTimeout(cut));
  }

  /** Answers what it has taken, then ends. Resolves when that is over. */
  async shutDown(): Promise<void> {
    if (this.#socket.readyState === this.#socket.CLOSED) return;
    const closed = new Promise<void>((resolve) => this.#socket.once("close", () => resolve()));
    await this.#inbox.close();
    this.end(CLOSE_CODES.goingAway, "shutting down");
    await closed;
  }

  terminate(): void {
    this.#socket.terminate();
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.#ended.abort();
    void this.#inbox.close();
  }

  /** Runs a part of the connection's work; what fails ends it. */
  async #guard(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (this.#ended.signal.aborted && error === this.#ended.signal.reason) return;
      if (error instanceof M2MError) {
        this.end(CLOSE_CODES.tryLater, "try later");
        return;
      }
      this.#options.onDefect?.(error);
      this.end(CLOSE_CODES.failed, "failed");
    }
  }

  async #take(frame: Frame): Promise<void> {
    await this.#outbox.room();
    let message: Message;
    try {
      message = this.#read(frame);
    } catch (error) {
      if (!(error instanceof M2MError)) throw error;
      this.#refuse(error, CLOSE_CODES.malformed);
      return;
    }
    const own = this.#sessionId;
    if (message.type === "REJECT") {
      // All that the peer says is that it does not go on.
      if (own === undefined) {
        this.end(CLOSE_CODES.done, "rejected");
        return;
      }
      message = { type: "CLOSE", sessionId: own, timestampMs: message.timestampMs };
    }
    if (own !== undefined && !("sessionId" in message && message.sessionId === own)) {
      const error =
        message.type === "HELLO"
          ? new ProtocolError("M2M_PROTOCOL_STATE", "The connection has a session.")
          : new ProtocolError("M2M_SESSION_MISMATCH", "The connection has another session.");
      this.#refuse(error, CLOSE_CODES.mismatch);
      return;
    }
    await this.#answer(message, await this.#options.sessions.handle(message, this.#peer));
  }

  #read({ bytes, isBinary }: Frame): Message {
    const own = this.#sessionId;
    // No session begins or goes on with more than a small message.
    const maxMessageBytes = own === undefined ? MAX_CONTROL_BYTES : this.#options.maxMessageBytes;
    if (!isBinary) return readMessage(bytes, { maxMessageBytes });
    if (own === undefined) {
      throw new ProtocolError("M2M_PROTOCOL_STATE", "The connection has no session yet.");
    }
    return readBinaryData(bytes, own);
  }

  async #answer(message: Message, { sessionId, reply, error }: HandledMessage): Promise<void> {
    if (error?.family === "UpstreamError") {
      this.end(CLOSE_CODES.tryLater, "try later");
      return;
    }
    if (reply) this.#send(reply);
    if (error) {
      if (OVER.includes(error.code)) this.end(CLOSE_CODES.over, error.code);
      return;
    }
    if (message.type === "CLOSE") {
      this.end(CLOSE_CODES.done, "closed");
      return;
    }
    if (this.#sessionId === undefined && sessionId !== undefined) await this.#begin(sessionId, message);
    else if (message.delivery) this.#delivery?.note(message.delivery);
  }

  /** The connection carries this session from now on. */
  async #begin(sessionId: string, { delivery }: Message): Promise<void> {
    this.#sessionId = sessionId;
    this.#claims.claim(sessionId, this);
    const { sessions } = this.#options;
    const push = (entry: MailboxEntry): Promise<void> => this.#push(sessionId, entry);
    this.#delivery = new MailboxDelivery({ sessions, sessionId, push, signal: this.#ended.signal });
    if (delivery) this.#delivery.note(delivery);
    const running = this.#delivery;
    void this.#guard(() => running.run(delivery?.cursor));
    await this.#tick(sessionId);
  }

  /** Sends what waits in the mailbox. */
  async #push(sessionId: string, entry: MailboxEntry): Promise<void> {
    const { id, message } = entry;
    if (message.startsWith('{"type":"CLOSE"')) {
      this.#outbox.send(message);
      this.end(CLOSE_CODES.done, "closed");
      return;
    }
    if (!this.#isAware) {
      // Who cannot say what has arrived is believed to have what the system has taken.
      const { sessions } = this.#options;
      this.#outbox.send(message, () => void this.#guard(() => sessions.acknowledge(sessionId, id)));
    } else {
      const parsed = readMessage(message, { maxMessageBytes: Infinity });
      const isData = parsed.type === "DATA" && fitsBinary(parsed);
      this.#outbox.send(
        isData ? writeBinaryData({ ...parsed, delivery: { cursor: id } }) : withCursor(entry),
      );
    }
    await this.#outbox.room();
  }

  #send(message: Message): void {
    const isBinary = this.#isAware && message.type === "DATA" && fitsBinary(message);
    this.#outbox.send(isBinary ? writeBinaryData(message) : writeMessage(message));
  }

  #refuse(error: M2MError, code: CloseCode): void {
    const timestampMs = Math.floor(this.#options.nowMs());
    this.#send({ type: "REJECT", rejection: rejectionFor(error), timestampMs });
    this.end(code, error.code);
  }

  /** Does what time does to the session, and comes back when it does more. */
  async #tick(sessionId: string): Promise<void> {
    if (this.#ended.signal.aborted) return;
    const { message, nextDeadlineMs } = await this.#options.sessions.tick(sessionId);
    if (message) this.#send(message);
    if (message?.type === "CLOSE") {
      this.end(CLOSE_CODES.over, "expired");
      return;
    }
    clearTimeout(this.#timer);
    if (nextDeadlineMs === undefined || this.#ended.signal.aborted) return;
    const delayMs = Math.min(Math.max(1, nextDeadlineMs - this.#options.nowMs()), MAX_TIMER_MS);
    this.#timer = setTimeout(() => void this.#guard(() => this.#tick(sessionId)), delayMs);
  }
}
