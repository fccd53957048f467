import { InputError } from "../../shared/errors.js";
import type { SpendStore } from "../../shared/stores.js";

interface Sum {
  readonly microUsd: number;
  readonly expiresAtMs: number;
}

/** A sweep is worth it when so many have come since the last one. */
const SWEEP_EVERY = 1024;

/** What was spent, in the memory of this process. Nothing is kept of keys that have spent nothing. */
export class MemorySpendStore implements SpendStore {
  readonly #nowMs: () => number;
  readonly #sums = new Map<string, Sum>();
  #addedSinceSweep = 0;

  /** @param nowMs the clock, in milliseconds since 1970. Default `Date.now` */
  constructor({ nowMs = Date.now }: { readonly nowMs?: () => number } = {}) {
    this.#nowMs = nowMs;
  }

  /** Sums that are kept. */
  get size(): number {
    return this.#sums.size;
  }

  /** @throws {InputError} `M2M_USAGE` if the amount is not a whole number */
  async add(key: string, windowId: string, amountMicroUsd: number, expiresAtMs: number): Promise<number> {
    if (!Number.isSafeInteger(amountMicroUsd)) {
      throw new InputError("M2M_USAGE", "An amount is a whole number of millionths of a dollar.");
    }
    if (++this.#addedSinceSweep >= SWEEP_EVERY) this.#sweep();
    const name = nameOf(key, windowId);
    const added = this.#current(name) + amountMicroUsd;
    const microUsd = amountMicroUsd < 0 ? Math.max(0, added) : added;
    if (microUsd === 0 || expiresAtMs <= this.#nowMs()) this.#sums.delete(name);
    else this.#sums.set(name, { microUsd, expiresAtMs });
    return microUsd;
  }

  async total(key: string, windowId: string): Promise<number> {
    return this.#current(nameOf(key, windowId));
  }

  #current(name: string): number {
    const sum = this.#sums.get(name);
    return sum && sum.expiresAtMs > this.#nowMs() ? sum.microUsd : 0;
  }

  #sweep(): void {
    this.#addedSinceSweep = 0;
    const nowMs = this.#nowMs();
    for (const [name, { expiresAtMs }] of this.#sums) if (expiresAtMs <= nowMs) this.#sums.delete(name);
  }
}

function nameOf(key: string, windowId: string): string {
  return `${windowId} ${key}`;
}
