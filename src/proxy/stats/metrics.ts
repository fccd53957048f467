import { Exposition, type MetricSample, type MetricSource } from "../../http/index.js";
import { snapshotOf, type LatencySnapshot, type StatsSnapshot } from "./snapshot.js";

type Source = Parameters<typeof snapshotOf>[0];

/** The statistics for Prometheus. */
export async function renderMetrics(
  source: Source,
): Promise<{ readonly text: string; readonly type: string }> {
  const exposition = await Exposition.of(sourcesOf(snapshotOf(source)));
  return exposition.render();
}

function sourcesOf({ requests, statuses, tokens, bytes, ...stats }: StatsSnapshot): MetricSource[] {
  const models = Object.entries(stats.models);
  return [
    metric("m2m_proxy_requests_started_total", "counter", "Requests that came in.", one(requests.started)),
    metric("m2m_proxy_requests_total", "counter", "Requests that ended, by how.", [
      [{ outcome: "finished" }, requests.finished],
      [{ outcome: "failed" }, requests.failed],
      [{ outcome: "aborted" }, requests.aborted],
    ]),
    metric("m2m_proxy_requests_active", "gauge", "Requests that are running.", one(requests.active)),
    metric(
      "m2m_proxy_responses_total",
      "counter",
      "Answers by the first digit of their status.",
      Object.entries(statuses).map(([status, count]) => [{ status }, count]),
    ),
    metric("m2m_proxy_retries_total", "counter", "Further tries.", one(stats.retries)),
    metric(
      "m2m_proxy_fallbacks_total",
      "counter",
      "Further tries at another upstream.",
      one(stats.fallbacks),
    ),
    metric(
      "m2m_proxy_threats_total",
      "counter",
      "Requests with a threat in them.",
      one(stats.security.threats),
    ),
    metric(
      "m2m_proxy_blocked_total",
      "counter",
      "Requests and answers refused for a threat.",
      one(stats.security.blocked),
    ),
    metric(
      "m2m_proxy_limited_total",
      "counter",
      "Requests refused by a rate or a budget.",
      one(stats.limited),
    ),
    metric("m2m_proxy_cache_total", "counter", "Requests that were looked up among answers.", [
      [{ result: "hit" }, stats.cache.hits],
      [{ result: "miss" }, stats.cache.misses],
    ]),
    metric(
      "m2m_proxy_tokens_total",
      "counter",
      "Tokens by model and direction; cached_input is part of input.",
      models.flatMap(([model, totals]): MetricSample[] => [
        [{ model, direction: "input" }, totals.input_tokens],
        [{ model, direction: "cached_input" }, totals.cached_input_tokens],
        [{ model, direction: "output" }, totals.output_tokens],
      ]),
    ),
    metric("m2m_proxy_saved_tokens_total", "counter", "Tokens that optimising left out.", one(tokens.saved)),
    metric(
      "m2m_proxy_cost_usd_total",
      "counter",
      "List price of what was used, US dollars.",
      models.map(([model, totals]) => [{ model }, totals.cost_usd]),
    ),
    metric(
      "m2m_proxy_model_requests_total",
      "counter",
      "Requests by model.",
      models.map(([model, totals]) => [{ model }, totals.requests]),
    ),
    metric("m2m_proxy_bytes_total", "counter", "Bytes of bodies, before the proxy and behind it.", [
      [{ body: "request", side: "client" }, bytes.request_received],
      [{ body: "request", side: "upstream" }, bytes.request_sent],
      [{ body: "response", side: "upstream" }, bytes.response_received],
      [{ body: "response", side: "client" }, bytes.response_sent],
    ]),
    latency("m2m_proxy_latency_seconds", "From the request to the end of its answer.", stats.latency),
    latency(
      "m2m_proxy_first_byte_seconds",
      "From the request to the first byte of its answer.",
      stats.first_byte,
    ),
    latency("m2m_proxy_overhead_seconds", "Time spent in the proxy itself.", stats.overhead),
    metric(
      "m2m_proxy_upstream_up",
      "gauge",
      "Whether requests are sent to an upstream.",
      stats.upstreams.map(({ name, state }) => [{ upstream: name }, state === "open" ? 0 : 1]),
    ),
    metric("process_resident_memory_bytes", "gauge", "Resident memory.", one(stats.memory.rss_bytes)),
  ];
}

function metric(
  name: string,
  type: MetricSource["type"],
  help: string,
  samples: readonly MetricSample[],
): MetricSource {
  return { name, type, help, read: () => samples };
}

function one(value: number): MetricSample[] {
  return [[{}, value]];
}

function latency(
  name: string,
  help: string,
  { count, mean_ms, p50_ms, p95_ms, p99_ms }: LatencySnapshot,
): MetricSource {
  return metric(name, "summary", help, [
    [{ quantile: "0.5" }, p50_ms / 1000],
    [{ quantile: "0.95" }, p95_ms / 1000],
    [{ quantile: "0.99" }, p99_ms / 1000],
    [{}, (mean_ms * count) / 1000, "_sum"],
    [{}, count, "_count"],
  ]);
}
