import type { MetricSample, MetricSource } from "./exposition.js";

/** A metric of samples. */
export function metricOf(
  name: string,
  type: MetricSource["type"],
  help: string,
  read: MetricSource["read"],
): MetricSource {
  return { name, help, type, read };
}

/** A counter of one number. */
export function counterOf(name: string, help: string, read: () => number): MetricSource {
  return metricOf(name, "counter", help, () => [[{}, read()]]);
}

/** A gauge of one number. */
export function gaugeOf(name: string, help: string, read: () => number): MetricSource {
  return metricOf(name, "gauge", help, () => [[{}, read()]]);
}

/** A counter of which there is one for each value of a label. */
export function counterBy(
  label: string,
  name: string,
  help: string,
  read: () => Readonly<Record<string, number>>,
): MetricSource {
  const samples = () =>
    Object.entries(read()).map(([value, total]): MetricSample => [{ [label]: value }, total]);
  return metricOf(name, "counter", help, samples);
}
