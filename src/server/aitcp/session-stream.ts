import { readMessage, readTypedMessage, writeTypedMessage } from "../../session/index.js";
import { LimitError, M2MError } from "../../shared/errors.js";
import { StreamOutbox, type AiTcpStream } from "../../transport/index.js";
import {
  CarriedSession,
  type LinkHistories,
  type SessionClaims,
  type SessionHolder,
  type SessionLink,
  type SessionService,
} from "../sessions/index.js";
import type { AiTcpLimits } from "./limits.js";
import { RESET_CODES, type ResetReason } from "./reset-codes.js";

/** Answers that the peer has not taken, in bytes, from which on no more messages are taken from it. */
const OUTBOX_BYTES = 256 * 1024;
/** How long a peer may take to end a stream that this side has ended. */
const END_TIMEOUT_MS = 5_000;

export interface SessionStreamOptions {
  readonly sessions: SessionService;
  readonly limits: AiTcpLimits;
  /** The peer's, as text: limits are counted by it. */
  readonly identity: string;
  /** Signs what was said. */
  readonly endTurn: () => void;
  readonly claims: SessionClaims;
  readonly histories: LinkHistories;
  /** For what goes wrong, with what the peer is told. */
  readonly onError: (error: unknown, why: ResetReason) => void;
  readonly onClosed: (stream: SessionStream) => void;
}

/** A stream and the session on it: messages are taken one by one, as fast as answers are read. */
export class SessionStream implements SessionHolder {
  readonly #stream: AiTcpStream;
  readonly #options: SessionStreamOptions;
  readonly #session: CarriedSession;
  readonly #outbox: StreamOutbox;
  readonly #held = new AbortController();
  /** What is being handled. */
  #working: Promise<void> | undefined;
  #isEnding = false;
  #isOver = false;
  #endTimer: NodeJS.Timeout | undefined;

  constructor(stream: AiTcpStream, options: SessionStreamOptions) {
    this.#stream = stream;
    this.#options = options;
    const { sessions, identity, limits, histories } = options;
    this.#session = new CarriedSession({
      sessions,
      histories,
      peer: { address: identity },
      link: this.#link(),
      maxMessageBytes: limits.maxMessageBytes,
      handshakeMs: limits.sessionTimeoutMs,
      nowMs: Date.now,
    });
    this.#outbox = new StreamOutbox(stream, OUTBOX_BYTES, (error) => this.#fail(error));
    void this.#run();
  }

  /** Takes no more than what is being handled. Resolves when the peer has the answer, or the stream is over. */
  async settle(): Promise<void> {
    this.#held.abort();
    await this.#working;
    await this.#outbox.whenTaken();
  }

  /** Ends the stream behind what was said; nothing more is taken up. */
  end(why: ResetReason): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#session.stop();
    this.#endTimer = setTimeout(() => this.#reset(why), END_TIMEOUT_MS);
    void this.#sayEnd();
  }

  /** The AI-TCP session is over. */
  abandon(): void {
    this.#close();
  }

  replace(): void {
    this.end("replaced");
  }

  #link(): SessionLink {
    return {
      send: (message) => this.#outbox.send(writeTypedMessage(message)),
      push: async ({ id, message }) => {
        const read = readMessage(message, { maxMessageBytes: Infinity });
        this.#outbox.send(writeTypedMessage({ ...read, delivery: { cursor: id } }));
        await this.#outbox.room();
      },
      end: (why) => this.end(why),
      claim: (sessionId) => this.#options.claims.claim(sessionId, this),
      onError: (error, why) => this.#options.onError(error, why),
    };
  }

  /** Until the peer has ended the stream, or somebody has given it up. */
  async #run(): Promise<void> {
    try {
      for (;;) {
        const message = await this.#stream.take({ signal: this.#held.signal });
        if (!message) break;
        if (!this.#isEnding) {
          this.#working = this.#work(message);
          await this.#working;
          // A peer that does not read its answers is not asked for more.
          await this.#outbox.room();
        }
        this.#stream.acknowledge();
      }
      this.end("done");
      await this.#outbox.whenWritten();
    } catch (error) {
      // While it is held, it stays as it is until its AI-TCP session ends.
      if (error === this.#held.signal.reason) return;
      // That the peer has given the stream up, or the session is lost, is no defect.
      if (!(error instanceof M2MError)) this.#fail(error as Error);
    }
    this.#close();
  }

  async #work(bytes: Uint8Array): Promise<void> {
    try {
      const { isBinary, body } = readTypedMessage(bytes);
      await this.#session.take(body, isBinary);
    } catch (error) {
      if (!(error instanceof M2MError)) throw error;
      this.#options.onError(error, "malformed");
      this.#reset("malformed");
    }
  }

  async #sayEnd(): Promise<void> {
    await this.#outbox.whenWritten();
    if (this.#isOver) return;
    try {
      this.#stream.end();
      // The peer may close its AI-TCP session as soon as it has read this.
      this.#options.endTurn();
    } catch {
      // It is over already.
    }
  }

  #fail(error: Error): void {
    if (this.#isOver) return;
    const why = error instanceof LimitError ? "tooLarge" : "failed";
    this.#options.onError(error, why);
    this.#reset(why);
  }

  #reset(why: ResetReason): void {
    this.#stream.reset(RESET_CODES[why]);
    this.#close();
  }

  #close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#isEnding = true;
    clearTimeout(this.#endTimer);
    this.#session.stop();
    this.#outbox.close();
    const { claims, onClosed } = this.#options;
    claims.release(this.#session.id, this);
    onClosed(this);
  }
}
