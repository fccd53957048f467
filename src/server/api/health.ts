import { count, flag, object, oneOf, text } from "../json-schema.js";
import { shuttingDown } from "../admission-errors.js";
import { route } from "../route.js";
import type { ServerServices } from "../services.js";

const HEALTH = route<ServerServices>({
  method: "GET",
  path: "/health",
  operation: "getHealth",
  tag: "Operation",
  summary: "Whether the process is alive.",
  isOpen: true,
  replies: { 200: { summary: "It is.", schema: object({ status: oneOf(["ok"]), version: text() }) } },
  handle: (_request, { version }) => ({ json: { status: "ok", version } }),
});

const READY = route<ServerServices>({
  method: "GET",
  path: "/ready",
  operation: "getReady",
  tag: "Operation",
  summary: "Whether requests can be served: weights and vocabulary are loaded, the store answers.",
  isOpen: true,
  replies: { 200: { summary: "They can.", schema: object({ status: oneOf(["ready"]) }) } },
  problems: [503],
  async handle(_request, services) {
    if (services.isDraining()) throw shuttingDown();
    await services.checkStores();
    return { json: { status: "ready" } };
  },
});

const STATUS = route<ServerServices>({
  method: "GET",
  path: "/status",
  operation: "getStatus",
  tag: "Operation",
  summary: "What the server is and does.",
  replies: {
    200: {
      summary: "Its state.",
      schema: object({
        status: oneOf(["ok", "draining"]),
        version: text(),
        uptime_secs: count(),
        active_sessions: count(),
        security: object({ enabled: flag(), blocking: flag() }),
        capabilities: { type: "object", description: "What it offers to sessions: the payload of HELLO." },
      }),
    },
  },
  problems: [503],
  handle: async (_request, services) => ({
    json: {
      status: services.isDraining() ? "draining" : "ok",
      version: services.version,
      uptime_secs: Math.floor(services.uptimeMs() / 1000),
      active_sessions: await services.sessions.count(),
      security: { enabled: services.guard !== undefined, blocking: services.isBlocking },
      capabilities: services.capabilities,
    },
  }),
});

const METRICS = route<ServerServices>({
  method: "GET",
  path: "/metrics",
  operation: "getMetrics",
  tag: "Operation",
  summary: "Counters and latencies for Prometheus.",
  replies: { 200: { summary: "Text exposition format 0.0.4.", type: "text/plain", schema: text() } },
  async handle(_request, { metrics }) {
    const { text, type } = await metrics.expose();
    return { text, type };
  },
});

export const OPERATION_ROUTES = [HEALTH, READY, STATUS, METRICS];
