import { InputError } from "../../../shared/errors.js";

/** How the interval of a `Pacer` moves, in milliseconds. */
export interface PacerOptions {
  /** Default 100. */
  readonly firstMs?: number;
  /** Default 20. */
  readonly leastMs?: number;
  /** Default 5000. */
  readonly mostMs?: number;
  /** What a success takes off. Default 10. */
  readonly stepMs?: number;
  /** What a failure multiplies by. Default 1.8. */
  readonly factor?: number;
}

/**
 * The interval between tries: shorter by a step with each success, longer by a factor with each failure (additive increase and
 * multiplicative decrease of the rate, with the numbers of the public AI-TCP). For tries to connect, and for what is sent to a peer that says
 * it is busy. Who waits is the caller.
 */
export class Pacer {
  readonly #leastMs: number;
  readonly #mostMs: number;
  readonly #stepMs: number;
  readonly #factor: number;
  #intervalMs: number;

  /** @throws {InputError} `M2M_USAGE` */
  constructor({ firstMs = 100, leastMs = 20, mostMs = 5000, stepMs = 10, factor = 1.8 }: PacerOptions = {}) {
    if (!(leastMs > 0 && leastMs <= firstMs && firstMs <= mostMs && stepMs >= 0 && factor >= 1)) {
      throw new InputError(
        "M2M_USAGE",
        "Intervals are over 0 and in order, a step is not below 0, a factor not below 1.",
      );
    }
    this.#leastMs = leastMs;
    this.#mostMs = mostMs;
    this.#stepMs = stepMs;
    this.#factor = factor;
    this.#intervalMs = firstMs;
  }

  get intervalMs(): number {
    return this.#intervalMs;
  }

  succeeded(): void {
    this.#intervalMs = Math.max(this.#leastMs, this.#intervalMs - this.#stepMs);
  }

  /** The interval is longer, from now on. */
  failed(): void {
    this.#intervalMs = Math.min(this.#mostMs, this.#intervalMs * this.#factor);
  }
}
