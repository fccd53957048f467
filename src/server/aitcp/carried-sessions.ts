import type { Logger } from "../../http/index.js";
import { formatIdentity, type AiTcpSession, type AiTcpStream } from "../../transport/index.js";
import type { LinkHistories, SessionClaims, SessionService } from "../sessions/index.js";
import type { AiTcpLimits } from "./limits.js";
import { RESET_CODES } from "./reset-codes.js";
import { SessionStream } from "./session-stream.js";

export interface CarriedSessionsOptions {
  readonly service: SessionService;
  readonly claims: SessionClaims;
  readonly histories: LinkHistories;
  readonly limits: AiTcpLimits;
  readonly logger?: Pick<Logger, "debug" | "error">;
}

/** The M2M sessions on the streams of all AI-TCP sessions. */
export class CarriedSessions {
  readonly #options: CarriedSessionsOptions;
  readonly #open = new Set<SessionStream>();
  #isHeld = false;

  constructor(options: CarriedSessionsOptions) {
    this.#options = options;
  }

  /** Streams that are open. */
  get size(): number {
    return this.#open.size;
  }

  /** Takes the streams that the peer opens, until the session is over. */
  async serve(session: AiTcpSession): Promise<void> {
    const identity = formatIdentity(session.peer.identity);
    const { logger } = this.#options;
    const opened = new Set<SessionStream>();
    logger?.debug({ identity, session: session.id }, "aitcp session began");
    try {
      for await (const stream of session) this.#add(stream, session, opened);
      logger?.debug({ identity, session: session.id }, "aitcp session ended");
    } catch (err) {
      logger?.debug({ identity, session: session.id, err }, "aitcp session was lost");
    }
    for (const stream of opened) stream.abandon();
  }

  /** From now on nothing that comes is taken. Resolves when the peers have the answers to what was taken, or after `graceMs`. */
  async drain(graceMs: number): Promise<void> {
    this.#isHeld = true;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, graceMs);
    });
    await Promise.race([late, Promise.all([...this.#open].map((stream) => stream.settle()))]);
    clearTimeout(timer);
  }

  /** Lets go of all streams: their AI-TCP sessions are over, or go on with another process. */
  close(): void {
    for (const stream of [...this.#open]) stream.abandon();
  }

  #add(stream: AiTcpStream, session: AiTcpSession, ofSession: Set<SessionStream>): void {
    // What another process has answered on it is not known here: the peer goes on with its session over another stream.
    if (stream.isRestored || this.#isHeld) {
      stream.reset(RESET_CODES.tryLater);
      return;
    }
    const { service, claims, histories, limits, logger } = this.#options;
    const identity = formatIdentity(session.peer.identity);
    const opened = new SessionStream(stream, {
      sessions: service,
      limits,
      identity,
      endTurn: () => session.endTurn(),
      claims,
      histories,
      onError: (err, why) => {
        const level = why === "failed" ? "error" : "debug";
        logger?.[level]({ identity, why, err }, "aitcp stream ended");
      },
      onClosed: (closed) => {
        this.#open.delete(closed);
        ofSession.delete(closed);
      },
    });
    this.#open.add(opened);
    ofSession.add(opened);
  }
}
