import type { Message } from "../../session/index.js";
import { M2MError } from "../../shared/errors.js";
import type { QuicSessions } from "./service.js";

/** How long one question for messages waits. */
const WAIT_MS = 30_000;
/** The longest time that a timer takes. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface PushTarget {
  write(message: Message | string): void;
  drained(): Promise<void>;
  /** The session is over. */
  onOver(): void;
  onError(error: unknown): void;
}

/** What comes to a session without being asked for: messages of others, and what time does. */
export class SessionPush {
  readonly sessionId: string;
  readonly #sessions: QuicSessions;
  readonly #target: PushTarget;
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  constructor(sessionId: string, sessions: QuicSessions, target: PushTarget) {
    this.sessionId = sessionId;
    this.#sessions = sessions;
    this.#target = target;
    void this.#guard(() => this.#pump());
    void this.#guard(() => this.#tick());
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#stop.abort();
  }

  async #pump(): Promise<void> {
    const { signal } = this.#stop;
    let after: string | undefined;
    while (!signal.aborted) {
      const entries = await this.#sessions.take(this.sessionId, { after, waitMs: WAIT_MS, signal });
      for (const { id, message } of entries) {
        if (signal.aborted) return;
        this.#target.write(message);
        await this.#target.drained();
        after = id;
      }
    }
  }

  async #tick(): Promise<void> {
    const { message, nextDeadlineMs } = await this.#sessions.tick(this.sessionId);
    if (this.#stop.signal.aborted) return;
    if (message) this.#target.write(message);
    if (nextDeadlineMs === undefined) {
      this.#target.onOver();
      return;
    }
    const waitMs = Math.min(Math.max(1, nextDeadlineMs - Date.now()), MAX_TIMER_MS);
    this.#timer = setTimeout(() => void this.#guard(() => this.#tick()), waitMs);
  }

  async #guard(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      // A session that is not there any more is over.
      if (error instanceof M2MError && error.family === "ProtocolError") this.#target.onOver();
      else this.#target.onError(error);
    }
  }
}
