import { compareMailboxIds, type Delivery, type MailboxEntry } from "../../session/index.js";
import type { QuicSessions } from "./service.js";

/** How long one look into the mailbox waits. */
const WAIT_MS = 30_000;
/** Entries that are read at once. */
const BATCH = 32;

export interface DeliveryOptions {
  readonly sessions: QuicSessions;
  readonly sessionId: string;
  /** Sends one message. Resolves when there is room for another. */
  readonly push: (entry: MailboxEntry) => Promise<void>;
  readonly signal: AbortSignal;
}

/** Brings what is in the mailbox of a session to its stream, within the window that the peer gives. */
export class MailboxDelivery {
  readonly #options: DeliveryOptions;
  /** What was pushed and is not yet acknowledged, the oldest first; kept from when there is a window. */
  #pushed: string[] = [];
  #window = Infinity;
  #wake: (() => void) | undefined;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    options.signal.addEventListener("abort", () => this.#wake?.(), { once: true });
  }

  /** Runs until the signal says so. Throws what the store throws. */
  async run(after: string | undefined): Promise<void> {
    const { sessions, sessionId, push, signal } = this.#options;
    let cursor = after;
    while (!signal.aborted) {
      const limit = Math.min(BATCH, this.#window - this.#pushed.length);
      if (limit < 1) {
        await new Promise<void>((resolve) => (this.#wake = resolve));
        continue;
      }
      const options = { after: cursor, limit, waitMs: WAIT_MS, signal, peek: true };
      for (const entry of await sessions.take(sessionId, options)) {
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
    this.#wake?.();
  }
}
