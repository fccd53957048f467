import { InputError } from "./errors.js";
import { LruMap } from "./lru-map.js";
import type { RateDecision, RateLimitBucket, RateLimitStore } from "./stores.js";

export interface TokenBucketsOptions {
  /** Most buckets; above it those that were used longest ago are forgotten, and begin full again. Default 10,000. */
  readonly maxBuckets?: number;
  /** A clock in milliseconds; what it goes back adds nothing. Default `performance.now`. */
  readonly nowMs?: () => number;
}

interface Level {
  readonly tokens: number;
  readonly atMs: number;
}

const DEFAULT_MAX_BUCKETS = 10_000;

/** Token buckets in the memory of this process, full at first, one a key. */
export class TokenBuckets {
  readonly #nowMs: () => number;
  readonly #levels: LruMap<string, Level>;

  constructor({
    maxBuckets = DEFAULT_MAX_BUCKETS,
    nowMs = () => performance.now(),
  }: TokenBucketsOptions = {}) {
    this.#levels = new LruMap(maxBuckets);
    this.#nowMs = nowMs;
  }

  /**
   * Takes `cost` from the bucket of a key, or nothing if there is less in it.
   * @throws {InputError} `M2M_USAGE` if the cost is below 0, or a number of the bucket not above it
   */
  take(key: string, cost: number, bucket: RateLimitBucket): RateDecision {
    assertBucket(cost, bucket);
    const { capacity, refillPerSecond } = bucket;
    if (cost > capacity) return { allowed: false, retryAfterMs: Infinity };
    const nowMs = this.#nowMs();
    const level = this.#levels.get(key) ?? { tokens: capacity, atMs: nowMs };
    const refilled = (Math.max(0, nowMs - level.atMs) * refillPerSecond) / 1000;
    const tokens = Math.min(capacity, level.tokens + refilled);
    const allowed = cost <= tokens;
    this.#levels.set(key, { tokens: allowed ? tokens - cost : tokens, atMs: nowMs });
    return { allowed, retryAfterMs: allowed ? 0 : Math.ceil(((cost - tokens) / refillPerSecond) * 1000) };
  }
}

/** Token buckets of one process, where several could share them. */
export class MemoryRateStore implements RateLimitStore {
  readonly #buckets: TokenBuckets;

  constructor(options: TokenBucketsOptions = {}) {
    this.#buckets = new TokenBuckets(options);
  }

  async take(key: string, cost: number, bucket: RateLimitBucket): Promise<RateDecision> {
    return this.#buckets.take(key, cost, bucket);
  }
}

/** @throws {InputError} `M2M_USAGE` if the cost is below 0, or a number of the bucket not above it */
export function assertBucket(cost: number, { capacity, refillPerSecond }: RateLimitBucket): void {
  if (cost >= 0 && capacity > 0 && refillPerSecond > 0 && capacity < Infinity) return;
  throw new InputError("M2M_USAGE", "Cost, capacity and refill of a rate limit are numbers above 0.");
}
