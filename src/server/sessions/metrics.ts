import type { ErrorCode } from "../../shared/errors.js";
import type { SessionMetrics } from "./types.js";

type Count = Exclude<keyof SessionMetrics, "refused">;

/** Counts what happens. */
export class MetricsCounter {
  readonly #counts: Record<Count, number> = {
    opened: 0,
    rejected: 0,
    closed: 0,
    messages: 0,
    data: 0,
    relayed: 0,
    contentBytes: 0,
    wireBytes: 0,
  };
  readonly #refused: Partial<Record<ErrorCode, number>> = {};

  add(what: Count, amount: number = 1): void {
    this.#counts[what] += amount;
  }

  addRefused(code: ErrorCode): void {
    this.#refused[code] = (this.#refused[code] ?? 0) + 1;
  }

  read(): SessionMetrics {
    return { ...this.#counts, refused: { ...this.#refused } };
  }
}
