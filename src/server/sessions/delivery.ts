import { compareMailboxIds, type Delivery, type MailboxEntry } from "../../session/index.js";
import type { SessionService } from "./types.js";

/** How long one look into the mailbox waits. */
const WAIT_MS = 30_000;
/** Entries that are read at once. */
const BATCH = 32;

export interface DeliveryOptions {
  readonly sessions: SessionService;
  readonly sessionId: string;
  /** Sends one message. Resolves when there is room for another. */
  readonly push: (entry: MailboxEntry) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Brings what is in the mailbox of a session to its connection, within the window that the peer gives. */
export class MailboxDelivery {
  readonly #options: DeliveryOptions;
  /** What was pushed since there is a window and is not yet acknowledged, the oldest first. */
  #pushed: string[] = [];
  #window = Infinity;
  #moved: (() => void) | undefined;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    options.signal.addEventListener("abort", () => this.#moved?.(), { once: true });
  }

  /** Runs until the signal says so. Throws what the store throws. */
  async run(after: string | undefined): Promise<void> {
    const { sessions, sessionId, push, signal } = this.#options;
    let cursor = after;
    while (!signal.aborted) {
      const limit = Math.min(BATCH, this.#window - this.#pushed.length);
      if (limit < 1) {
        await new Promise<void>((resolve) => (this.#moved = resolve));
        continue;
      }
      const entries = await sessions.take(sessionId, {
        after: cursor,
        limit,
        waitMs: WAIT_MS,
        signal,
        peek: true,
      });
      for (const entry of entries) {
        if (signal.aborted) return;
        cursor = entry.id;
        if (this.#window < Infinity) this.#pushed.push(entry.id);
        await push(entry);
      }
    }
  }

  /** What the peer says of what it has. */
  note({ cursor, window }: Delivery): void {
    if (window !== undefined) this.#window = window;
    if (cursor !== undefined) this.#pushed = this.#pushed.filter((id) => compareMailboxIds(id, cursor) > 0);
    this.#moved?.();
  }
}
