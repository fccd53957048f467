import { InputError } from "../shared/errors.js";
import type { RateDecision, RateLimitBucket, RateLimitStore } from "../shared/stores.js";
import { TokenBuckets } from "../shared/token-buckets.js";

export interface RateLimiterOptions {
  /** So many may come at once, then as they come. */
  readonly requestsPerMinute: number;
  /** Clients that are remembered; the one that was silent longest is forgotten first. 10 000 unless set. */
  readonly maxClients?: number;
  /** A clock that never goes back, in milliseconds. */
  readonly nowMs?: () => number;
}

/** Limits the requests of clients. */
export interface RateLimiter {
  /** Counts a request of `client`, if it is allowed. */
  take(client: string): RateDecision | Promise<RateDecision>;
}

/** Limits the requests of each client, in bounded memory. */
export class ClientRateLimiter implements RateLimiter {
  readonly #buckets: TokenBuckets;
  readonly #bucket: RateLimitBucket;

  /** @throws {InputError} `M2M_USAGE` if a rate or size is not above 0 */
  constructor({ requestsPerMinute, maxClients = 10_000, nowMs }: RateLimiterOptions) {
    this.#bucket = bucketOf(requestsPerMinute);
    if (!(maxClients >= 1)) throw badLimit();
    this.#buckets = new TokenBuckets({ maxBuckets: maxClients, nowMs });
  }

  /** Counts a request of `client`, if it is allowed. */
  take(client: string): RateDecision {
    return this.#buckets.take(client, 1, this.#bucket);
  }
}

/** Limits the requests of each client over all processes that share a store. */
export class SharedRateLimiter implements RateLimiter {
  readonly #store: RateLimitStore;
  readonly #bucket: RateLimitBucket;

  /** @throws {InputError} `M2M_USAGE` if the rate is not above 0 */
  constructor(store: RateLimitStore, { requestsPerMinute }: RateLimiterOptions) {
    this.#store = store;
    this.#bucket = bucketOf(requestsPerMinute);
  }

  take(client: string): Promise<RateDecision> {
    return this.#store.take(`client:${client}`, 1, this.#bucket);
  }
}

function bucketOf(requestsPerMinute: number): RateLimitBucket {
  if (!(requestsPerMinute > 0)) throw badLimit();
  return { capacity: Math.max(1, requestsPerMinute), refillPerSecond: requestsPerMinute / 60 };
}

function badLimit(): InputError {
  return new InputError("M2M_USAGE", "A rate limit and its number of clients are above 0.");
}
