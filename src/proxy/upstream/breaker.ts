export interface BreakerOptions {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** Milliseconds until one request may try again. */
  readonly openMs: number;
}

/**
 * Keeps requests from an upstream that fails: open after so many failures in a row, and from time to time half open, which lets
 * one request through to see. Time is passed in, milliseconds of any clock.
 */
export class CircuitBreaker {
  readonly #options: BreakerOptions;
  #failures = 0;
  #openedAtMs: number | undefined;
  #probing = false;

  constructor(options: BreakerOptions) {
    this.#options = options;
  }

  state(nowMs: number): "closed" | "open" | "half-open" {
    if (this.#openedAtMs === undefined) return "closed";
    return nowMs - this.#openedAtMs < this.#options.openMs || this.#probing ? "open" : "half-open";
  }

  /** Whether a request may be sent; if it is half open, this one is the probe. */
  enter(nowMs: number): boolean {
    const state = this.state(nowMs);
    if (state === "half-open") this.#probing = true;
    return state !== "open";
  }

  /** Milliseconds until one may try again; of a probe that runs nobody knows. */
  waitMs(nowMs: number): number {
    if (this.#openedAtMs === undefined) return 0;
    return Math.max(0, this.#openedAtMs + this.#options.openMs - nowMs);
  }

  succeed(): void {
    this.#failures = 0;
    this.#openedAtMs = undefined;
    this.#probing = false;
  }

  fail(nowMs: number): void {
    this.#failures++;
    if (this.#probing || this.#failures >= this.#options.failures) this.#openedAtMs = nowMs;
    this.#probing = false;
  }

  /** What was sent says nothing about the upstream: the client went away. */
  leave(): void {
    this.#probing = false;
  }
}
