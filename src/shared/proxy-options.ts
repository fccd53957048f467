/** Words that both the settings and the proxy know. */

/** How far requests are made smaller, each level with those before it. */
export const OPTIMIZE_LEVELS = ["off", "defaults", "minify", "toon"] as const;
export type OptimizeLevel = (typeof OPTIMIZE_LEVELS)[number];

/** Which answers are kept: only what a provider is asked to answer the same each time, or whatever only asks. */
export const CACHE_SCOPES = ["deterministic", "all"] as const;
export type CacheScope = (typeof CACHE_SCOPES)[number];
