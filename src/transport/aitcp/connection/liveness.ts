/** Whom it tells. */
export interface LivenessOwner {
  /** What comes is read now. While it is not, its silence is not the peer's. */
  readonly isReading: boolean;
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
  readonly #owner: LivenessOwner;
  readonly #idleMs: number;
  readonly #peerIdleMs: number;
  readonly #nowMs: () => number;
  readonly #timer: NodeJS.Timeout;
  readonly #intervalMs: number;
  #receivedMs: number;
  #sentMs: number;

  constructor({ owner, idleMs, peerIdleMs, nowMs }: LivenessOptions) {
    this.#owner = owner;
    this.#idleMs = idleMs;
    this.#peerIdleMs = peerIdleMs;
    this.#nowMs = nowMs;
    this.#receivedMs = this.#sentMs = nowMs();
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
    const now = this.#nowMs();
    if (!this.#owner.isReading) this.#receivedMs = now;
    const silentMs = now - this.#receivedMs;
    if (silentMs >= this.#idleMs) return this.#owner.onSilent();
    this.#owner.onCheck(now, this.#intervalMs);
    const isQuiet = now - this.#sentMs >= this.#peerIdleMs / 3 || silentMs >= this.#idleMs / 3;
    if (isQuiet) this.#owner.onQuiet();
  }
}
