import { InputError } from "../shared/errors.js";

export interface RateLimiterOptions {
  readonly requestsPerMinute: number;
  /** Requests that may come at once; without it a tenth of a minute's, at least 1. */
  readonly burst?: number;
  /** Clients that are remembered; the one that was silent longest is forgotten first. 10 000 unless set. */
  readonly maxClients?: number;
  /** A clock that never goes back, in milliseconds. */
  readonly nowMs?: () => number;
}

export interface RateDecision {
  readonly allowed: boolean;
  /** When the next request would be allowed; 0 if this one is. */
  readonly retryAfterMs: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

const DEFAULT_MAX_CLIENTS = 10_000;

/** A token bucket for each client, in bounded memory. */
export class ClientRateLimiter {
  readonly #perMs: number;
  readonly #burst: number;
  readonly #maxClients: number;
  readonly #nowMs: () => number;
  /** In the order of the last request. */
  readonly #buckets = new Map<string, Bucket>();

  /** @throws {InputError} `M2M_USAGE` if a rate or size is not above 0 */
  constructor(options: RateLimiterOptions) {
    const { requestsPerMinute, maxClients = DEFAULT_MAX_CLIENTS } = options;
    const burst = options.burst ?? Math.max(1, Math.ceil(requestsPerMinute / 10));
    if (!(requestsPerMinute > 0) || !(burst >= 1) || !(maxClients >= 1)) {
      throw new InputError("M2M_USAGE", "A rate limit, its burst and its number of clients are above 0.");
    }
    this.#perMs = requestsPerMinute / 60_000;
    this.#burst = burst;
    this.#maxClients = maxClients;
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  /** Counts a request of `client`, if it is allowed. */
  take(client: string): RateDecision {
    const nowMs = this.#nowMs();
    const bucket = this.#buckets.get(client) ?? { tokens: this.#burst, atMs: nowMs };
    bucket.tokens = Math.min(this.#burst, bucket.tokens + Math.max(0, nowMs - bucket.atMs) * this.#perMs);
    bucket.atMs = nowMs;
    this.#buckets.delete(client);
    this.#buckets.set(client, bucket);
    if (this.#buckets.size > this.#maxClients) {
      this.#buckets.delete(this.#buckets.keys().next().value as string);
    }
    if (bucket.tokens < 1) {
      return { allowed: false, retryAfterMs: Math.ceil((1 - bucket.tokens) / this.#perMs) };
    }
    bucket.tokens -= 1;
    return { allowed: true, retryAfterMs: 0 };
  }
}
