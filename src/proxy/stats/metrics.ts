import { snapshotOf, type LatencySnapshot } from "./snapshot.js";

type Source = Parameters<typeof snapshotOf>[0];
type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

/** The statistics in the text format of Prometheus (exposition format 0.0.4). */
export function renderMetrics(source: Source): string {
  const { requests, statuses, tokens, bytes, ...stats } = snapshotOf(source);
  const models = Object.entries(stats.models);
  const lines: string[] = [];
  const write = (
    name: string,
    type: "counter" | "gauge" | "summary",
    help: string,
    samples: readonly Sample[],
  ) => {
    lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
    for (const [labels, value] of samples) lines.push(`${name}${labelText(labels)} ${value}`);
  };
  const one = (value: number): Sample[] => [[{}, value]];
  write("m2m_proxy_requests_started_total", "counter", "Requests that came in.", one(requests.started));
  write("m2m_proxy_requests_total", "counter", "Requests that ended, by how.", [
    [{ outcome: "finished" }, requests.finished],
    [{ outcome: "failed" }, requests.failed],
    [{ outcome: "aborted" }, requests.aborted],
  ]);
  write("m2m_proxy_requests_active", "gauge", "Requests that are running.", one(requests.active));
  write(
    "m2m_proxy_responses_total",
    "counter",
    "Answers by the first digit of their status.",
    Object.entries(statuses).map(([status, count]) => [{ status }, count]),
  );
  write("m2m_proxy_retries_total", "counter", "Further tries.", one(stats.retries));
  write("m2m_proxy_fallbacks_total", "counter", "Further tries at another upstream.", one(stats.fallbacks));
  write("m2m_proxy_threats_total", "counter", "Requests with a threat in them.", one(stats.security.threats));
  write(
    "m2m_proxy_blocked_total",
    "counter",
    "Requests and answers refused for a threat.",
    one(stats.security.blocked),
  );
  write("m2m_proxy_limited_total", "counter", "Requests refused by a rate or a budget.", one(stats.limited));
  write("m2m_proxy_cache_total", "counter", "Requests that were looked up among answers.", [
    [{ result: "hit" }, stats.cache.hits],
    [{ result: "miss" }, stats.cache.misses],
  ]);
  write(
    "m2m_proxy_tokens_total",
    "counter",
    "Tokens by model and direction; cached_input is part of input.",
    models.flatMap(([model, totals]): Sample[] => [
      [{ model, direction: "input" }, totals.input_tokens],
      [{ model, direction: "cached_input" }, totals.cached_input_tokens],
      [{ model, direction: "output" }, totals.output_tokens],
    ]),
  );
  write("m2m_proxy_saved_tokens_total", "counter", "Tokens that optimising left out.", one(tokens.saved));
  write(
    "m2m_proxy_cost_usd_total",
    "counter",
    "List price of what was used, US dollars.",
    models.map(([model, totals]) => [{ model }, totals.cost_usd]),
  );
  write(
    "m2m_proxy_model_requests_total",
    "counter",
    "Requests by model.",
    models.map(([model, totals]) => [{ model }, totals.requests]),
  );
  write("m2m_proxy_bytes_total", "counter", "Bytes of bodies, before the proxy and behind it.", [
    [{ body: "request", side: "client" }, bytes.request_received],
    [{ body: "request", side: "upstream" }, bytes.request_sent],
    [{ body: "response", side: "upstream" }, bytes.response_received],
    [{ body: "response", side: "client" }, bytes.response_sent],
  ]);
  writeLatency(
    lines,
    "m2m_proxy_latency_seconds",
    "From the request to the end of its answer.",
    stats.latency,
  );
  writeLatency(
    lines,
    "m2m_proxy_first_byte_seconds",
    "From the request to the first byte of its answer.",
    stats.first_byte,
  );
  writeLatency(lines, "m2m_proxy_overhead_seconds", "Time spent in the proxy itself.", stats.overhead);
  write(
    "m2m_proxy_upstream_up",
    "gauge",
    "Whether requests are sent to an upstream.",
    stats.upstreams.map(({ name, state }) => [{ upstream: name }, state === "open" ? 0 : 1]),
  );
  write("process_resident_memory_bytes", "gauge", "Resident memory.", one(stats.memory.rss_bytes));
  return `${lines.join("\n")}\n`;
}

function writeLatency(lines: string[], name: string, help: string, latency: LatencySnapshot): void {
  lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} summary`);
  lines.push(`${name}{quantile="0.5"} ${latency.p50_ms / 1000}`);
  lines.push(`${name}{quantile="0.95"} ${latency.p95_ms / 1000}`);
  lines.push(`${name}{quantile="0.99"} ${latency.p99_ms / 1000}`);
  lines.push(`${name}_sum ${(latency.mean_ms * latency.count) / 1000}`, `${name}_count ${latency.count}`);
}

function labelText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(
    ([name, value]) => `${name}="${value.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n")}"`,
  );
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}
