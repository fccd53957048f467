import type { Logger } from "../http/index.js";
import type { ModelRegistry } from "../models/index.js";
import type { ProxySettings } from "./options.js";
import type { ProxyStats } from "./stats/stats.js";
import type { RetryOptions } from "./upstream/retry.js";
import type { Upstream } from "./upstream/upstream.js";

/** What all exchanges of a proxy share. */
export interface ProxyCore {
  readonly settings: ProxySettings;
  readonly upstreams: readonly Upstream[];
  readonly retry: RetryOptions;
  readonly stats: ProxyStats;
  readonly logger: Logger;
  readonly models: ModelRegistry;
  /** From 0 up to 1. */
  random(): number;
}
