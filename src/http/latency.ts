import { createHistogram, type RecordableHistogram } from "node:perf_hooks";

/** Longest time that is told apart: an hour, in microseconds. */
const HIGHEST_US = 3_600_000_000;

/** Latencies in an HDR histogram: microseconds, three significant digits, constant memory. */
export class LatencyHistogram {
  readonly #histogram: RecordableHistogram = createHistogram({ lowest: 1, highest: HIGHEST_US, figures: 3 });

  /** Counts a latency. Below a microsecond is one, above an hour is an hour, and no number is not counted. */
  record(latencyMs: number): void {
    if (Number.isNaN(latencyMs)) return;
    this.#histogram.record(Math.min(HIGHEST_US, Math.max(1, Math.round(latencyMs * 1000))));
  }

  /** The latency that `percentile` percent stay within; 0 if nothing was counted. @param percentile above 0, at most 100 */
  percentileMs(percentile: number): number {
    return this.count === 0 ? 0 : this.#histogram.percentile(percentile) / 1000;
  }

  get count(): number {
    return this.#histogram.count;
  }
  get meanMs(): number {
    return this.count === 0 ? 0 : this.#histogram.mean / 1000;
  }
  get maxMs(): number {
    return this.count === 0 ? 0 : this.#histogram.max / 1000;
  }

  reset(): void {
    this.#histogram.reset();
  }
}
