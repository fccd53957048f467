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

/** The budget that does not have it. */
export interface Refusal {
  readonly spent: Budget;
}

/**
 * Money by client and window. What is set aside counts as spent, so that requests at once cannot spend the same twice. What the store could not
 * be told is remembered and told with the next request, so that nothing is spent uncounted.
 */
export class Purse {
  readonly #store: SpendStore;
  readonly #untold = new Map<string, { readonly microUsd: number; readonly endsAtMs: number }>();

  constructor(store: SpendStore) {
    this.#store = store;
  }

  /** Sets an amount aside in every budget, or in none. Rejects if the store cannot be asked. */
  async reserve(
    client: string,
    budgets: readonly Budget[],
    microUsd: number,
  ): Promise<Reservation | Refusal> {
    const amounts: number[] = [];
    // What is free can be had when all is spent.
    if (microUsd === 0) return { client, budgets, amounts: budgets.map(() => 0) };
    for (const budget of budgets) {
      // A request that may cost more than all there is can be tried while nothing is spent.
      const amount = Math.min(microUsd, budget.limitMicroUsd);
      let sum: number;
      try {
        sum = await this.#add(client, budget.window, amount);
      } catch (error) {
        await this.settle({ client, budgets: budgets.slice(0, amounts.length), amounts }, 0);
        throw error;
      }
      amounts.push(amount);
      if (sum > budget.limitMicroUsd) {
        await this.settle({ client, budgets: budgets.slice(0, amounts.length), amounts }, 0);
        return { spent: budget };
      }
    }
    return { client, budgets, amounts };
  }

  /** Puts what a request has cost in the place of what was set aside. Does not reject. */
  async settle({ client, budgets, amounts }: Reservation, microUsd: number): Promise<void> {
    await Promise.all(
      budgets.map(async ({ window }, at) => {
        const difference = microUsd - amounts[at];
        if (difference === 0) return;
        await this.#add(client, window, difference).catch(() => this.#remember(client, window, difference));
      }),
    );
  }

  async #add(client: string, window: BudgetWindow, microUsd: number): Promise<number> {
    const name = `${window.id} ${client}`;
    const untold = this.#untold.get(name)?.microUsd ?? 0;
    this.#untold.delete(name);
    try {
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
