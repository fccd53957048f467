import type { Screen } from "./screen.js";
import type { HydraBackend, HydraConfig } from "./types.js";
import { labelCount, ScoredWindows } from "./verdict.js";
import type { WindowList } from "./windows.js";

/**
 * Shows the network the windows that may decide what a text is: those that are estimated about as high as the highest, and, unless
 * the text is suspicious, not harmless.
 * @param isSuspicious of a text, by its place in `windows`
 * @returns at once, if all windows are harmless
 */
export function screenWindows(
  windows: WindowList,
  screen: Screen,
  backend: HydraBackend,
  config: HydraConfig,
  isSuspicious: (text: number) => boolean,
): ScoredWindows | Promise<ScoredWindows> {
  const { ids, ranges } = windows;
  const estimates = screen.estimate({ ids, ranges });
  const shown: number[] = [];
  for (let text = 0; text < windows.textCount; text++) {
    const [first, last] = windows.windowsOf(text);
    let highest = -Infinity;
    for (let window = first; window < last; window++) highest = Math.max(highest, estimates[window]);
    const lowest = highest - screen.margin;
    const shownFrom = isSuspicious(text) ? lowest : Math.max(lowest, screen.threshold);
    // What is no number is for the network to refuse.
    for (let window = first; window < last; window++)
      if (!(estimates[window] < shownFrom)) shown.push(window);
  }
  if (shown.length > 0) return runShown(windows, estimates, shown, backend, config);
  const width = config.labels.security.length;
  const logits = estimatedLogits(estimates, config, width);
  return new ScoredWindows(config, windows, logits, new Uint8Array(estimates.length), width);
}

async function runShown(
  windows: WindowList,
  estimates: Float64Array,
  shown: readonly number[],
  backend: HydraBackend,
  config: HydraConfig,
): Promise<ScoredWindows> {
  const { ids, ranges } = windows;
  const labels = labelCount(config);
  const seen = new Uint8Array(estimates.length);
  const logits = estimatedLogits(estimates, config, labels);
  const results = await backend.run({
    ids,
    ranges: shown.flatMap((window) => [ranges[2 * window], ranges[2 * window + 1]]),
  });
  shown.forEach((window, row) => {
    seen[window] = 1;
    logits.set(results.subarray(row * labels, (row + 1) * labels), window * labels);
  });
  return new ScoredWindows(config, windows, logits, seen, labels);
}

/** `[windows, width]`: logits for security, which come first, that have the estimated odds. */
function estimatedLogits(estimates: Float64Array, config: HydraConfig, width: number): Float32Array {
  const { security } = config.labels;
  const unsafe = security.indexOf("UNSAFE");
  const others = Math.log(Math.max(1, security.length - 1));
  const logits = new Float32Array(estimates.length * width);
  for (let window = 0; window < estimates.length; window++)
    logits[window * width + unsafe] = estimates[window] + others;
  return logits;
}
