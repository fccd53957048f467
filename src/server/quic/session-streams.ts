import type { QuicConnection } from "./connection.js";
import type { QuicLimits } from "./limits.js";
import type { QuicSessions } from "./service.js";
import { SessionStream, type PartialBytes } from "./session-stream.js";
import type { QuicStream } from "./stream.js";

/** Takes lines for the log. */
export interface QuicLogger {
  debug(members: object, message: string): void;
}

export interface SessionStreamsOptions {
  readonly service: QuicSessions;
  readonly limits: QuicLimits;
  readonly authorize?: (authorization: string | undefined) => boolean;
  readonly logger?: QuicLogger;
  readonly onIdle: () => void;
}

/** The sessions of all streams of all connections. */
export class SessionStreams {
  readonly #options: SessionStreamsOptions;
  readonly #open = new Set<SessionStream>();
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
    const address = connection.peer.host;
    const partial = this.#partials.get(connection) ?? { bytes: 0 };
    this.#partials.set(connection, partial);
    const session = new SessionStream(stream, {
      sessions: service,
      limits,
      partial,
      address,
      authorize,
      onError: (err, code) => logger?.debug({ address, code, err }, "quic stream reset"),
      onIdle,
      onClosed: () => this.#open.delete(session),
    });
    this.#open.add(session);
    if (this.#isHeld) session.hold();
  }
}
