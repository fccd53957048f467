import type { M2MError } from "../shared/errors.js";
import type { RateDecision, RateLimitBucket, RateLimitStore } from "../shared/stores.js";
import { assertBucket } from "../shared/token-buckets.js";
import type { RedisConnection } from "./connection.js";
import { asStoreError } from "./failures.js";

export interface RedisRateStoreOptions {
  /** What decides while Redis cannot: the buckets of this process alone. */
  readonly fallback: RateLimitStore;
  /** Told of every decision that the fallback made, and why. */
  readonly onFallback?: (error: M2MError) => void;
  /** Milliseconds that a decision waits for Redis. Default 250. */
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 250;

/**
 * KEYS bucket · ARGV cost, capacity, refill a second. What is in a bucket is kept with the time at which it was, in
 * microseconds. A bucket that would be full again is forgotten: it begins full. A clock that goes back stands still.
 */
const TAKE = `
local cost, capacity, rate = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local held = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens, at = capacity, now
if held[1] then
  at = math.max(now, tonumber(held[2]))
  tokens = math.min(capacity, tonumber(held[1]) + (at - tonumber(held[2])) * rate / 1000000)
end
local wait = 0
if cost <= tokens then
  tokens = tokens - cost
elseif cost > capacity then
  return -1
else
  wait = math.ceil((cost - tokens) / rate * 1000)
end
redis.call('HSET', KEYS[1], 'tokens', string.format('%.17g', tokens), 'at', string.format('%.0f', at))
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.min(math.ceil((capacity - tokens) / rate * 1000) + 1, 1e14)))
return wait`;

/** Token buckets in Redis, exact over all processes, by the clock of Redis. */
export class RedisRateStore implements RateLimitStore {
  readonly #redis: RedisConnection;
  readonly #options: RedisRateStoreOptions;

  constructor(redis: RedisConnection, options: RedisRateStoreOptions) {
    this.#redis = redis;
    this.#options = options;
  }

  /** @throws {InputError} `M2M_USAGE` if a number is not above 0 (the cost: below 0) */
  async take(key: string, cost: number, bucket: RateLimitBucket): Promise<RateDecision> {
    const { capacity, refillPerSecond } = bucket;
    assertBucket(cost, bucket);
    const { fallback, onFallback, timeoutMs = DEFAULT_TIMEOUT_MS } = this.#options;
    let waitMs: number;
    try {
      const args = [cost, capacity, refillPerSecond];
      waitMs = Number(await this.#redis.run(TAKE, [this.#redis.key("rate", key)], args, { timeoutMs }));
    } catch (error) {
      onFallback?.(asStoreError(error));
      return fallback.take(key, cost, bucket);
    }
    return { allowed: waitMs === 0, retryAfterMs: waitMs < 0 ? Infinity : waitMs };
  }
}
