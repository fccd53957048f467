import type { SpendStore } from "../../shared/stores.js";
import type { BudgetWindow } from "./windows.js";

/** A budget of a client for a window. */
export interface Budget {
  readonly window: BudgetWindow;
  readonly limitMicroUsd: number;
}

/** Money that is set aside for a request until one knows what it costs. */
export interface Reservation {
  readonly client: string;
  readonly budgets: readonly Budget[];
  readonly amounts: readonly number[];
}

/** Why a budget does not have it. */
export interface Shortfall {
  readonly budget: Budget;
  /**
   * `too-large`: the amount is over the whole budget; `spent`: nothing is left; `short`: less is left than the amount; `held`: enough would be
   * left, but for what is set aside for requests of this process that run.
   */
  readonly reason: "too-large" | "spent" | "short" | "held";
  /** What is not spent, whoever it is set aside for. */
  readonly leftMicroUsd: number;
}

/**
 * Money by client and window. What is set aside counts as spent, so that requests at once cannot spend the same twice. What the store could not
 * be told is remembered and told with the next request, so that nothing is spent uncounted.
 */
export class Purse {
  readonly #store: SpendStore;
  readonly #untold = new Map<string, { readonly microUsd: number; readonly endsAtMs: number }>();
  /** What this process has set aside: to tell it from what is spent. */
  readonly #held = new Map<string, number>();

  constructor(store: SpendStore) {
    this.#store = store;
  }

  /** Sets an amount aside in every budget, or in none. Rejects if the store cannot be asked. */
  async reserve(
    client: string,
    budgets: readonly Budget[],
    microUsd: number,
  ): Promise<Reservation | Shortfall> {
    const amounts: number[] = [];
    // What is free can be had when all is spent.
    if (microUsd === 0) return { client, budgets, amounts: budgets.map(() => 0) };
    const tooSmall = budgets.find(({ limitMicroUsd }) => microUsd > limitMicroUsd);
    if (tooSmall) return { budget: tooSmall, reason: "too-large", leftMicroUsd: tooSmall.limitMicroUsd };
    for (const budget of budgets) {
      const heldByOthers = this.#hold(client, budget.window, microUsd);
      let sum: number;
      try {
        sum = await this.#add(client, budget.window, microUsd);
      } catch (error) {
        this.#hold(client, budget.window, -microUsd);
        await this.settle({ client, budgets: budgets.slice(0, amounts.length), amounts }, 0);
        throw error;
      }
      amounts.push(microUsd);
      if (sum > budget.limitMicroUsd) {
        await this.settle({ client, budgets: budgets.slice(0, amounts.length), amounts }, 0);
        return shortfallOf(budget, microUsd, sum - microUsd - heldByOthers);
      }
    }
    return { client, budgets, amounts };
  }

  /** Puts what a request has cost in the place of what was set aside. Does not reject. */
  async settle({ client, budgets, amounts }: Reservation, microUsd: number): Promise<void> {
    await Promise.all(
      budgets.map(async ({ window }, at) => {
        const difference = microUsd - amounts[at];
        if (difference !== 0) {
          await this.#add(client, window, difference).catch(() => this.#remember(client, window, difference));
        }
        // Not before: who asks meanwhile would take it for spent.
        this.#hold(client, window, -amounts[at]);
      }),
    );
  }

  /** @returns what was set aside before */
  #hold(client: string, { id }: BudgetWindow, microUsd: number): number {
    const name = `${id} ${client}`;
    const before = this.#held.get(name) ?? 0;
    if (before + microUsd === 0) this.#held.delete(name);
    else this.#held.set(name, before + microUsd);
    return before;
  }

  async #add(client: string, window: BudgetWindow, microUsd: number): Promise<number> {
    const name = `${window.id} ${client}`;
    let untold = this.#untold.get(name)?.microUsd ?? 0;
    this.#untold.delete(name);
    try {
      if (untold < 0 && microUsd > 0) {
        // By itself: of a sum that the store has lost there is nothing to give back, and what is added now counts all the same.
        await this.#store.add(client, window.id, untold, window.endsAtMs);
        untold = 0;
      }
      return await this.#store.add(client, window.id, microUsd + untold, window.endsAtMs);
    } catch (error) {
      this.#remember(client, window, untold);
      throw error;
    }
  }

  #remember(client: string, { id, endsAtMs }: BudgetWindow, microUsd: number): void {
    if (microUsd === 0) return;
    const name = `${id} ${client}`;
    const sum = (this.#untold.get(name)?.microUsd ?? 0) + microUsd;
    this.#untold.set(name, { microUsd: sum, endsAtMs });
    // Windows that are over need not be told any more.
    for (const [other, untold] of this.#untold)
      if (untold.endsAtMs < endsAtMs - MONTH_MS) this.#untold.delete(other);
  }
}

/** The longest window. */
const MONTH_MS = 31 * 24 * 3_600_000;

function shortfallOf(budget: Budget, microUsd: number, spentMicroUsd: number): Shortfall {
  // What was settled since the store was asked may have made it less than nothing.
  const leftMicroUsd = Math.max(0, budget.limitMicroUsd - Math.max(0, spentMicroUsd));
  return {
    budget,
    leftMicroUsd,
    reason: leftMicroUsd === 0 ? "spent" : leftMicroUsd < microUsd ? "short" : "held",
  };
}
