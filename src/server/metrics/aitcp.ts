import type { MetricSample, MetricSource } from "../../http/index.js";
import type { AiTcpMetrics } from "../aitcp/index.js";

/** What AI-TCP exposes beside what all sessions do. */
export function aiTcpSources(read: () => AiTcpMetrics): MetricSource[] {
  const gauge = (name: string, help: string, count: () => number): MetricSource => ({
    name,
    help,
    type: "gauge",
    read: () => [[{}, count()]],
  });
  return [
    gauge("m2m_aitcp_connections", "Connections of AI-TCP.", () => read().connections),
    gauge("m2m_aitcp_sessions", "Sessions of AI-TCP, with and without a connection.", () => read().sessions),
    gauge("m2m_aitcp_streams", "Streams of AI-TCP that carry a session.", () => read().streams),
    {
      name: "m2m_aitcp_refused_total",
      help: "Connections of AI-TCP that came to no session, by code.",
      type: "counter",
      read: () => Object.entries(read().refused).map(([code, total]): MetricSample => [{ code }, total]),
    },
  ];
}
