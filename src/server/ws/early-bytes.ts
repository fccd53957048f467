import type { Duplex } from "node:stream";
import { MAX_CONTROL_BYTES } from "../../session/index.js";

/** The largest message that may begin a session, the heads of its fragments, and what one read may bring behind it. */
const MAX_EARLY_BYTES = MAX_CONTROL_BYTES + 128 * 1024;

export interface EarlyBytesOptions {
  hasSession(): boolean;
  /** Whether something that came is still being looked at: there may be a session then. */
  isBusy(): boolean;
  /** Reads no more for now. */
  pause(): void;
  /** What came is no beginning of a session. */
  refuse(): void;
}

/**
 * Bounds what a connection sends before it has a session: the largest message of a session is a thousand times as large as one that begins it,
 * and would be put together in memory whoever sends it.
 */
export class EarlyBytes {
  #sizeBytes = 0;

  /** @param connection what the frames come over */
  constructor(connection: Duplex, options: EarlyBytesOptions) {
    const count = (chunk: Buffer): void => {
      if (options.hasSession()) {
        connection.off("data", count);
        return;
      }
      this.#sizeBytes += chunk.length;
      if (this.#sizeBytes <= MAX_EARLY_BYTES) return;
      if (options.isBusy()) options.pause();
      else options.refuse();
    };
    connection.on("data", count);
  }

  /** A message is there whole. */
  noteMessage(): void {
    this.#sizeBytes = 0;
  }
}
