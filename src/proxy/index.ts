/** A gateway between clients of LLM APIs and their providers. */
export {
  DEFAULT_PROXY_SETTINGS,
  type CacheOptions,
  type LimitOptions,
  type ProxyOptions,
  type ProxySettings,
} from "./options.js";
export { startProxy, type Proxy } from "./proxy.js";
export { type StatsSnapshot } from "./stats/snapshot.js";
export { parseTarget, type Target } from "./upstream/target.js";
export { type UpstreamOptions } from "./upstream/upstream.js";
