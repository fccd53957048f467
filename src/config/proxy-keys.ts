import { LOG_LEVELS } from "../shared/log-levels.js";
import { CACHE_SCOPES, OPTIMIZE_LEVELS } from "../shared/proxy-options.js";
import type { KeyShape } from "./key-spec.js";

const ANY_NUMBER = { type: "integer", min: 0, max: 1_000_000_000, default: 0 } as const;
const SECONDS = { type: "integer", min: 1, max: 86_400 } as const;
const GIB = 1024 ** 3;

/** Settings of `m2m proxy`. */
export const PROXY_KEYS = {
  "proxy.target": {
    type: "text",
    summary: "URL of the API that `m2m proxy` forwards to, where no `[[upstream]]` is set up.",
  },
  "proxy.port": {
    type: "integer",
    min: 0,
    max: 65535,
    default: 8080,
    summary: "TCP port of `m2m proxy`; 0 picks a free one.",
  },
  "proxy.host": {
    type: "text",
    default: "127.0.0.1",
    summary: "Address that `m2m proxy` listens on.",
  },
  "proxy.auth_token": {
    type: "text",
    secret: true,
    summary: "What clients of `m2m proxy` must show, in the header `x-m2m-token`.",
  },
  "proxy.allowed_hosts": {
    type: "list",
    summary: "Host names by which `m2m proxy` may be asked without a token, beside those of this machine.",
  },
  "proxy.optimize": {
    type: "enum",
    options: OPTIMIZE_LEVELS,
    default: "off",
    summary: "How far `m2m proxy` makes requests smaller.",
  },
  "proxy.scan": {
    type: "boolean",
    default: true,
    summary: "Scan requests for threats in `m2m proxy`.",
  },
  "proxy.scan_responses": {
    type: "boolean",
    default: false,
    summary: "Scan answers too.",
  },
  "proxy.blocking": {
    type: "boolean",
    default: false,
    summary: "Refuse what `m2m proxy` finds unsafe, in place of reporting it.",
  },
  "proxy.peer": {
    type: "boolean",
    default: false,
    summary: "The target is another `m2m proxy`: send and take M2M wires.",
  },
  "proxy.include_usage": {
    type: "boolean",
    default: false,
    summary: "Ask for the usage of streams that do not, and keep it from the client.",
  },
  "proxy.cache_ttl_s": {
    type: "integer",
    min: 0,
    max: 31_536_000,
    default: 0,
    summary: "Seconds that an answer is kept for the same request; 0: none is.",
  },
  "proxy.cache_scope": {
    type: "enum",
    options: CACHE_SCOPES,
    default: "deterministic",
    summary: "Which answers are kept: only of requests with temperature 0 and of embeddings, or all.",
  },
  "proxy.requests_per_minute": {
    ...ANY_NUMBER,
    summary: "Requests of one API key in a minute; 0: any number.",
  },
  "proxy.tokens_per_minute": {
    ...ANY_NUMBER,
    summary: "Tokens of one API key in a minute, in and out; 0: any number.",
  },
  "proxy.usd_per_day": {
    ...ANY_NUMBER,
    type: "number",
    summary: "US dollars that one API key may spend in a day (UTC); 0: any sum.",
  },
  "proxy.usd_per_month": {
    ...ANY_NUMBER,
    type: "number",
    summary: "US dollars that one API key may spend in a month (UTC); 0: any sum.",
  },
  "proxy.store": {
    type: "text",
    secret: true,
    default: "memory",
    summary: "Where kept answers, rates and budgets are: `memory`, or `redis://…` for several proxies.",
  },
  "proxy.connect_timeout_s": {
    ...SECONDS,
    default: 10,
    summary: "Seconds for a connection to an upstream.",
  },
  "proxy.timeout_s": {
    ...SECONDS,
    default: 600,
    summary: "Seconds from a request to the status of its answer.",
  },
  "proxy.idle_timeout_s": {
    ...SECONDS,
    default: 300,
    summary: "Seconds between two pieces of an answer.",
  },
  "proxy.retries": {
    type: "integer",
    min: 0,
    max: 10,
    default: 2,
    summary: "Most further tries of a request that fails before its answer begins.",
  },
  "proxy.max_body_bytes": {
    type: "integer",
    min: 1,
    max: GIB,
    default: 64 * 1024 * 1024,
    summary: "Most bytes of a request that `m2m proxy` reads.",
  },
  "proxy.max_held_bytes": {
    type: "integer",
    min: 1,
    max: 64 * GIB,
    default: 256 * 1024 * 1024,
    summary: "Most bytes of all requests that `m2m proxy` holds at once; the largest single one always fits.",
  },
  "proxy.log_level": {
    type: "enum",
    options: LOG_LEVELS,
    default: "info",
    summary: "What `m2m proxy` writes on stderr.",
  },
  "proxy.log_json": {
    type: "boolean",
    default: false,
    summary: "Write each line of the log of `m2m proxy` as a JSON object.",
  },
} as const satisfies Readonly<Record<string, KeyShape>>;
