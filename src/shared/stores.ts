/**
 * What several processes of a proxy share, in the memory of one of them or in Redis. Pure types. Keys are names or digests, never
 * secrets: a store may show them.
 */

/** Answers, kept whole. What fails is a miss: neither method rejects. */
export interface ResponseCacheStore {
  /** `undefined` if there is none, or none any more. */
  get(key: string): Promise<Uint8Array | undefined>;
  /** @param ttlMs milliseconds from now, from which it is not there any more */
  set(key: string, value: Uint8Array, ttlMs: number): Promise<void>;
}

export interface RateLimitBucket {
  /** The most that can be taken at once. */
  readonly capacity: number;
  readonly refillPerSecond: number;
}

export interface RateDecision {
  readonly allowed: boolean;
  /** Milliseconds until the same would be allowed, if nobody else takes; 0 if it was; `Infinity` if it never can be. */
  readonly retryAfterMs: number;
}

/** Token buckets, full at first, one a key. */
export interface RateLimitStore {
  /**
   * Takes `cost` from the bucket of a key, or nothing if there is less in it.
   * @throws {InputError} `M2M_USAGE` if the cost is below 0, or a number of the bucket not above it
   */
  take(key: string, cost: number, bucket: RateLimitBucket): Promise<RateDecision>;
}

/** What keys have spent in windows of time. A store that cannot count rejects, so that nothing is spent uncounted. */
export interface SpendStore {
  /**
   * @param amountMicroUsd millionths of a US dollar, a whole number; negative gives back, of what there is: the sum does not fall below 0
   * @param expiresAtMs end of the window, milliseconds since 1970: from then on the sum is not needed
   * @returns the sum with it
   * @throws {InputError} `M2M_USAGE` if the amount is not a whole number
   */
  add(key: string, windowId: string, amountMicroUsd: number, expiresAtMs: number): Promise<number>;
  total(key: string, windowId: string): Promise<number>;
}
