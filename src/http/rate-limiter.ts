import { InputError } from "../shared/errors.js";
import type { RateDecision, RateLimitBucket } from "../shared/stores.js";
import { TokenBuckets } from "../shared/token-buckets.js";

export interface RateLimiterOptions {
  readonly requestsPerMinute: number;
  /** Requests that may come at once; without it a tenth of a minute's, at least 1. */
  readonly burst?: number;
  /** Clients that are remembered; the one that was silent longest is forgotten first. 10 000 unless set. */
  readonly maxClients?: number;
  /** A clock that never goes back, in milliseconds. */
  readonly nowMs?: () => number;
}

/** Limits the requests of each client, in bounded memory. */
export class ClientRateLimiter {
  readonly #buckets: TokenBuckets;
  readonly #bucket: RateLimitBucket;

  /** @throws {InputError} `M2M_USAGE` if a rate or size is not above 0 */
  constructor({ requestsPerMinute, burst, maxClients = 10_000, nowMs }: RateLimiterOptions) {
    const capacity = burst ?? Math.max(1, Math.ceil(requestsPerMinute / 10));
    if (!(requestsPerMinute > 0) || !(capacity >= 1) || !(maxClients >= 1)) {
      throw new InputError("M2M_USAGE", "A rate limit, its burst and its number of clients are above 0.");
    }
    this.#buckets = new TokenBuckets({ maxBuckets: maxClients, nowMs });
    this.#bucket = { capacity, refillPerSecond: requestsPerMinute / 60 };
  }

  /** Counts a request of `client`, if it is allowed. */
  take(client: string): RateDecision {
    return this.#buckets.take(client, 1, this.#bucket);
  }
}
