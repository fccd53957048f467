import { collectDefaultMetrics, Registry, type Metric } from "prom-client";

export type Sample = readonly [labels: Readonly<Record<string, string>>, value: number, suffix?: string];

/** A metric that is counted elsewhere, and read when somebody asks. */
export interface MetricSource {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  read(): readonly Sample[];
}

/** A registry of these metrics, and of those of the process: CPU, memory, file descriptors, event loop. */
export function createRegistry(sources: readonly MetricSource[], worker?: string): Registry {
  const registry = new Registry();
  if (worker !== undefined) registry.setDefaultLabels({ worker });
  collectDefaultMetrics({ register: registry });
  for (const source of sources) registry.registerMetric(asMetric(source));
  return registry;
}

/** What the registry asks of a metric is its name and this method. */
function asMetric({ help, name, read, type }: MetricSource): Metric {
  const get = () => {
    const values = read().map(([labels, value, suffix = ""]) => ({
      labels,
      value,
      metricName: name + suffix,
    }));
    return Promise.resolve({ name, help, type, values, aggregator: "sum" });
  };
  return { name, get } as unknown as Metric;
}
