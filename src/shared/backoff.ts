/** How delays between tries grow. */
export interface Backoff {
  /** Milliseconds before the first further try, doubled for each that follows. */
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
}

/**
 * Milliseconds before try number `attempt` (from 1).
 * @param random from 0 up to 1: half of the delay is left to it, so that those who failed together do not return together
 */
export function backoffMs(attempt: number, { firstDelayMs, maxDelayMs }: Backoff, random: number): number {
  return Math.min(maxDelayMs, firstDelayMs * 2 ** (attempt - 1)) * (0.5 + random / 2);
}
