import type { CompressionResult } from "../codec/index.js";
import type { EncodingName } from "../shared/encodings.js";
import { describeTokens } from "./count.js";
import { renderFacts } from "./table.js";
import { formatPercent, formatUsd } from "./words.js";

/** What `--stats` measures beside bytes. Tokens are those of the text if it stood in a prompt. */
export interface Stats {
  encoding: EncodingName;
  /** `false`: tokens and costs are estimates. */
  exact: boolean;
  tokens?: number;
  wireTokens?: number;
  timeMs: number;
  model?: string;
  costUsd?: number;
  wireCostUsd?: number;
}

/** The lines of `--stats`. Saving is 1 − compressed / original; a negative one is a loss and is shown as such. */
export function formatStats(result: CompressionResult, stats: Stats): string {
  const { algorithm, compressedBytes, data, encoding, originalBytes, ratio, reason } = result;
  const name = encoding ? `${algorithm} (${encoding})` : algorithm;
  const passed = algorithm === "none" && typeof data !== "string";
  const sizes = `${originalBytes} → ${compressedBytes}`;
  return renderFacts([
    ["algorithm", reason ? `${name}: ${reason}` : name],
    ["form", passed ? "binary: the content's own bytes, passed through" : undefined],
    [
      "bytes",
      originalBytes === 0
        ? sizes
        : `${sizes} (ratio ${formatPercent(ratio)}, saves ${formatPercent(1 - ratio)})`,
    ],
    ["tokens", formatTokens(stats)],
    ["time", `${stats.timeMs.toFixed(2)} ms`],
    ["cost", formatCost(stats)],
  ]);
}

function formatTokens(stats: Stats): string | undefined {
  if (stats.tokens === undefined) return undefined;
  return describeTokens(`${stats.tokens} → ${stats.wireTokens ?? "binary, no tokens"}`, stats);
}

function formatCost({ costUsd, exact, model, wireCostUsd }: Stats): string | undefined {
  if (model === undefined) return undefined;
  const wire = wireCostUsd === undefined ? "" : ` → ${formatUsd(wireCostUsd)}`;
  return `${costUsd === undefined ? "price unknown" : `${exact ? "" : "about "}${formatUsd(costUsd)}${wire}`} (input of ${model})`;
}
