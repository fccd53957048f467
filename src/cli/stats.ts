import type { CodecEngine } from "../codec/index.js";

/** What `--stats` measures beside bytes. Tokens are those of the text if it stood in a prompt. */
export interface Stats {
  encoding: string;
  tokens?: number;
  wireTokens?: number;
  timeMs: number;
  model?: string;
  costUsd?: number;
  wireCostUsd?: number;
}

/** The lines of `--stats`. Saving is 1 − compressed / original; a negative one is a loss and is shown as such. */
export function formatStats(result: ReturnType<CodecEngine["compress"]>, stats: Stats): string {
  const { originalBytes, compressedBytes, ratio } = result;
  const name = result.encoding ? `${result.algorithm} (${result.encoding})` : result.algorithm;
  const rows: [string, string][] = [
    ["algorithm", result.reason ? `${name}: ${result.reason}` : name],
    [
      "bytes",
      `${originalBytes} → ${compressedBytes} (ratio ${formatPercent(ratio)}, saves ${formatPercent(1 - ratio)})`,
    ],
  ];
  if (stats.tokens !== undefined) {
    const wire = stats.wireTokens === undefined ? "binary, no tokens" : String(stats.wireTokens);
    rows.push(["tokens", `${stats.tokens} → ${wire} (${stats.encoding})`]);
  }
  rows.push(["time", `${stats.timeMs.toFixed(2)} ms`]);
  if (stats.model !== undefined) {
    const wire = stats.wireCostUsd === undefined ? "" : ` → ${formatUsd(stats.wireCostUsd)}`;
    const cost = stats.costUsd === undefined ? "price unknown" : `${formatUsd(stats.costUsd)}${wire}`;
    rows.push(["cost", `${cost} (input of ${stats.model})`]);
  }
  return rows.map(([title, value]) => `${title.padEnd(10)} ${value}`).join("\n");
}

export function formatPercent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

/** US dollars with three significant digits, written out: a request costs fractions of a cent. */
export function formatUsd(usd: number): string {
  if (usd === 0) return "$0";
  const digits = Math.min(12, Math.max(2, 2 - Math.floor(Math.log10(usd))));
  return `$${usd.toFixed(digits)}`;
}
