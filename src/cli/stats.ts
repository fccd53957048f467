import { ALGORITHMS, type CompressionResult } from "../codec/index.js";
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
  /** Of compression, nothing loaded. */
  timeMs: number;
  model?: string;
  costUsd?: number;
  /** Of wires that a model could read. */
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
    ["cost", formatCost(result, stats)],
  ]);
}

function formatTokens(stats: Stats): string | undefined {
  if (stats.tokens === undefined) return undefined;
  return describeTokens(`${stats.tokens} → ${stats.wireTokens ?? "binary, no tokens"}`, stats);
}

function formatCost(result: CompressionResult, stats: Stats): string | undefined {
  const { costUsd, exact, model, wireCostUsd } = stats;
  if (model === undefined) return undefined;
  if (costUsd === undefined) return `price unknown (input of ${model})`;
  const wire = wireCostUsd === undefined ? "" : ` → ${formatUsd(wireCostUsd)}`;
  const why = isReadable(result) ? "" : "; a model cannot read the wire";
  return `${exact ? "" : "about "}${formatUsd(costUsd)}${wire} (input of ${model}${why})`;
}

/** Whether a model could read the wire. */
export function isReadable({ algorithm }: Pick<CompressionResult, "algorithm">): boolean {
  return ALGORITHMS.find(({ name }) => name === algorithm)?.isReadable === true;
}
