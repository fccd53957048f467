import type { CloseMessage, PingMessage, Session } from "../session/index.js";
import { MAX_TIMER_MS } from "../shared/timers.js";

export interface SessionTimerOptions {
  /** The clock of the session. */
  readonly nowMs: () => number;
  /** What is to be sent, if anything; the session may be over. */
  readonly onTick: (message: PingMessage | CloseMessage | undefined) => void;
  readonly onFailure: (error: unknown) => void;
}

/** Does what time does to a session. */
export class SessionTimer {
  readonly #options: SessionTimerOptions;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SessionTimerOptions) {
    this.#options = options;
  }

  /** Waits for the next deadline of `session`, and of no other. */
  watch(session: Session): void {
    this.stop();
    const { nowMs, onTick, onFailure } = this.#options;
    const deadlineMs = session.nextDeadlineMs();
    if (deadlineMs === undefined) return;
    const delayMs = Math.min(Math.max(1, deadlineMs - nowMs()), MAX_TIMER_MS);
    this.#timer = setTimeout(() => {
      try {
        const message = session.tick();
        this.watch(session);
        onTick(message);
      } catch (error) {
        onFailure(error);
      }
    }, delayMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
