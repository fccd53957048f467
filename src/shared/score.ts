/** Two decimals, cut rather than rounded: what is below a threshold does not read as if it had reached it. */
export function formatScore(score: number): string {
  return (Math.floor(score * 100 + 1e-9) / 100).toFixed(2);
}
