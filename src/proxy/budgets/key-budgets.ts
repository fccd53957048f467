import { InputError, LimitError, UpstreamError, type M2MError } from "../../shared/errors.js";
import type { RateDecision, RateLimitBucket, RateLimitStore, SpendStore } from "../../shared/stores.js";
import type { SpendEstimate } from "./estimate.js";
import { MemoryRateStore } from "../../shared/token-buckets.js";
import { Purse, type Budget, type Reservation } from "./purse.js";
import { TokenAllowance } from "./token-allowance.js";
import { dayOf, monthOf } from "./windows.js";

/** What one client may take, each number above 0. What is absent is not limited. */
export interface KeyLimits {
  readonly requestsPerMinute?: number;
  /** Of input and output. */
  readonly tokensPerMinute?: number;
  /** By days and months in UTC. */
  readonly usdPerDay?: number;
  readonly usdPerMonth?: number;
}

export interface KeyBudgetsOptions {
  /** Limits of all clients, or those of each by its `clientKeyOf`. */
  readonly limits: KeyLimits | ((client: string) => KeyLimits);
  readonly rates: RateLimitStore;
  readonly spend: SpendStore;
  /** The clock, in milliseconds since 1970. Default `Date.now`. */
  readonly nowMs?: () => number;
  /** Told of what a store failed with, to be logged. */
  readonly onStoreFailure?: (error: unknown) => void;
}

/** What a request took in the end. `usd` is `undefined` if nobody knows: then it is what was estimated. */
export interface Spent {
  readonly tokens: number;
  readonly usd: number | undefined;
}

export interface Admitted {
  readonly allowed: true;
  /** To be called when the request is over, however it ended; only the first call counts. Does not reject. */
  settle(spent: Spent): Promise<void>;
}

export interface Refused {
  readonly allowed: false;
  /** `M2M_RATE_LIMITED`, `M2M_BUDGET_SPENT`, `M2M_STORE_UNAVAILABLE` or `M2M_MODEL_UNKNOWN`. */
  readonly error: M2MError;
  /** Names and values in turn: when to try again, and whether that is worth it to an SDK. */
  readonly headers: readonly string[];
}

/** The SDKs for Node wait as long as they are told to, hours with it; nobody wants a call to hang for longer than this. */
const MAX_RETRY_WAIT_MS = 60_000;

/**
 * Requests, tokens and money by API key. While the store of rates cannot be asked, this process keeps them alone; while that of money
 * cannot, nothing is spent.
 */
export class KeyBudgets {
  readonly #options: KeyBudgetsOptions;
  readonly #nowMs: () => number;
  readonly #localRates = new MemoryRateStore();
  readonly #tokens: TokenAllowance;
  readonly #purse: Purse;

  constructor(options: KeyBudgetsOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? Date.now;
    const rates: RateLimitStore = { take: (key, cost, bucket) => this.#take(key, cost, bucket) };
    this.#tokens = new TokenAllowance(rates);
    this.#purse = new Purse(options.spend);
  }

  /**
   * Whether a client may make a request now. What a store fails with is no error, but part of the answer.
   * @param client of `clientKeyOf`
   * @param estimate of `estimateSpend`; of what is free of charge, zeros
   * @throws {InputError} `M2M_USAGE` if a limit is not above 0
   */
  async admit(client: string, estimate: SpendEstimate): Promise<Admitted | Refused> {
    const refused = await this.admitFree(client);
    if (refused) return refused;
    const own = this.#limitsOf(client);
    const tokensPerMinute = own.tokensPerMinute;
    if (tokensPerMinute !== undefined) {
      const decision = await this.#tokens.take(client, estimate.tokens, bucketOf(tokensPerMinute));
      if (!decision.allowed) return rateRefusal("tokens", tokensPerMinute, decision);
    }
    const money = await this.#reserve(client, own, estimate.usd);
    if ("error" in money) {
      if (tokensPerMinute !== undefined) this.#tokens.correct(client, -estimate.tokens);
      return money;
    }
    let isSettled = false;
    return {
      allowed: true,
      settle: async ({ tokens, usd }) => {
        if (isSettled) return;
        isSettled = true;
        if (tokensPerMinute !== undefined) this.#tokens.correct(client, tokens - estimate.tokens);
        await this.#purse.settle(money, microUsdOf(usd ?? estimate.usd ?? 0));
      },
    };
  }

  /**
   * Counts a request that takes neither tokens nor money, or whose price nobody knows.
   * @returns why it may not be made now; `undefined` if it may
   * @throws {InputError} as `admit`
   */
  async admitFree(client: string): Promise<Refused | undefined> {
    const { requestsPerMinute } = this.#limitsOf(client);
    if (requestsPerMinute === undefined) return undefined;
    const decision = await this.#take(`requests ${client}`, 1, bucketOf(requestsPerMinute));
    return decision.allowed ? undefined : rateRefusal("requests", requestsPerMinute, decision);
  }

  #limitsOf(client: string): KeyLimits {
    const { limits } = this.#options;
    const own = typeof limits === "function" ? limits(client) : limits;
    assertLimits(own);
    return own;
  }

  async #reserve(client: string, limits: KeyLimits, usd: number | undefined): Promise<Reservation | Refused> {
    const nowMs = this.#nowMs();
    const budgets: Budget[] = [];
    const { usdPerDay, usdPerMonth } = limits;
    if (usdPerDay !== undefined) budgets.push({ window: dayOf(nowMs), limitMicroUsd: microUsdOf(usdPerDay) });
    if (usdPerMonth !== undefined)
      budgets.push({ window: monthOf(nowMs), limitMicroUsd: microUsdOf(usdPerMonth) });
    if (budgets.length === 0) return { client, budgets, amounts: [] };
    if (usd === undefined) return refused(unknownPrice(), undefined);
    try {
      const outcome = await this.#purse.reserve(client, budgets, microUsdOf(usd));
      if (!("spent" in outcome)) return outcome;
      return budgetRefusal(outcome.spent, nowMs);
    } catch (error) {
      this.#options.onStoreFailure?.(error);
      const message = "The budget of this key cannot be asked for, so that nothing can be spent.";
      return refused(new UpstreamError("M2M_STORE_UNAVAILABLE", message), 1000);
    }
  }

  async #take(key: string, cost: number, bucket: RateLimitBucket): Promise<RateDecision> {
    try {
      return await this.#options.rates.take(key, cost, bucket);
    } catch (error) {
      this.#options.onStoreFailure?.(error);
      return this.#localRates.take(key, cost, bucket);
    }
  }
}

function assertLimits(limits: KeyLimits): void {
  for (const [name, limit] of Object.entries(limits) as Array<[string, number | undefined]>) {
    if (limit === undefined || (limit > 0 && limit < Infinity)) continue;
    throw new InputError("M2M_USAGE", `The limit ${name} is a number above 0, not ${limit}.`);
  }
}

/** A minute's worth at once, then as it comes. */
function bucketOf(perMinute: number): RateLimitBucket {
  return { capacity: Math.max(1, perMinute), refillPerSecond: perMinute / 60 };
}

/** Rounded up: nothing is free that costs something. */
function microUsdOf(usd: number): number {
  return Math.min(Math.ceil(usd * 1e6), Number.MAX_SAFE_INTEGER);
}

function rateRefusal(
  what: "requests" | "tokens",
  perMinute: number,
  { retryAfterMs }: RateDecision,
): Refused {
  const message = `This key has had its ${perMinute} ${what} a minute.`;
  return refused(new LimitError("M2M_RATE_LIMITED", message), retryAfterMs);
}

function budgetRefusal({ window, limitMicroUsd }: Budget, nowMs: number): Refused {
  const usd = (limitMicroUsd / 1e6).toFixed(2);
  const until = new Date(window.endsAtMs).toISOString();
  const message = `The budget of this key, $${usd} for ${window.id}, is spent. The next one begins at ${until}.`;
  return refused(new LimitError("M2M_BUDGET_SPENT", message), window.endsAtMs - nowMs);
}

function unknownPrice(): M2MError {
  return new InputError(
    "M2M_MODEL_UNKNOWN",
    "The price of this model is unknown, so that it cannot be used within a budget.",
    { hint: "Whoever runs the proxy can describe it in ~/.m2m/models.toml." },
  );
}

function refused(error: M2MError, retryAfterMs: number | undefined): Refused {
  if (retryAfterMs === undefined || retryAfterMs === Infinity) return { allowed: false, error, headers: [] };
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1000));
  const headers = ["retry-after", String(seconds)];
  if (retryAfterMs > MAX_RETRY_WAIT_MS) headers.push("x-should-retry", "false");
  return { allowed: false, error, headers };
}
