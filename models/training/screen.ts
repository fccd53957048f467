/**
 * Reads JSONL records `{text}` from stdin, fits the screen of a model on them and writes it into the model's `config.json`:
 * a ridge regression of the network's log odds on the mean embedding, the n-gram branch and the length of each window.
 *
 *   node --import tsx models/training/screen.ts models/hydra < records.jsonl
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { addRow } from "../../src/security/hydra/table-rows.js";
import { createTokenizer, readHydraFiles } from "../../src/security/hydra/load.js";
import { NativeBackend } from "../../src/security/hydra/network.js";
import { NgramSums } from "../../src/security/hydra/ngram-sums.js";
import { Screen } from "../../src/security/hydra/screen.js";
import type { ScreenLayer } from "../../src/security/hydra/types.js";
import { labelCount } from "../../src/security/hydra/verdict.js";
import { WindowList } from "../../src/security/hydra/windows.js";
import { Ridge } from "./ridge.js";

/** UTF-16 units of a text that are learnt from. */
const MOST_UNITS = 5000;
const PENALTY = 10;
/** Odds beyond these are certain enough. */
const LARGEST_ODDS = 8;
/** Windows of these odds score about a third alone: from there on they are worth the network. */
const ALARMING_ODDS = -1.5;
/** Share of the alarming windows that the screen may pass over. */
const PASSED_OVER = 0.003;

/** Four standard deviations of the estimate's error: nothing so far below the highest estimate was the window that decides. */
const MARGIN = 2;

const folder = process.argv[2];
const { config, weights } = readHydraFiles(folder);
const tokenizer = createTokenizer(folder, config);
const network = new NativeBackend(weights, config);
const [safe, unsafe] = ["SAFE", "UNSAFE"].map((label) => config.labels.security.indexOf(label));
const labels = labelCount(config);
const hidden = weights.embed.cols;
const branch = weights.ngram?.cols ?? 0;
const longest = Math.max(...config.windows.map(({ tokens }) => tokens));

const ridge = new Ridge(hidden + branch + 1);
const kept: { windows: WindowList; odds: number[] }[] = [];
for await (const line of createInterface({ input: process.stdin })) {
  const { text } = JSON.parse(line) as { text: string };
  const windows = new WindowList(config);
  windows.add(tokenizer.encode(text.slice(0, MOST_UNITS)));
  const logits = await network.run(windows);
  const odds = Array.from(
    { length: windows.ranges.length / 2 },
    (_, window) => logits[window * labels + unsafe] - logits[window * labels + safe],
  );
  featuresOf(windows).forEach((features, window) =>
    ridge.add(features, Math.max(-LARGEST_ODDS, Math.min(odds[window], LARGEST_ODDS))),
  );
  kept.push({ windows, odds });
}
const { weights: found, bias } = ridge.solve(PENALTY);
const layer: ScreenLayer = {
  bias: rounded(bias),
  length: rounded(found[hidden + branch]),
  threshold: 0,
  margin: MARGIN,
  embed: found.slice(0, hidden).map(rounded),
  ngram: found.slice(hidden, hidden + branch).map(rounded),
};
const screen = new Screen(layer, weights, config);
const estimates = kept.map(({ windows }) => screen.estimate(windows));
const alarming = kept.flatMap(({ odds }, text) =>
  Array.from(estimates[text]).filter((_, window) => odds[window] > ALARMING_ODDS),
);
alarming.sort((a, b) => a - b);
const threshold = Math.floor(alarming[Math.floor(alarming.length * PASSED_OVER)] * 100) / 100;
const all = estimates.flatMap((values) => Array.from(values));
const screened = all.filter((estimate) => estimate < threshold).length;
const path = join(folder, "config.json");
const document = JSON.parse(readFileSync(path, "utf8")) as object;
writeFileSync(path, `${JSON.stringify({ ...document, screen: { ...layer, threshold } }, null, 2)}\n`);
console.error(
  `screen: ${((100 * screened) / all.length).toFixed(1)} % of ${all.length} windows are estimated below ${threshold}`,
);

/** For each window its mean embedding, the logits of the n-gram branch and the binary logarithm of its tokens. */
function featuresOf({ ids, ranges }: WindowList): Float64Array[] {
  const ngrams = weights.ngram && config.ngram && new NgramSums(weights.ngram, config.ngram, longest);
  ngrams?.begin(ids);
  return Array.from({ length: ranges.length / 2 }, (_, window) => {
    const [first, last] = [ranges[2 * window], ranges[2 * window + 1]];
    const features = new Float64Array(hidden + branch + 1);
    for (let at = first; at < last; at++) addRow(weights.embed, ids[at], 1 / (last - first), features, 0);
    const logits = new Float32Array(branch);
    ngrams?.add(first, last, logits, 0);
    features.set(logits, hidden);
    features[hidden + branch] = Math.log2(Math.max(1, last - first));
    return features;
  });
}

function rounded(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
