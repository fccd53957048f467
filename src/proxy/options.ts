import type { Logger } from "../http/index.js";
import type { ModelRegistry } from "../models/index.js";
import type { SecurityScanner } from "../security/index.js";
import type { CacheScope, OptimizeLevel } from "../shared/proxy-options.js";
import type { RateLimitStore, ResponseCacheStore, SpendStore } from "../shared/stores.js";
import type { KeyLimits } from "./budgets/index.js";
import type { UpstreamOptions } from "./upstream/upstream.js";

/** What can be set of a proxy; all has a default. */
export interface ProxySettings {
  /** Most bytes of a request that is read, and of an answer that is. */
  readonly maxBodyBytes: number;
  /** Most bytes of all requests that are held at once; one of `maxBodyBytes` always fits. */
  readonly maxHeldBytes: number;
  readonly connectTimeoutMs: number;
  /** From the end of the request to the head of the answer: a model may think for minutes before it says anything. */
  readonly headersTimeoutMs: number;
  /** Between two pieces of an answer. */
  readonly idleTimeoutMs: number;
  /** Most further tries of one request. */
  readonly retries: number;
  /** Ask for the usage of a stream where a provider tells it on request only; the client does not see it. */
  readonly includeUsage: boolean;
  /** Requests that are unsafe are refused; otherwise they are reported. */
  readonly blocking: boolean;
  readonly scanResponses: boolean;
  readonly optimize: OptimizeLevel;
}

export const DEFAULT_PROXY_SETTINGS: ProxySettings = Object.freeze({
  maxBodyBytes: 64 * 1024 * 1024,
  maxHeldBytes: 256 * 1024 * 1024,
  connectTimeoutMs: 10_000,
  headersTimeoutMs: 600_000,
  idleTimeoutMs: 300_000,
  retries: 2,
  includeUsage: false,
  blocking: false,
  scanResponses: false,
  optimize: "off",
});

export interface CacheOptions {
  readonly ttlMs: number;
  /** Default `deterministic`. */
  readonly scope?: CacheScope;
  /** Default: the memory of this process. */
  readonly store?: ResponseCacheStore;
}

export interface LimitOptions {
  readonly limits: KeyLimits;
  /** Default: the memory of this process. */
  readonly rates?: RateLimitStore;
  readonly spend?: SpendStore;
  /** Told of what a store failed with. Default: the log. */
  readonly onStoreFailure?: (error: unknown) => void;
  /** Whether the store of money can be asked, as far as one knows without asking. Default: it can. */
  readonly isStoreUp?: () => boolean;
}

export interface ProxyOptions extends Partial<ProxySettings> {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** At least one. */
  readonly upstreams: readonly UpstreamOptions[];
  readonly logger: Logger;
  /** For prices. Default: the catalog. */
  readonly models?: ModelRegistry;
  /** Clients must have it. */
  readonly authToken?: string;
  /** Names by which the proxy may be reached without a token, beside those of this machine. Default none. */
  readonly allowedHosts?: readonly string[];
  /** What judges requests. Absent: they are not scanned. */
  readonly scanner?: Pick<SecurityScanner, "scan">;
  /** Absent: no answer is kept. */
  readonly cache?: CacheOptions;
  /** The upstreams are proxies like this one: what goes there and back is compressed. */
  readonly peer?: boolean;
  /** Of each API key. Absent: none. */
  readonly keyLimits?: LimitOptions;
  /** For tests. */
  readonly random?: () => number;
}
