import type { PeerLimit } from "../flow/index.js";
import type { PacketPipe } from "./packet-pipe.js";

/** Then it is asked again: timers take no time that is much longer. */
const MAX_WAIT_MS = 60_000;

/** Holds a peer to its rate: what it has sent too fast has been taken, and nothing more is read until it is paid for. */
export class Throttle {
  readonly #limit: PeerLimit;
  readonly #peer: string;
  readonly #pipe: PacketPipe;
  #owed = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param peer its identity, as text: all its connections share the limit */
  constructor(limit: PeerLimit, peer: string, pipe: PacketPipe) {
    this.#limit = limit;
    this.#peer = peer;
    this.#pipe = pipe;
  }

  /** So much has come. */
  took(bytes: number): void {
    this.#owed += this.#limit.costOf(bytes);
    if (this.#timer === undefined) this.#pay();
  }

  /** Nothing is read now. */
  get isHolding(): boolean {
    return this.#timer !== undefined;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #pay(): void {
    this.#timer = undefined;
    while (this.#owed > 0) {
      // More than what the bucket holds is never in it: it is paid for bit by bit.
      const slice = Math.min(this.#owed, this.#limit.capacity);
      const { allowed, retryAfterMs } = this.#limit.take(this.#peer, slice);
      if (!allowed) {
        this.#pipe.pause();
        this.#timer = setTimeout(() => this.#pay(), Math.min(MAX_WAIT_MS, Math.max(1, retryAfterMs)));
        return;
      }
      this.#owed -= slice;
    }
    this.#pipe.resume();
  }
}
