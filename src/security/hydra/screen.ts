import type { Table } from "./floats.js";
import { scaleOf } from "./floats.js";
import { halfToNumber } from "./halves.js";
import type { HydraConfig, HydraWindows, ScreenLayer } from "./types.js";
import type { HydraWeights } from "./weights.js";
import { hashNgram } from "./windows.js";

/** Places of a stream whose sums are kept: 64 KiB for three orders. */
const KEPT_SUMS = 2048;

/**
 * The first stage of a cascade (Viola and Jones, "Rapid object detection using a boosted cascade of simple features", 2001): a
 * linear estimate of the network's log odds from what the network reads, the mean embedding and the n-gram branch.
 * Being linear, it is a sum over the tokens of a window, and costs a few additions a token.
 */
export class Screen {
  /** Natural-log odds of UNSAFE: windows that are estimated lower need no network. */
  readonly threshold: number;
  /** Windows that are estimated so much lower than another of their text do not decide. */
  readonly margin: number;
  readonly #layer: ScreenLayer;
  readonly #embed: Table;
  readonly #ngram: Table | undefined;
  readonly #config: HydraConfig["ngram"];
  readonly #ngramWeights: Float64Array;
  /** Of the n-grams of one order. */
  #rows = new Int32Array(0);
  /** `[vocabulary]`: what a token adds to a sum; NaN until it is asked for. */
  readonly #tokens: Float32Array;
  /** Sums over the stream that is read, of the tokens and of the n-grams of each order; kept, because most streams are short. */
  #sums: readonly Float64Array[] = [];

  constructor(layer: ScreenLayer, { embed, ngram }: HydraWeights, config: HydraConfig) {
    this.threshold = layer.threshold;
    this.margin = layer.margin;
    this.#layer = layer;
    this.#embed = embed;
    this.#ngram = ngram;
    this.#config = config.ngram;
    this.#ngramWeights = Float64Array.from(layer.ngram);
    this.#tokens = new Float32Array(embed.rows).fill(NaN);
  }

  /** The estimate for each window: natural-log odds of UNSAFE. */
  estimate({ ids, ranges }: HydraWindows): Float64Array {
    const estimates = new Float64Array(ranges.length / 2);
    const orders = this.#config?.orders ?? [];
    const sums = this.#takeSums(ids.length + 1);
    const tokens = sums[0];
    this.#sumTokens(ids, tokens);
    for (let index = 0; index < orders.length; index++) this.#sumNgrams(ids, orders[index], sums[index + 1]);
    const { bias, length: perLength } = this.#layer;
    for (let window = 0; window < estimates.length; window++) {
      const [first, last] = [ranges[2 * window], ranges[2 * window + 1]];
      const length = Math.max(1, last - first);
      let sum = 0;
      let count = 0;
      for (let index = 0; index < orders.length; index++) {
        const end = Math.max(first, last + 1 - orders[index]);
        const ngrams = sums[index + 1];
        sum += ngrams[end] - ngrams[first];
        count += end - first;
      }
      const divisor = this.#config?.pooling === "mean" ? Math.max(1, count) : Math.sqrt(Math.max(1, count));
      estimates[window] =
        bias + perLength * Math.log2(length) + (tokens[last] - tokens[first]) / length + sum / divisor;
    }
    return estimates;
  }

  #takeSums(length: number): readonly Float64Array[] {
    if (this.#sums.length > 0 && this.#sums[0].length >= length) return this.#sums;
    const size = Math.max(length, KEPT_SUMS);
    const sums = Array.from({ length: 1 + (this.#config?.orders.length ?? 0) }, () => new Float64Array(size));
    if (size === KEPT_SUMS) this.#sums = sums;
    return sums;
  }

  /** Writes what the tokens before each place add up to. */
  #sumTokens(ids: Int32Array, sums: Float64Array): void {
    for (let at = 0, sum = 0; at < ids.length; at++) {
      sum += this.#tokenOf(Math.min(ids[at], this.#tokens.length - 1));
      sums[at + 1] = sum;
    }
  }

  #tokenOf(id: number): number {
    const tokens = this.#tokens;
    if (Number.isNaN(tokens[id])) tokens[id] = weigh(this.#embed, id, this.#layer.embed);
    // Rounded as it is kept, so that a text has the same score the first time and the next.
    return tokens[id];
  }

  /** Writes what the n-grams of one order that begin before each place add up to. */
  #sumNgrams(ids: Int32Array, order: number, sums: Float64Array): void {
    const table = this.#ngram!;
    const { buckets } = this.#config!;
    const weights = this.#ngramWeights;
    const count = Math.max(0, ids.length - order + 1);
    if (this.#rows.length < count) this.#rows = new Int32Array(count);
    const rows = this.#rows;
    // Each row is a miss of the processor's caches: with their numbers known before, several are waited for at once.
    for (let at = 0; at < count; at++) rows[at] = hashNgram(ids, at, order, buckets);
    const sum = sumRows(table, rows, count, weights, sums);
    sums.fill(sum, count + 1, ids.length + 1);
    if (count > KEPT_SUMS) this.#rows = new Int32Array(0);
  }
}

/** Writes what the products of the first `count` of `rows`, as `weigh` gives them, add up to behind each; returns the last sum. */
function sumRows(
  table: Table,
  rows: Int32Array,
  count: number,
  weights: Float64Array,
  sums: Float64Array,
): number {
  const { cols, values, scales } = table;
  if (cols === 6 && values instanceof Int8Array && scales instanceof Uint16Array)
    return sumRowsOfSix(values, scales, rows, count, weights, sums);
  let sum = 0;
  for (let at = 0; at < count; at++) {
    sum += weigh(table, rows[at], weights);
    sums[at + 1] = sum;
  }
  return sum;
}

/** `sumRows` for two heads of two and four labels, as the weights of the package have them. */
function sumRowsOfSix(
  values: Int8Array,
  scales: Uint16Array,
  rows: Int32Array,
  count: number,
  weights: Float64Array,
  sums: Float64Array,
): number {
  const w0 = weights[0];
  const w1 = weights[1];
  const w2 = weights[2];
  const w3 = weights[3];
  const w4 = weights[4];
  const w5 = weights[5];
  let sum = 0;
  for (let at = 0; at < count; at++) {
    const row = rows[at];
    const from = row * 6;
    const product =
      values[from] * w0 +
      values[from + 1] * w1 +
      values[from + 2] * w2 +
      values[from + 3] * w3 +
      values[from + 4] * w4 +
      values[from + 5] * w5;
    sum += product * halfToNumber(scales[row]);
    sums[at + 1] = sum;
  }
  return sum;
}

/** The product of a row of `table` and `weights`. */
function weigh(table: Table, row: number, weights: ArrayLike<number>): number {
  const { cols, values } = table;
  let sum = 0;
  for (let j = 0, from = row * cols; j < cols; j++) sum += values[from + j] * weights[j];
  return sum * scaleOf(table, row);
}
