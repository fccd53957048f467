/** US dollars as they are written: to a trillionth, below which is only what binary fractions add. */
export function roundedUsd(usd: number): number {
  return Math.round(usd * 1e12) / 1e12;
}

/** Milliseconds as they are written: microseconds are enough. */
export function roundedMs(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
