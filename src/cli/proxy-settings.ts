/** What the flags and the settings say of a proxy. */
import type { Config, ConfigValue } from "../config/index.js";
import type { Logger } from "../http/index.js";
import {
  parseTarget,
  type CacheOptions,
  type LimitOptions,
  type ProxySettings,
  type UpstreamOptions,
} from "../proxy/index.js";
import type { RedisConnection } from "../redis/index.js";
import { InputError } from "../shared/errors.js";
import { MemoryRateStore } from "../shared/token-buckets.js";
import type { CommandContext } from "./context.js";
import { StoreOutages } from "./store-outages.js";
import type { ScannerFlags } from "./scan-settings.js";
import type { ListenerFlags } from "./server-flags.js";

/** The flags of `m2m proxy`. */
export interface ProxyFlags extends ScannerFlags, ListenerFlags {
  readonly target?: string;
  readonly "auth-token"?: string;
  readonly "no-scan"?: boolean;
  readonly blocking?: boolean;
  readonly "scan-responses"?: boolean;
  readonly optimize?: ConfigValue<"proxy.optimize">;
  readonly peer?: boolean;
  readonly "cache-ttl"?: number;
  readonly "include-usage"?: boolean;
  readonly timeout?: number;
  readonly retries?: number;
}

export function proxySettings(config: Config, flags: ProxyFlags): ProxySettings {
  return {
    maxBodyBytes: config.get("proxy.max_body_bytes"),
    maxHeldBytes: config.get("proxy.max_held_bytes"),
    connectTimeoutMs: config.get("proxy.connect_timeout_s") * 1000,
    headersTimeoutMs: (flags.timeout ?? config.get("proxy.timeout_s")) * 1000,
    idleTimeoutMs: config.get("proxy.idle_timeout_s") * 1000,
    retries: flags.retries ?? config.get("proxy.retries"),
    includeUsage: flags["include-usage"] ?? config.get("proxy.include_usage"),
    blocking: flags.blocking ?? config.get("proxy.blocking"),
    scanResponses: flags["scan-responses"] ?? config.get("proxy.scan_responses"),
    optimize: flags.optimize ?? config.get("proxy.optimize"),
  };
}

/**
 * Where requests go: to `--target`, else to the tables `[[upstream]]`, else to `proxy.target`.
 * @throws {InputError} `M2M_USAGE`, `M2M_CONFIG_INVALID`
 */
export function proxyUpstreams(
  context: CommandContext,
  config: Config,
  flag: string | undefined,
): readonly UpstreamOptions[] {
  if (flag !== undefined) return [{ name: "target", target: parseTarget(flag, "--target") }];
  if (config.upstreams.length > 0) return upstreamsOf(context, config.upstreams);
  const target = config.get("proxy.target");
  if (target === undefined) {
    throw new InputError("M2M_USAGE", "There is no target to forward to.", {
      hint: "Give --target https://api.openai.com, or set up [[upstream]] in the user file.",
    });
  }
  return [{ name: "target", target: parseTarget(target, "proxy.target") }];
}

function upstreamsOf(context: CommandContext, tables: Config["upstreams"]): readonly UpstreamOptions[] {
  const taken = new Set(tables.flatMap(({ name }) => name ?? []));
  return tables.map((table) => {
    const upstream = upstreamOf(context, table);
    if (table.name !== undefined) return upstream;
    let { name } = upstream;
    for (let number = 2; taken.has(name); number++) name = `${upstream.name}-${number}`;
    taken.add(name);
    return { ...upstream, name };
  });
}

function upstreamOf({ env }: CommandContext, table: Config["upstreams"][number]): UpstreamOptions {
  const target = parseTarget(table.url, "The url of an [[upstream]]");
  const { models, weight } = table;
  const secretOf = (what: string, value: string | undefined, variable: string | undefined) => {
    if (variable === undefined) return value;
    if (env[variable]) return env[variable];
    throw new InputError("M2M_CONFIG_INVALID", `The ${what} of the upstream ${target.url} is missing.`, {
      hint: `Set the environment variable ${variable}.`,
    });
  };
  return {
    name: table.name ?? new URL(target.url).host,
    target,
    models,
    weight,
    apiKey: secretOf("key", table.api_key, table.api_key_env),
    token: secretOf("token", table.token, table.token_env),
  };
}

/** What several proxies may share. */
export interface ProxyStores {
  readonly cache?: CacheOptions;
  readonly keyLimits?: LimitOptions;
  close(): Promise<void>;
}

/**
 * Kept answers and limits, if any are asked for, in memory or in Redis.
 * @throws {InputError} `M2M_CONFIG_INVALID`; {UpstreamError} `M2M_STORE_UNAVAILABLE`; {UnsupportedError} `M2M_PACKAGE_MISSING`
 */
export async function openProxyStores(
  config: Config,
  flags: Pick<ProxyFlags, "cache-ttl">,
  logger: Logger,
): Promise<ProxyStores> {
  const ttlMs = (flags["cache-ttl"] ?? config.get("proxy.cache_ttl_s")) * 1000;
  const limits = limitsOf(config);
  const place = config.get("proxy.store");
  const redisRoom = place === "memory" ? undefined : await import("../redis/index.js");
  // A mistake shows when the proxy starts, not when somebody sets a limit.
  redisRoom?.parseRedisAddress(place);
  if (!redisRoom || (ttlMs === 0 && !limits)) {
    return {
      cache: ttlMs > 0 ? { ttlMs, scope: config.get("proxy.cache_scope") } : undefined,
      keyLimits: limits && { limits },
      close: async () => {},
    };
  }
  const { connectRedis, RedisRateStore, RedisResponseStore, RedisSpendStore } = redisRoom;
  const redis: RedisConnection = await connectRedis(place);
  const outages = new StoreOutages(redis, logger);
  const onFailure = (error: unknown): void => outages.note(error);
  return {
    cache:
      ttlMs > 0
        ? {
            ttlMs,
            scope: config.get("proxy.cache_scope"),
            store: new RedisResponseStore(redis, { onFailure }),
          }
        : undefined,
    keyLimits: limits && {
      limits,
      rates: new RedisRateStore(redis, { fallback: new MemoryRateStore(), onFallback: onFailure }),
      spend: new RedisSpendStore(redis),
      onStoreFailure: onFailure,
      isStoreUp: () => redis.isUp,
    },
    close: () => redis.close(),
  };
}

function limitsOf(config: Config): LimitOptions["limits"] | undefined {
  const value = (limit: number): number | undefined => (limit > 0 ? limit : undefined);
  const limits = {
    requestsPerMinute: value(config.get("proxy.requests_per_minute")),
    tokensPerMinute: value(config.get("proxy.tokens_per_minute")),
    usdPerDay: value(config.get("proxy.usd_per_day")),
    usdPerMonth: value(config.get("proxy.usd_per_month")),
  };
  return Object.values(limits).some((limit) => limit !== undefined) ? limits : undefined;
}
