import { counterBy, gaugeOf, type MetricSource } from "../../http/index.js";
import type { AiTcpMetrics } from "../aitcp/index.js";

/** What AI-TCP exposes beside what all sessions do. */
export function aiTcpSources(read: () => AiTcpMetrics): MetricSource[] {
  return [
    gaugeOf("m2m_aitcp_connections", "Connections of AI-TCP.", () => read().connections),
    gaugeOf(
      "m2m_aitcp_sessions",
      "Sessions of AI-TCP, with and without a connection.",
      () => read().sessions,
    ),
    gaugeOf("m2m_aitcp_streams", "Streams of AI-TCP that carry a session.", () => read().streams),
    counterBy(
      "code",
      "m2m_aitcp_refused_total",
      "Connections of AI-TCP that came to no session, by code.",
      () => read().refused,
    ),
  ];
}
