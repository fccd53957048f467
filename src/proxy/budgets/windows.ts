/** A time that a budget is for, by the calendar in UTC. */
export interface BudgetWindow {
  readonly id: string;
  /** Milliseconds since 1970 at which the next one begins. */
  readonly endsAtMs: number;
}

/** The day that holds a moment: `2026-11-29`. */
export function dayOf(nowMs: number): BudgetWindow {
  const now = new Date(nowMs);
  return {
    id: now.toISOString().slice(0, 10),
    endsAtMs: Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + 1),
  };
}

/** The month that holds a moment: `2026-11`. */
export function monthOf(nowMs: number): BudgetWindow {
  const now = new Date(nowMs);
  return {
    id: now.toISOString().slice(0, 7),
    endsAtMs: Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1),
  };
}
