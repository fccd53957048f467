import { performance } from "node:perf_hooks";
import {
  counterBy,
  counterOf,
  Exposition,
  gaugeOf,
  metricOf,
  type MetricSample,
  type MetricsSnapshot,
  type MetricSource,
} from "../../http/index.js";
import type { AiTcpMetrics } from "../aitcp/index.js";
import type { SessionMetrics } from "../sessions/index.js";
import { aiTcpSources } from "./aitcp.js";

/** Upper bounds of the buckets, in seconds: from a cache hit to a large scan. */
const BUCKETS_S = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;

/** Takes what this process has counted, and gives what the others have. */
export type OtherMetrics = (own: MetricsSnapshot) => Promise<readonly MetricsSnapshot[]>;

interface RouteCounts {
  readonly byStatus: Map<number, number>;
  /** One more than bounds: what is above all of them. */
  readonly buckets: number[];
  sumMs: number;
}

/** What goes through content, whatever the route. */
export interface ContentCounts {
  scanned: number;
  unsafe: number;
  originalBytes: number;
  compressedBytes: number;
}

/** Counts requests: a few additions each, so that a request pays nothing for being measured. What is exposed is made on demand. */
export class RequestMetrics {
  readonly #routes = new Map<string, RouteCounts>();
  readonly content: ContentCounts = { scanned: 0, unsafe: 0, originalBytes: 0, compressedBytes: 0 };
  readonly #sessions: () => SessionMetrics;
  readonly #version: string;
  readonly #others: OtherMetrics | undefined;
  #aiTcp: (() => AiTcpMetrics) | undefined;
  #active = 0;
  #exposition: Promise<Exposition> | undefined;

  /** @param others gives what other processes of the same server have counted; they are exposed together */
  constructor(version: string, sessions: () => SessionMetrics, others?: OtherMetrics) {
    this.#others = others;
    this.#version = version;
    this.#sessions = sessions;
  }

  /** Exposes what AI-TCP has come to as well. To be called before the first exposition. */
  watchAiTcp(read: () => AiTcpMetrics): void {
    this.#aiTcp = read;
  }

  /** Requests that are being worked on. */
  get active(): number {
    return this.#active;
  }

  begin(): number {
    this.#active++;
    return performance.now();
  }

  /** @param route as the table has it, or what stands for all that is not in it: names from outside are no labels */
  end(route: string, status: number, startedAtMs: number): void {
    this.#active--;
    const durationMs = performance.now() - startedAtMs;
    let counts = this.#routes.get(route);
    if (!counts) {
      counts = { byStatus: new Map(), buckets: new Array<number>(BUCKETS_S.length + 1).fill(0), sumMs: 0 };
      this.#routes.set(route, counts);
    }
    counts.byStatus.set(status, (counts.byStatus.get(status) ?? 0) + 1);
    let bucket = 0;
    while (bucket < BUCKETS_S.length && durationMs > BUCKETS_S[bucket] * 1000) bucket++;
    counts.buckets[bucket]++;
    counts.sumMs += durationMs;
  }

  /** In the Prometheus text format. */
  async expose(): Promise<{ readonly text: string; readonly type: string }> {
    const exposition = await this.#open();
    return exposition.render(await this.#others?.(await exposition.snapshot()));
  }

  /** What this process has counted. */
  async snapshot(): Promise<MetricsSnapshot> {
    return (await this.#open()).snapshot();
  }

  #open(): Promise<Exposition> {
    const sources = () => [
      ...this.#requestSources(),
      ...this.#contentSources(),
      ...(this.#aiTcp ? aiTcpSources(this.#aiTcp) : []),
    ];
    return (this.#exposition ??= Exposition.of(sources(), { withProcess: true }));
  }

  #requestSources(): MetricSource[] {
    const routes = this.#routes;
    return [
      {
        name: "m2m_info",
        help: "The version that runs.",
        type: "gauge",
        merge: "first",
        read: () => [[{ version: this.#version }, 1]],
      },
      gaugeOf("m2m_http_requests_active", "Requests being worked on.", () => this.#active),
      metricOf("m2m_http_requests_total", "counter", "Requests by route and status.", () =>
        [...routes].flatMap(([route, { byStatus }]) =>
          [...byStatus].map(([status, total]): MetricSample => [{ route, status: String(status) }, total]),
        ),
      ),
      metricOf(
        "m2m_http_request_duration_seconds",
        "histogram",
        "Time from the head of a request to the end of its answer.",
        () => [...routes].flatMap(([route, counts]) => histogramSamples(route, counts)),
      ),
    ];
  }

  #contentSources(): MetricSource[] {
    const { content } = this;
    const read = this.#sessions;
    return [
      counterOf("m2m_scans_total", "Contents that were scanned.", () => content.scanned),
      counterOf("m2m_scans_unsafe_total", "Contents that a scan found unsafe.", () => content.unsafe),
      counterOf(
        "m2m_compress_original_bytes_total",
        "Bytes before compression.",
        () => content.originalBytes,
      ),
      counterOf(
        "m2m_compress_compressed_bytes_total",
        "Bytes after compression.",
        () => content.compressedBytes,
      ),
      counterOf("m2m_sessions_opened_total", "Sessions that began here.", () => read().opened),
      counterOf("m2m_sessions_rejected_total", "HELLOs that were refused.", () => read().rejected),
      counterOf("m2m_sessions_closed_total", "Sessions whose end this process saw.", () => read().closed),
      counterOf("m2m_session_messages_total", "Messages of sessions.", () => read().messages),
      counterOf("m2m_session_data_total", "DATA that was taken.", () => read().data),
      counterOf(
        "m2m_session_relayed_total",
        "DATA put into another session's mailbox.",
        () => read().relayed,
      ),
      counterOf(
        "m2m_session_content_bytes_total",
        "Bytes of DATA before compression.",
        () => read().contentBytes,
      ),
      counterOf("m2m_session_wire_bytes_total", "Bytes of DATA as wires.", () => read().wireBytes),
      counterBy(
        "code",
        "m2m_session_refused_total",
        "Messages that were refused, by code.",
        () => read().refused,
      ),
    ];
  }
}

function histogramSamples(route: string, { buckets, sumMs }: RouteCounts): MetricSample[] {
  let total = 0;
  const samples = buckets.map((inBucket, index): MetricSample => {
    total += inBucket;
    const le = index < BUCKETS_S.length ? String(BUCKETS_S[index]) : "+Inf";
    return [{ route, le }, total, "_bucket"];
  });
  return [...samples, [{ route }, sumMs / 1000, "_sum"], [{ route }, total, "_count"]];
}
