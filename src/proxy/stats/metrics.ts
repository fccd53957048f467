import {
  counterBy,
  counterOf,
  Exposition,
  gaugeOf,
  metricOf,
  type MetricSample,
  type MetricSource,
} from "../../http/index.js";
import { snapshotOf, type LatencySnapshot, type StatsSnapshot } from "./snapshot.js";

type Source = Parameters<typeof snapshotOf>[0];

/** The statistics for Prometheus. */
export async function renderMetrics(
  source: Source,
): Promise<{ readonly text: string; readonly type: string }> {
  const stats = snapshotOf(source);
  const exposition = await Exposition.of([
    ...requestSources(stats),
    ...usageSources(stats),
    ...byteSources(stats),
    ...latencySources(stats),
    ...stateSources(stats),
  ]);
  return exposition.render();
}

function requestSources({ requests, statuses, ...stats }: StatsSnapshot): MetricSource[] {
  const { started, active, finished, failed, aborted } = requests;
  return [
    counterOf("m2m_proxy_requests_started_total", "Requests that came in.", () => started),
    counterBy("outcome", "m2m_proxy_requests_total", "Requests that ended, by how.", () => ({
      finished,
      failed,
      aborted,
    })),
    gaugeOf("m2m_proxy_requests_active", "Requests that are running.", () => active),
    counterBy(
      "status",
      "m2m_proxy_responses_total",
      "Answers by the first digit of their status.",
      () => statuses,
    ),
    counterOf("m2m_proxy_retries_total", "Further tries.", () => stats.retries),
    counterOf("m2m_proxy_fallbacks_total", "Further tries at another upstream.", () => stats.fallbacks),
    counterOf("m2m_proxy_threats_total", "Requests with a threat in them.", () => stats.security.threats),
    counterOf(
      "m2m_proxy_blocked_total",
      "Requests and answers refused for a threat.",
      () => stats.security.blocked,
    ),
    counterOf("m2m_proxy_limited_total", "Requests refused by a rate or a budget.", () => stats.limited),
    counterBy("result", "m2m_proxy_cache_total", "Requests that were looked up among answers.", () => ({
      hit: stats.cache.hits,
      miss: stats.cache.misses,
    })),
  ];
}

function usageSources({ tokens, ...stats }: StatsSnapshot): MetricSource[] {
  const models = Object.entries(stats.models);
  return [
    metricOf(
      "m2m_proxy_tokens_total",
      "counter",
      "Tokens by model and direction; cached_input is part of input.",
      () =>
        models.flatMap(([model, totals]): MetricSample[] => [
          [{ model, direction: "input" }, totals.input_tokens],
          [{ model, direction: "cached_input" }, totals.cached_input_tokens],
          [{ model, direction: "output" }, totals.output_tokens],
        ]),
    ),
    counterOf("m2m_proxy_saved_tokens_total", "Tokens that optimising left out.", () => tokens.saved),
    metricOf("m2m_proxy_cost_usd_total", "counter", "List price of what was used, US dollars.", () =>
      models.map(([model, totals]) => [{ model }, totals.cost_usd]),
    ),
    metricOf("m2m_proxy_model_requests_total", "counter", "Requests by model.", () =>
      models.map(([model, totals]) => [{ model }, totals.requests]),
    ),
  ];
}

function byteSources({ bytes }: StatsSnapshot): MetricSource[] {
  return [
    metricOf("m2m_proxy_bytes_total", "counter", "Bytes of bodies, before the proxy and behind it.", () => [
      [{ body: "request", side: "client" }, bytes.request_received],
      [{ body: "request", side: "upstream" }, bytes.request_sent],
      [{ body: "response", side: "upstream" }, bytes.response_received],
      [{ body: "response", side: "client" }, bytes.response_sent],
    ]),
  ];
}

function latencySources(stats: StatsSnapshot): MetricSource[] {
  return [
    latency("m2m_proxy_latency_seconds", "From the request to the end of its answer.", stats.latency),
    latency(
      "m2m_proxy_first_byte_seconds",
      "From the request to the first byte of its answer.",
      stats.first_byte,
    ),
    latency("m2m_proxy_overhead_seconds", "Time spent in the proxy itself.", stats.overhead),
  ];
}

function stateSources({ upstreams, memory }: StatsSnapshot): MetricSource[] {
  return [
    metricOf("m2m_proxy_upstream_up", "gauge", "Whether requests are sent to an upstream.", () =>
      upstreams.map(({ name, state }) => [{ upstream: name }, state === "open" ? 0 : 1]),
    ),
    gaugeOf("process_resident_memory_bytes", "Resident memory.", () => memory.rss_bytes),
  ];
}

function latency(
  name: string,
  help: string,
  { count, mean_ms, p50_ms, p95_ms, p99_ms }: LatencySnapshot,
): MetricSource {
  return metricOf(name, "summary", help, () => [
    [{ quantile: "0.5" }, p50_ms / 1000],
    [{ quantile: "0.95" }, p95_ms / 1000],
    [{ quantile: "0.99" }, p99_ms / 1000],
    [{}, (mean_ms * count) / 1000, "_sum"],
    [{}, count, "_count"],
  ]);
}
