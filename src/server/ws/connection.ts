import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import {
  fitsBinary,
  readMessage,
  WEBSOCKET_SUBPROTOCOL,
  writeBinaryData,
  writeMessage,
  type MailboxEntry,
  type Message,
} from "../../session/index.js";
import {
  CarriedSession,
  type CarriageEnd,
  type Peer,
  type SessionHolder,
  type SessionLink,
} from "../sessions/index.js";
import { CLOSE_CODES, type CloseCode } from "./close-codes.js";
import { EarlyBytes } from "./early-bytes.js";
import { Inbox } from "./inbox.js";
import type { ResolvedWebSocketOptions } from "./options.js";
import { Outbox } from "./outbox.js";

/** How long a peer may take to answer the end of a connection. */
const CLOSE_TIMEOUT_MS = 5_000;

/** One WebSocket, and what goes over it of the session that it carries. */
export class WebSocketConnection implements SessionHolder {
  readonly #socket: WebSocket;
  readonly #options: ResolvedWebSocketOptions;
  readonly #inbox: Inbox;
  readonly #outbox: Outbox;
  readonly #session: CarriedSession;
  /** Whether the peer knows docs/spec/transport.md: binary frames, cursors. */
  readonly #isAware: boolean;

  /** @param connection what `socket` reads from */
  constructor(socket: WebSocket, connection: Duplex, peer: Peer, options: ResolvedWebSocketOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#isAware = socket.protocol === WEBSOCKET_SUBPROTOCOL;
    const { sessions, maxMessageBytes, handshakeMs, nowMs } = options;
    // Who does not know docs/spec/transport.md cannot send again what a window has lost.
    const histories = this.#isAware ? options.histories : undefined;
    const link = this.#link();
    this.#session = new CarriedSession({
      ...{ sessions, peer, link, maxMessageBytes, handshakeMs, nowMs, histories },
    });
    this.#outbox = new Outbox(socket, options.maxBufferedBytes);
    this.#inbox = new Inbox(socket, async ({ bytes, isBinary }) => {
      await this.#outbox.room();
      await this.#session.take(bytes, isBinary);
    });
    const early = new EarlyBytes(connection, {
      hasSession: () => this.#session.id !== undefined,
      isBusy: () => this.#inbox.isBusy,
      pause: () => socket.pause(),
      refuse: () => {
        this.end(CLOSE_CODES.tooLarge, "M2M_INPUT_TOO_LARGE");
        // What is on its way is not put together any more; the end comes without an answer.
        socket.pause();
      },
    });
    socket.on("message", () => early.noteMessage());
    // What is wrong with the connection ends it, and is told by "close".
    socket.on("error", () => socket.terminate());
    socket.once("close", () => {
      this.#stop();
      options.claims.release(this.#session.id, this);
    });
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

  replace(): void {
    this.end(CLOSE_CODES.replaced, "resumed elsewhere");
  }

  #stop(): void {
    this.#session.stop();
    void this.#inbox.close();
  }

  #link(): SessionLink {
    return {
      send: (message) => this.#send(message),
      push: (entry, sessionId) => this.#push(entry, sessionId),
      end: (why, detail) => this.end(CLOSE_CODES[why], detail),
      claim: (sessionId) => this.#options.claims.claim(sessionId, this),
      onError: (error: unknown, why: CarriageEnd) => {
        if (why === "failed") this.#options.onDefect?.(error);
      },
    };
  }

  async #push({ id, message }: MailboxEntry, sessionId: string): Promise<void> {
    if (this.#isAware) {
      this.#send({ ...readMessage(message, { maxMessageBytes: Infinity }), delivery: { cursor: id } });
    } else {
      // Who cannot say what has arrived is believed to have what the system has taken.
      const { sessions } = this.#options;
      this.#outbox.send(message, () => void this.#session.guard(() => sessions.acknowledge(sessionId, id)));
    }
    await this.#outbox.room();
  }

  #send(message: Message): void {
    const isBinary = this.#isAware && message.type === "DATA" && fitsBinary(message);
    this.#outbox.send(isBinary ? writeBinaryData(message) : writeMessage(message));
  }
}
