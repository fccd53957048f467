import { DEFAULT_LIMITS } from "../shared/limits.js";
import { LOG_LEVELS } from "../shared/log-levels.js";
import { SERVER_TRANSPORTS } from "../shared/server-options.js";
import type { KeyShape, KeySpec } from "./key-spec.js";

const GIB = 1024 ** 3;

/** Settings of `m2m server`. */
export const SERVER_KEYS = {
  "server.port": {
    type: "integer",
    min: 0,
    max: 65535,
    default: 3000,
    project: "any",
    summary: "TCP port of `m2m server`; 0 picks a free one.",
  },
  "server.host": {
    type: "text",
    default: "127.0.0.1",
    summary: "Address that `m2m server` listens on.",
  },
  "server.auth_token": {
    type: "text",
    secret: true,
    summary: "What clients of `m2m server` must show as bearer token.",
  },
  "server.blocking": {
    type: "boolean",
    default: false,
    summary: "Refuse what `m2m server` finds unsafe, in place of reporting it.",
  },
  "server.transport": {
    type: "enum",
    options: SERVER_TRANSPORTS,
    default: "http",
    summary: "What `m2m server` speaks: HTTP and WebSocket, or QUIC or AI-TCP beside them.",
  },
  "server.tls_cert": {
    type: "path",
    summary: "Certificate of `m2m server` (PEM), with those between it and the authority.",
  },
  "server.tls_key": {
    type: "path",
    summary: "The key of that certificate (PEM).",
  },
  "server.store": {
    type: "text",
    default: "memory",
    summary: "Where `m2m server` keeps sessions: `memory`, or `redis://HOST:PORT`.",
  },
  "server.workers": {
    type: "integer",
    min: 1,
    max: 256,
    default: 1,
    summary: "Processes of `m2m server` that share the port; more than one need a store they share.",
  },
  "server.max_body_bytes": {
    type: "integer",
    min: 1,
    max: GIB,
    default: DEFAULT_LIMITS.maxInputBytes,
    summary: "Most bytes of a request that `m2m server` reads.",
  },
  "server.max_concurrent": {
    type: "integer",
    min: 1,
    max: 1_000_000,
    default: 1024,
    summary: "Requests that a process of `m2m server` works on at once.",
  },
  "server.max_held_bytes": {
    type: "integer",
    min: 1,
    max: 64 * GIB,
    default: 256 * 1024 * 1024,
    summary: "Most bytes of requests that a process of `m2m server` holds at once; one alone always fits.",
  },
  "server.rate_limit": {
    type: "integer",
    min: 0,
    max: 1_000_000_000,
    default: 0,
    summary: "Requests a minute that `m2m server` takes of one client; 0: no limit.",
  },
  "server.trust_proxy": {
    type: "list",
    summary: "Reverse proxies that say who a client of `m2m server` is: how many, or their addresses.",
  },
  "server.log_level": {
    type: "enum",
    options: LOG_LEVELS,
    default: "info",
    summary: "What `m2m server` writes on stderr.",
  },
  "server.log_json": {
    type: "boolean",
    default: false,
    summary: "Write each line of the log of `m2m server` as a JSON object.",
  },
} as const satisfies Readonly<Record<string, KeyShape & Partial<KeySpec>>>;
