import { LruMap } from "../../shared/lru-map.js";
import type { RateDecision, RateLimitBucket, RateLimitStore } from "../../shared/stores.js";

/** Clients whose differences are remembered; what is forgotten is at most a request each. */
const MAX_CLIENTS = 10_000;

/**
 * A rate of tokens, of which one knows after a request only what it took. The difference to what was taken from the bucket is carried to
 * the client's next request, so that over time the rate is kept, whatever was estimated; a request larger than the bucket takes
 * all of it, and what is left over is carried too.
 */
export class TokenAllowance {
  readonly #rates: RateLimitStore;
  /** What clients took too little (above 0) or too much (below). */
  readonly #carried = new LruMap<string, number>(MAX_CLIENTS);

  constructor(rates: RateLimitStore) {
    this.#rates = rates;
  }

  async take(client: string, tokens: number, bucket: RateLimitBucket): Promise<RateDecision> {
    const carried = this.#carried.get(client) ?? 0;
    // Nobody else carries the same while the store is asked.
    this.#carried.delete(client);
    const owed = tokens + carried;
    const cost = Math.min(Math.max(0, owed), bucket.capacity);
    const decision = await this.#rates.take(`tokens ${client}`, cost, bucket);
    this.correct(client, decision.allowed ? owed - cost : carried);
    return decision;
  }

  /** @param tokens how many more it was than were taken; negative: fewer */
  correct(client: string, tokens: number): void {
    const carried = (this.#carried.get(client) ?? 0) + tokens;
    if (carried === 0) this.#carried.delete(client);
    else this.#carried.set(client, carried);
  }
}
