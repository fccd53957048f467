import type { Logger } from "../../http/index.js";
import { clientOf } from "../../shared/client-network.js";
import type { QuicConnection } from "./connection.js";
import type { QuicLimits } from "./limits.js";
import type { SessionClaims, SessionService } from "../sessions/index.js";
import { SessionStream, type PartialBytes } from "./session-stream.js";
import type { QuicStream } from "./stream.js";
import { QUIC_CODES } from "./stream-codes.js";

export interface SessionStreamsOptions {
  readonly service: SessionService;
  readonly claims: SessionClaims;
  readonly limits: QuicLimits;
  readonly authorize?: (authorization: string | undefined) => boolean;
  readonly logger?: Pick<Logger, "debug" | "error">;
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
    const { service, claims, limits, authorize, logger, onIdle } = this.#options;
    const address = clientOf(connection.peer.host);
    const partial = this.#partials.get(connection) ?? { bytes: 0 };
    this.#partials.set(connection, partial);
    const session = new SessionStream(stream, {
      sessions: service,
      limits,
      partial,
      address,
      authorize,
      claims,
      onError: (err, code) => {
        const level = code === QUIC_CODES.failed ? "error" : "debug";
        logger?.[level]({ address, code, err }, "quic stream ended");
      },
      onIdle,
      onClosed: (closed) => this.#open.delete(closed),
    });
    this.#open.add(session);
    if (this.#isHeld) session.hold();
  }
}
