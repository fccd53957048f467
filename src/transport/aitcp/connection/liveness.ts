/** Whom it tells. */
export interface LivenessOwner {
  /** Nothing has come for `idleMs`. */
  onSilent(): void;
  /** It is time to say something: nothing was sent for a third of `peerIdleMs`, or nothing has come for a third of `idleMs`. */
  onQuiet(): void;
  /** It looks after the connection, as it does every `intervalMs`, unless this process is late. */
  onCheck(nowMs: number, intervalMs: number): void;
}

export interface LivenessOptions {
  readonly owner: LivenessOwner;
  /** After how long without a packet the peer is taken for gone, in milliseconds. */
  readonly idleMs: number;
  /** After how long the peer takes this side for gone, in milliseconds. */
  readonly peerIdleMs: number;
  readonly nowMs: () => number;
}

/** Whether both ends of a connection are still there: half-open ones are found, idle ones are kept. */
export class Liveness {
  readonly #options: LivenessOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #intervalMs: number;
  #receivedMs: number;
  #sentMs: number;

  constructor(options: LivenessOptions) {
    this.#options = options;
    this.#receivedMs = this.#sentMs = options.nowMs();
    const { idleMs, peerIdleMs } = options;
    // Twice as often as it says something, so that it is never late by more than half.
    this.#intervalMs = Math.max(10, Math.min(idleMs, peerIdleMs) / 6);
    this.#timer = setInterval(Liveness.#checkOne, this.#intervalMs, this);
  }

  received(nowMs: number): void {
    this.#receivedMs = nowMs;
  }

  sent(nowMs: number): void {
    this.#sentMs = nowMs;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  static #checkOne(this: void, liveness: Liveness): void {
    liveness.#check();
  }

  #check(): void {
    const { idleMs, peerIdleMs, nowMs, owner } = this.#options;
    const now = nowMs();
    const silentMs = now - this.#receivedMs;
    if (silentMs >= idleMs) return owner.onSilent();
    owner.onCheck(now, this.#intervalMs);
    if (now - this.#sentMs >= peerIdleMs / 3 || silentMs >= idleMs / 3) owner.onQuiet();
  }
}
