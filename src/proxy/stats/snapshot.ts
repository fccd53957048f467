import { roundedMs, roundedUsd, type LatencyHistogram } from "../../http/index.js";
import type { Upstream } from "../upstream/upstream.js";
import type { ModelTotals, ProxyStats } from "./stats.js";

export interface LatencySnapshot {
  readonly count: number;
  readonly mean_ms: number;
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
}

/** What `/_m2m/stats` says. Names are those of the JSON. */
export interface StatsSnapshot {
  readonly version: 1;
  readonly uptime_s: number;
  /** `started` is the sum of the four others. */
  readonly requests: {
    readonly started: number;
    readonly active: number;
    readonly finished: number;
    readonly failed: number;
    readonly aborted: number;
  };
  readonly statuses: Readonly<Record<string, number>>;
  readonly retries: number;
  readonly fallbacks: number;
  readonly security: { readonly threats: number; readonly blocked: number };
  readonly limited: number;
  readonly cache: { readonly hits: number; readonly misses: number };
  readonly tokens: {
    readonly input: number;
    readonly cached_input: number;
    readonly output: number;
    readonly saved: number;
  };
  readonly cost_usd: number;
  readonly bytes: {
    readonly request_received: number;
    readonly request_sent: number;
    readonly response_received: number;
    readonly response_sent: number;
  };
  readonly latency: LatencySnapshot;
  readonly first_byte: LatencySnapshot;
  readonly overhead: LatencySnapshot;
  readonly models: Readonly<Record<string, ModelSnapshot>>;
  readonly upstreams: readonly { readonly name: string; readonly url: string; readonly state: string }[];
  readonly memory: { readonly rss_bytes: number; readonly heap_bytes: number };
}

export interface ModelSnapshot {
  readonly requests: number;
  readonly input_tokens: number;
  readonly cached_input_tokens: number;
  readonly output_tokens: number;
  readonly cost_usd: number;
  /** Answers whose price is not known. */
  readonly unpriced: number;
}

export function snapshotOf({
  stats,
  upstreams,
}: {
  stats: ProxyStats;
  upstreams: readonly Upstream[];
}): StatsSnapshot {
  const { counters, outcomes, bytes } = stats;
  const totals = [...stats.models.values()];
  const sum = (pick: (model: ModelTotals) => number) =>
    totals.reduce((total, model) => total + pick(model), 0);
  const { rss, heapUsed } = process.memoryUsage();
  const nowMs = performance.now();
  return {
    version: 1,
    uptime_s: Math.round((Date.now() - stats.startedAtMs) / 1000),
    requests: { started: stats.started, active: stats.active, ...outcomes },
    statuses: Object.fromEntries([...stats.statuses].sort()),
    retries: counters.retries,
    fallbacks: counters.fallbacks,
    security: { threats: counters.threats, blocked: counters.blocked },
    limited: counters.limited,
    cache: { hits: counters.cacheHits, misses: counters.cacheMisses },
    tokens: {
      input: sum((model) => model.inputTokens),
      cached_input: sum((model) => model.cachedInputTokens),
      output: sum((model) => model.outputTokens),
      saved: counters.savedTokens,
    },
    cost_usd: roundedUsd(sum((model) => model.costUsd)),
    bytes: {
      request_received: bytes.requestReceived,
      request_sent: bytes.requestSent,
      response_received: bytes.responseReceived,
      response_sent: bytes.responseSent,
    },
    latency: latencyOf(stats.latency),
    first_byte: latencyOf(stats.firstByte),
    overhead: latencyOf(stats.overhead),
    models: Object.fromEntries([...stats.models].map(([name, model]) => [name, modelOf(model)])),
    upstreams: upstreams.map(({ name, target, breaker }) => ({
      name,
      url: target.url,
      state: breaker.state(nowMs),
    })),
    memory: { rss_bytes: rss, heap_bytes: heapUsed },
  };
}

function latencyOf(histogram: LatencyHistogram): LatencySnapshot {
  return {
    count: histogram.count,
    mean_ms: roundedMs(histogram.meanMs),
    p50_ms: histogram.percentileMs(50),
    p95_ms: histogram.percentileMs(95),
    p99_ms: histogram.percentileMs(99),
    max_ms: histogram.maxMs,
  };
}

function modelOf(model: ModelTotals): ModelSnapshot {
  return {
    requests: model.requests,
    input_tokens: model.inputTokens,
    cached_input_tokens: model.cachedInputTokens,
    output_tokens: model.outputTokens,
    cost_usd: roundedUsd(model.costUsd),
    unpriced: model.unpriced,
  };
}
