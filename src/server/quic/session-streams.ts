import { clientOf, type Logger } from "../../http/index.js";
import type { QuicConnection } from "./connection.js";
import type { QuicLimits } from "./limits.js";
import type { SessionService } from "../sessions/index.js";
import { SessionStream, type PartialBytes } from "./session-stream.js";
import type { QuicStream } from "./stream.js";
import { QUIC_CODES } from "./stream-codes.js";

export interface SessionStreamsOptions {
  readonly service: SessionService;
  readonly limits: QuicLimits;
  readonly authorize?: (authorization: string | undefined) => boolean;
  readonly logger?: Pick<Logger, "debug" | "error">;
  readonly onIdle: () => void;
}

/** The sessions of all streams of all connections. */
export class SessionStreams {
  readonly #options: SessionStreamsOptions;
  readonly #open = new Set<SessionStream>();
  readonly #bySession = new Map<string, SessionStream>();
  readonly #partials = new WeakMap<QuicConnection, PartialBytes>();
  #isHeld = false;

  constructor(options: SessionStreamsOptions) {
    this.#options = options;
  }

  /** Whether a message of some stream is being handled. */
  get isBusy(): boolean {
    for (const stream of this.#open) if (stream.isBusy) return true;
    return false;
  }

  /** From now on nothing that comes is taken. */
  hold(): void {
    this.#isHeld = true;
    for (const stream of this.#open) stream.hold();
  }

  add(stream: QuicStream, connection: QuicConnection): void {
    const { service, limits, authorize, logger, onIdle } = this.#options;
    const address = clientOf(connection.peer.host);
    const partial = this.#partials.get(connection) ?? { bytes: 0 };
    this.#partials.set(connection, partial);
    const session = new SessionStream(stream, {
      sessions: service,
      limits,
      partial,
      address,
      authorize,
      claim: (sessionId, claiming) => this.#claim(sessionId, claiming),
      onError: (err, code) => {
        const level = code === QUIC_CODES.failed ? "error" : "debug";
        logger?.[level]({ address, code, err }, "quic stream ended");
      },
      onIdle,
      onClosed: (closed) => this.#remove(closed),
    });
    this.#open.add(session);
    if (this.#isHeld) session.hold();
  }

  #claim(sessionId: string, stream: SessionStream): void {
    this.#bySession.get(sessionId)?.end(QUIC_CODES.replaced);
    this.#bySession.set(sessionId, stream);
  }

  #remove(stream: SessionStream): void {
    const { sessionId } = stream;
    this.#open.delete(stream);
    if (sessionId !== undefined && this.#bySession.get(sessionId) === stream)
      this.#bySession.delete(sessionId);
  }
}
