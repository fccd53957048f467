import type { RateDecision, RateLimitBucket, RateLimitStore } from "../../shared/stores.js";

interface Bucket {
  tokens: number;
  atMs: number;
}

const MAX_BUCKETS = 10_000;

/** Token buckets in the memory of this process, bounded: the one that was silent longest is forgotten first, and is full again. */
export class MemoryRateBuckets implements RateLimitStore {
  readonly #nowMs: () => number;
  /** In the order of the last take. */
  readonly #buckets = new Map<string, Bucket>();

  /** @param nowMs a clock, in milliseconds */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  async take(
    key: string,
    cost: number,
    { capacity, refillPerSecond }: RateLimitBucket,
  ): Promise<RateDecision> {
    const nowMs = this.#nowMs();
    const { tokens, atMs } = this.#buckets.get(key) ?? { tokens: capacity, atMs: nowMs };
    const filled = Math.min(capacity, tokens + (Math.max(0, nowMs - atMs) / 1000) * refillPerSecond);
    const allowed = filled >= cost;
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens: allowed ? filled - cost : filled, atMs: nowMs });
    const [eldest] = this.#buckets.keys();
    if (this.#buckets.size > MAX_BUCKETS && eldest !== undefined) this.#buckets.delete(eldest);
    if (allowed) return { allowed, retryAfterMs: 0 };
    const missing = cost > capacity ? Infinity : cost - filled;
    return { allowed, retryAfterMs: Math.ceil((missing / refillPerSecond) * 1000) };
  }
}
