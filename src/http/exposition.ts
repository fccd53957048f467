import type { Metric, Registry } from "prom-client";

export type MetricSample = readonly [
  labels: Readonly<Record<string, string>>,
  value: number,
  /** Behind the name: `_sum` of a summary. */
  suffix?: string,
];

/** A metric that is counted elsewhere, and read when somebody asks. */
export interface MetricSource {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram" | "summary";
  /** What becomes of the values of several processes. Default: their sum. */
  readonly merge?: "sum" | "first";
  read(): readonly MetricSample[];
}

/** What a process has counted, as JSON: it can be sent to another. */
export type MetricsSnapshot = readonly SnapshotMetric[];

interface SnapshotMetric {
  readonly name: string;
  readonly type: unknown;
}

export interface ExpositionOptions {
  /** Add those of the process: CPU, memory, file descriptors, event loop. They are measured from now on. Default false. */
  readonly withProcess?: boolean;
}

/** Metrics in the text format of Prometheus (exposition format 0.0.4). The package that writes it is loaded with the first. */
export class Exposition {
  readonly #registry: Registry;
  readonly #aggregate: Aggregate;

  private constructor(registry: Registry, aggregate: Aggregate) {
    this.#registry = registry;
    this.#aggregate = aggregate;
  }

  static async of(
    sources: readonly MetricSource[],
    { withProcess = false }: ExpositionOptions = {},
  ): Promise<Exposition> {
    const { AggregatorRegistry, collectDefaultMetrics, Registry } = await import("prom-client");
    const registry = new Registry();
    if (withProcess) collectDefaultMetrics({ register: registry });
    for (const source of sources) registry.registerMetric(asMetric(source));
    return new Exposition(registry, (snapshots) => AggregatorRegistry.aggregate(snapshots));
  }

  /** What stands there now. */
  async snapshot(): Promise<MetricsSnapshot> {
    return this.#registry.getMetricsAsJSON();
  }

  /** @param others of other processes, which are added to this one's */
  async render(
    others: readonly MetricsSnapshot[] = [],
  ): Promise<{ readonly text: string; readonly type: string }> {
    const registry =
      others.length === 0 ? this.#registry : this.#aggregate([await this.snapshot(), ...others] as object[]);
    return { text: await registry.metrics(), type: registry.contentType };
  }
}

type Aggregate = (snapshots: object[]) => Registry;

/** What a process has counted and what ended with it is no state: the rest of its metrics goes with it. */
export function totalsOf(snapshot: MetricsSnapshot): MetricsSnapshot {
  return snapshot.filter(({ type }) => type === "counter" || type === "histogram");
}

/** One snapshot of several. */
export async function mergeSnapshots(snapshots: readonly MetricsSnapshot[]): Promise<MetricsSnapshot> {
  const { AggregatorRegistry } = await import("prom-client");
  return AggregatorRegistry.aggregate(snapshots as unknown as object[]).getMetricsAsJSON();
}

/** What the registry asks of a metric is its name and this method. */
function asMetric({ help, merge = "sum", name, read, type }: MetricSource): Metric {
  const get = () => {
    const values = read().map(([labels, value, suffix = ""]) => ({
      labels,
      value,
      metricName: name + suffix,
    }));
    return Promise.resolve({ name, help, type, values, aggregator: merge });
  };
  return { name, get } as unknown as Metric;
}
