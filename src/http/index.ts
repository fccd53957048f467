/** What the server and the proxy share: listening, problem details, bodies, tokens, logs, limits, latencies, metrics. */
export {
  DEFAULT_HTTP_LIMITS,
  listen,
  type HttpLimits,
  type Listener,
  type ListenOptions,
  type RequestHandler,
  type UpgradeHandler,
} from "./listener.js";
export { PROBLEM_TYPE, problemOf, sendProblem, type Problem } from "./problem.js";
export { listenError, tlsFilesError } from "./listen-error.js";
export { asksForWebSocket } from "./served-request.js";
export { refuseConnection } from "./refuse-connection.js";
export { answerEarly } from "./linger.js";
export { contentMember } from "./content-member.js";
export { readBody } from "./body.js";
export { mediaTypeOf } from "./media-type.js";
export { HeldBytes, HeldShare, type HeldBytesOptions } from "./held-bytes.js";
export { isAnyHost, isLoopbackHost, isLoopbackOrigin } from "./addresses.js";
export { bearerGuard, type BearerGuard } from "./bearer.js";
export { createLogger, type Logger, type LoggerOptions } from "./logger.js";
export { RequestIds } from "./request-ids.js";
export { roundedMs, roundedUsd } from "./rounded.js";
export { redactText, redactValue } from "./redact.js";
export {
  ClientRateLimiter,
  SharedRateLimiter,
  type RateLimiter,
  type RateLimiterOptions,
} from "./rate-limiter.js";
export { connectionOptions, HOP_BY_HOP_HEADERS } from "./hop-by-hop.js";
export {
  Exposition,
  mergeSnapshots,
  totalsOf,
  type MetricSample,
  type MetricsSnapshot,
  type MetricSource,
} from "./exposition.js";
export { counterBy, counterOf, gaugeOf, metricOf } from "./metric-sources.js";
export { TrustedProxies } from "./trusted-proxies.js";
export { Teardown, type OnClose } from "./teardown.js";
export { TurnEnd } from "./turn-end.js";
export { LatencyHistogram } from "./latency.js";
