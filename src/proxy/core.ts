import { RequestIds, TurnEnd, type Logger } from "../http/index.js";
import { CodecEngine } from "../codec/index.js";
import { ModelRegistry } from "../models/index.js";
import { InputError } from "../shared/errors.js";
import { MemoryRateStore } from "../shared/token-buckets.js";
import { KeyBudgets, MemorySpendStore } from "./budgets/index.js";
import type { CacheScope } from "../shared/proxy-options.js";
import { MemoryResponseStore, ResponseCache } from "./cache/index.js";
import { HeldBodies } from "./held-bodies.js";
import { EventWires, PeerLink } from "./m2m/index.js";
import { RequestOptimizer } from "./optimize/index.js";
import { DEFAULT_PROXY_SETTINGS, type ProxyOptions, type ProxySettings } from "./options.js";
import { Gatekeeper } from "./security/gatekeeper.js";
import { RequestScanner } from "./security/request-scanner.js";
import { ProxyStats } from "./stats/stats.js";
import type { Tracing } from "./tracing.js";
import type { RetryOptions } from "./upstream/retry.js";
import { Upstream } from "./upstream/upstream.js";

/** What all exchanges of a proxy share. */
export interface ProxyCore {
  readonly settings: ProxySettings;
  readonly upstreams: readonly Upstream[];
  readonly retry: RetryOptions;
  readonly bodies: HeldBodies;
  readonly stats: ProxyStats;
  readonly logger: Logger;
  readonly requestIds: RequestIds;
  readonly models: ModelRegistry;
  readonly gatekeeper: Gatekeeper;
  readonly optimizer: RequestOptimizer;
  readonly engine: CodecEngine;
  /** The upstreams are proxies: what goes there and back is compressed. */
  readonly peer?: PeerLink;
  readonly eventWires: EventWires;
  readonly scanner?: RequestScanner;
  readonly cache?: { readonly answers: ResponseCache; readonly scope: CacheScope };
  readonly budgets?: KeyBudgets;
  readonly tracing?: Tracing;
  /** When requests and answers are written. */
  readonly turnEnd: TurnEnd;
  /** From 0 up to 1. */
  random(): number;
  /** Whether there are budgets of money that cannot be asked for: then no call is let through. */
  isBudgetAway(): boolean;
  /** Whether the proxy is shutting down. */
  isDraining(): boolean;
}

const BREAKER = { failures: 5, openMs: 5000 };
const RETRY = { firstDelayMs: 500, maxDelayMs: 8000, maxRetryAfterMs: 10_000 };

/** @throws {InputError} `M2M_USAGE` */
export function createCore(
  options: ProxyOptions,
  { tracing, isDraining }: Pick<ProxyCore, "tracing" | "isDraining">,
): ProxyCore {
  const { logger, scanner, cache, keyLimits, models = new ModelRegistry() } = options;
  const given = Object.fromEntries(
    Object.entries(options).filter(([name, value]) => name in DEFAULT_PROXY_SETTINGS && value !== undefined),
  );
  const settings: ProxySettings = { ...DEFAULT_PROXY_SETTINGS, ...given };
  if (options.upstreams.length === 0) throw new InputError("M2M_USAGE", "A proxy needs an upstream.");
  const { maxBodyBytes, maxHeldBytes } = settings;
  const engine = new CodecEngine({ limits: { maxInputBytes: maxBodyBytes, maxOutputBytes: maxBodyBytes } });
  const eventWires = new EventWires();
  const holdsKeys = options.upstreams.some(({ apiKey }) => apiKey !== undefined);
  return {
    settings,
    upstreams: options.upstreams.map((upstream) => new Upstream(upstream, settings, BREAKER)),
    retry: { ...RETRY, retries: settings.retries },
    bodies: new HeldBodies({ maxBodyBytes, maxHeldBytes }),
    stats: new ProxyStats(),
    logger,
    requestIds: new RequestIds(),
    models,
    gatekeeper: new Gatekeeper(options.authToken, holdsKeys, options.host, options.allowedHosts),
    optimizer: new RequestOptimizer(models),
    engine,
    peer: options.peer ? new PeerLink(engine, eventWires) : undefined,
    eventWires,
    scanner:
      scanner &&
      new RequestScanner({ scanner, onFailure: (error) => logger.error({ err: error }, "scan failed") }),
    cache: cache && {
      answers: new ResponseCache({ ttlMs: cache.ttlMs, store: cache.store ?? new MemoryResponseStore() }),
      scope: cache.scope ?? "deterministic",
    },
    budgets:
      keyLimits &&
      new KeyBudgets({
        limits: keyLimits.limits,
        rates: keyLimits.rates ?? new MemoryRateStore(),
        spend: keyLimits.spend ?? new MemorySpendStore(),
        onStoreFailure:
          keyLimits.onStoreFailure ?? ((error) => logger.error({ err: error }, "the store of limits failed")),
      }),
    tracing,
    turnEnd: new TurnEnd(),
    random: options.random ?? Math.random,
    isBudgetAway: () =>
      (keyLimits?.limits.usdPerDay ?? keyLimits?.limits.usdPerMonth) !== undefined &&
      keyLimits?.isStoreUp?.() === false,
    isDraining,
  };
}
