import { countWith } from "../shared/count-of.js";
import type { RouterThresholds } from "../shared/defaults.js";

/** What to do with a message for a model: leave it, tidy it, or compress it. */
export type RouteStrategy = "skip" | "optimize" | "full";

export interface Route {
  strategy: RouteStrategy;
  /** Absent if the content is no text. */
  tokens?: number;
  reason: string;
}

/** The strategy for a message of `tokens` tokens. */
export function routeByTokens(tokens: number, thresholds: RouterThresholds): Route {
  const { skipBelowTokens, fullFromTokens } = thresholds;
  const count = countWith(tokens, "token", ["is", "are"]);
  if (tokens < skipBelowTokens)
    return { strategy: "skip", tokens, reason: `${count} under ${skipBelowTokens}.` };
  if (tokens < fullFromTokens)
    return { strategy: "optimize", tokens, reason: `${count} under ${fullFromTokens}.` };
  return { strategy: "full", tokens, reason: `${count} at least ${fullFromTokens}.` };
}
