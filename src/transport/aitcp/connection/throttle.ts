import type { PeerLimit } from "../flow/index.js";
import type { PacketPipe } from "./packet-pipe.js";

/** Holds a peer to its rate: what it has sent too fast has been taken, and nothing more is read until it is paid for. */
export class Throttle {
  readonly #limit: PeerLimit;
  readonly #peer: string;
  readonly #pipe: PacketPipe;
  #owedBytes = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param peer its identity, as text: all its connections share the limit */
  constructor(limit: PeerLimit, peer: string, pipe: PacketPipe) {
    this.#limit = limit;
    this.#peer = peer;
    this.#pipe = pipe;
  }

  /** So much has come. */
  took(bytes: number): void {
    this.#owedBytes += bytes;
    if (this.#timer === undefined) this.#pay();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #pay(): void {
    this.#timer = undefined;
    const { allowed, retryAfterMs } = this.#limit.take(this.#peer, this.#owedBytes);
    if (allowed) {
      this.#owedBytes = 0;
      this.#pipe.resume();
      return;
    }
    this.#pipe.pause();
    this.#timer = setTimeout(() => this.#pay(), Math.max(1, Math.ceil(retryAfterMs)));
  }
}
