import { InputError } from "../../shared/errors.js";
import type { RateDecision, RateLimitBucket, RateLimitStore } from "../../shared/stores.js";

export interface MemoryRateStoreOptions {
  /** Most buckets; above it those that were used longest ago are forgotten, and begin full again. Default 10,000. */
  readonly maxBuckets?: number;
  /** A clock in milliseconds that does not go back. Default `performance.now`. */
  readonly nowMs?: () => number;
}

interface Held {
  readonly tokens: number;
  readonly atMs: number;
}

const DEFAULT_MAX_BUCKETS = 10_000;

/** Token buckets in the memory of this process. */
export class MemoryRateStore implements RateLimitStore {
  readonly #maxBuckets: number;
  readonly #nowMs: () => number;
  /** The longest unused first. */
  readonly #held = new Map<string, Held>();

  constructor({
    maxBuckets = DEFAULT_MAX_BUCKETS,
    nowMs = () => performance.now(),
  }: MemoryRateStoreOptions = {}) {
    this.#maxBuckets = maxBuckets;
    this.#nowMs = nowMs;
  }

  /** @throws {InputError} `M2M_USAGE` if a number is not above 0 (the cost: below 0) */
  async take(
    key: string,
    cost: number,
    { capacity, refillPerSecond }: RateLimitBucket,
  ): Promise<RateDecision> {
    if (!(cost >= 0 && capacity > 0 && refillPerSecond > 0 && capacity < Infinity)) {
      throw new InputError("M2M_USAGE", "Cost, capacity and refill of a rate limit are numbers above 0.");
    }
    const nowMs = this.#nowMs();
    const held = this.#held.get(key);
    const refilled = held
      ? held.tokens + (Math.max(0, nowMs - held.atMs) * refillPerSecond) / 1000
      : capacity;
    const tokens = Math.min(capacity, refilled);
    if (cost > capacity) return { allowed: false, retryAfterMs: Infinity };
    const allowed = cost <= tokens;
    this.#held.delete(key);
    this.#held.set(key, { tokens: allowed ? tokens - cost : tokens, atMs: nowMs });
    if (this.#held.size > this.#maxBuckets) this.#forgetOldest();
    return { allowed, retryAfterMs: allowed ? 0 : Math.ceil(((cost - tokens) / refillPerSecond) * 1000) };
  }

  #forgetOldest(): void {
    for (const key of this.#held.keys()) {
      this.#held.delete(key);
      return;
    }
  }
}
