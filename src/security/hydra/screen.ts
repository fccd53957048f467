import type { Table } from "./floats.js";
import { scaleOf } from "./floats.js";
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
    let sum = 0;
    for (let at = 0; at < count; at++) {
      sum += weighNgram(table, rows[at], weights);
      sums[at + 1] = sum;
    }
    sums.fill(sum, count + 1, ids.length + 1);
    if (count > KEPT_SUMS) this.#rows = new Int32Array(0);
  }
}

/** As `weigh`, in one go for two heads of two and four labels, as the weights of the package have them. */
function weighNgram(table: Table, row: number, weights: Float64Array): number {
  const { cols, values } = table;
  if (cols !== 6) return weigh(table, row, weights);
  const at = row * 6;
  const sum =
    values[at] * weights[0] +
    values[at + 1] * weights[1] +
    values[at + 2] * weights[2] +
    values[at + 3] * weights[3] +
    values[at + 4] * weights[4] +
    values[at + 5] * weights[5];
  return sum * scaleOf(table, row);
}

/** The product of a row of `table` and `weights`. */
function weigh(table: Table, row: number, weights: ArrayLike<number>): number {
  const { cols, values } = table;
  let sum = 0;
  for (let j = 0, from = row * cols; j < cols; j++) sum += values[from + j] * weights[j];
  return sum * scaleOf(table, row);
}
