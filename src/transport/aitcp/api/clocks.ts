/** The clocks of an end. */
export interface Clocks {
  /** In milliseconds since 1970, for what is said of the time, and for trust and tickets, which expire by it. It may go back. */
  readonly nowMs: () => number;
  /** In milliseconds of a clock that does not go back, for how long something lasts. */
  readonly monotonicMs: () => number;
}

/** Those that are given, and what stands in for the others: who gives one clock has that one alone. */
export function clocksOf({ nowMs, monotonicMs }: Partial<Clocks>): Clocks {
  return { nowMs: nowMs ?? Date.now, monotonicMs: monotonicMs ?? nowMs ?? sinceStartMs };
}

/** Whole milliseconds: an object that keeps a fraction keeps another object for it. */
function sinceStartMs(): number {
  return Math.floor(performance.now());
}
