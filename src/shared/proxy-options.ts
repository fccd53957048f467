/** Words that both the settings and the proxy know. */

/** How far requests are made smaller, each level with those before it. */
export const PROXY_OPTIMIZE_LEVELS = ["off", "defaults", "minify", "toon"] as const;

/** What is written to a log: this and what is more urgent. */
export const LOG_LEVEL_NAMES = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;

/** Which answers are kept: those that would be the same again, or all. */
export const CACHE_SCOPE_NAMES = ["deterministic", "all"] as const;
