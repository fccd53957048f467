/** What to do with a message for a model: leave it, tidy it, or compress it. */
export type RouteStrategy = "skip" | "optimize" | "full";

export interface RouterThresholds {
  /** Messages of fewer tokens are skipped. */
  skipBelowTokens: number;
  /** Messages of at least this many tokens are compressed fully; those between are optimized. */
  fullFromTokens: number;
}

export const DEFAULT_ROUTER_THRESHOLDS: Readonly<RouterThresholds> = Object.freeze({
  skipBelowTokens: 25,
  fullFromTokens: 100,
});

export interface Route {
  strategy: RouteStrategy;
  tokens: number;
  reason: string;
}

/** The strategy for a message of `tokens` tokens. */
export function routeByTokens(tokens: number, thresholds: RouterThresholds): Route {
  const { skipBelowTokens, fullFromTokens } = thresholds;
  if (tokens < skipBelowTokens) {
    return { strategy: "skip", tokens, reason: `${tokens} tokens are under ${skipBelowTokens}.` };
  }
  if (tokens < fullFromTokens) {
    return { strategy: "optimize", tokens, reason: `${tokens} tokens are under ${fullFromTokens}.` };
  }
  return { strategy: "full", tokens, reason: `${tokens} tokens are at least ${fullFromTokens}.` };
}
