/** Figures in sentences. */
export { countOf } from "../shared/count-of.js";

export function formatPercent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** US dollars with three significant digits, written out: a request costs fractions of a cent. */
export function formatUsd(usd: number): string {
  if (usd === 0) return "$0";
  const digits = Math.min(12, Math.max(2, 2 - Math.floor(Math.log10(usd))));
  return `$${usd.toFixed(digits)}`;
}

/** A figure of a JSON document, to four decimals. */
export function round(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
