import { InputError, LimitError, UpstreamError, type M2MError } from "../../shared/errors.js";
import type { RateDecision, RateLimitBucket, RateLimitStore, SpendStore } from "../../shared/stores.js";
import type { SpendEstimate } from "./estimate.js";
import { MemoryRateStore } from "../../shared/token-buckets.js";
import { Purse, type Budget, type Shortfall, type Reservation } from "./purse.js";
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

/** What a request took in the end. What is `undefined`, nobody knows: then it is what was estimated. */
export interface RequestCost {
  readonly tokens: number | undefined;
  readonly usd: number | undefined;
}

export interface Admitted {
  readonly allowed: true;
  /** To be called when the request is over, however it ended; only the first call counts. Does not reject. */
  settle(spent: RequestCost): Promise<void>;
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
/** When to ask again for money that is held back for requests that run: many are over by then. */
const HELD_RETRY_MS = 5000;

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
  /** Requests that ask to be admitted, or are and have not been settled in the store. */
  #open = 0;
  readonly #whenIdle: (() => void)[] = [];

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
    this.#open++;
    let decision: Admitted | Refused | undefined;
    try {
      return (decision = await this.#admit(client, estimate));
    } finally {
      if (!decision?.allowed) this.#leave();
    }
  }

  /** Resolves when every request that was admitted is settled in the store, or the store has failed; after `mostMs` at the latest. */
  idle(mostMs: number): Promise<void> {
    if (this.#open === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, mostMs);
      this.#whenIdle.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #leave(): void {
    if (--this.#open > 0) return;
    for (const resolve of this.#whenIdle.splice(0)) resolve();
  }

  async #admit(client: string, estimate: SpendEstimate): Promise<Admitted | Refused> {
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
        if (tokensPerMinute !== undefined && tokens !== undefined)
          this.#tokens.correct(client, tokens - estimate.tokens);
        await this.#purse.settle(money, microUsdOf(usd ?? estimate.usd ?? 0));
        this.#leave();
      },
    };
  }

  /** Whether it matters to a client what its requests take. */
  isMetered(client: string): boolean {
    const { tokensPerMinute, usdPerDay, usdPerMonth } = this.#limitsOf(client);
    return (tokensPerMinute ?? usdPerDay ?? usdPerMonth) !== undefined;
  }

  /**
   * Counts a request that takes neither tokens nor money.
   * @returns why it may not be made now; `undefined` if it may
   * @throws {InputError} as `admit`
   */
  async admitFree(client: string): Promise<Refused | undefined> {
    const { requestsPerMinute } = this.#limitsOf(client);
    if (requestsPerMinute === undefined) return undefined;
    const decision = await this.#take(`requests ${client}`, 1, bucketOf(requestsPerMinute));
    return decision.allowed ? undefined : rateRefusal("requests", requestsPerMinute, decision);
  }

  /**
   * Counts a request whose price nobody can know: with a budget of money it may not be made.
   * @returns why it may not be made now; `undefined` if it may
   * @throws {InputError} as `admit`
   */
  async admitUnpriced(client: string): Promise<Refused | undefined> {
    const { usdPerDay, usdPerMonth } = this.#limitsOf(client);
    const refusal = await this.admitFree(client);
    if (refusal || (usdPerDay === undefined && usdPerMonth === undefined)) return refusal;
    return refused(unknownRequestPrice(), undefined);
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
      return "reason" in outcome ? budgetRefusal(outcome, microUsdOf(usd), nowMs) : outcome;
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

function budgetRefusal(
  { budget: { window, limitMicroUsd }, reason, leftMicroUsd }: Shortfall,
  microUsd: number,
  nowMs: number,
): Refused {
  const budget = `The budget of this key, ${dollars(limitMicroUsd)} for ${window.id},`;
  const most = dollars(microUsd);
  const next = `The next one begins at ${new Date(window.endsAtMs).toISOString()}.`;
  switch (reason) {
    case "held":
      return budgetSpent(
        `${budget} is held back at present for requests that run; what they do not use is free again when they end.`,
        HELD_RETRY_MS,
      );
    case "short":
      return budgetSpent(
        `${budget} has ${dollars(leftMicroUsd)} left, and this request may cost ${most}. ${next}`,
        window.endsAtMs - nowMs,
        "A lower max_tokens makes it less.",
      );
    case "spent":
      return budgetSpent(`${budget} is spent. ${next}`, window.endsAtMs - nowMs);
    case "too-large":
      return budgetSpent(
        `${budget} is less than this request may cost, ${most}: it is never let through.`,
        undefined,
        "A lower max_tokens makes it less.",
      );
  }
}

/** @param retryAfterMs `undefined`: it is the same at any time */
function budgetSpent(message: string, retryAfterMs: number | undefined, hint?: string): Refused {
  const error = new LimitError("M2M_BUDGET_SPENT", message, { hint });
  return retryAfterMs === undefined
    ? { allowed: false, error, headers: ["x-should-retry", "false"] }
    : refused(error, retryAfterMs);
}

/** Two places at least, and as many as there is something in. */
function dollars(microUsd: number): string {
  return `$${(microUsd / 1e6).toFixed(6).replace(/0{1,4}$/, "")}`;
}

function unknownPrice(): M2MError {
  return new InputError(
    "M2M_MODEL_UNKNOWN",
    "The price of this model is unknown, so that it cannot be used within a budget.",
    { hint: "Whoever runs the proxy can describe it in ~/.m2m/models.toml." },
  );
}

function unknownRequestPrice(): M2MError {
  return new InputError(
    "M2M_MODEL_UNKNOWN",
    "What a request to this path costs is unknown, so that it cannot be made within a budget.",
    { hint: "Whoever runs the proxy can send such requests through another one, without a budget." },
  );
}

function refused(error: M2MError, retryAfterMs: number | undefined): Refused {
  if (retryAfterMs === undefined || retryAfterMs === Infinity) return { allowed: false, error, headers: [] };
  const seconds = Math.max(1, Math.ceil(retryAfterMs / 1000));
  const headers = ["retry-after", String(seconds)];
  if (retryAfterMs > MAX_RETRY_WAIT_MS) headers.push("x-should-retry", "false");
  return { allowed: false, error, headers };
}
