import type { CacheLookup } from "./response-cache.js";

/** How an answer came about: `shared` is that of an equal request that was on its way. */
export type CacheStatus = "hit" | "shared" | "miss" | "bypass";

/**
 * Headers that tell a client of the cache: `x-m2m-cache`, and the age of what it is given in seconds (`age`, RFC 9111 section 5.1).
 * @param lookup `undefined`: the cache was not asked
 */
export function cacheHeaders(lookup: CacheLookup | undefined): Record<string, string> {
  if (!lookup) return { "x-m2m-cache": "bypass" };
  if (lookup.kind === "miss") return { "x-m2m-cache": "miss" };
  const status: CacheStatus = lookup.shared ? "shared" : "hit";
  return { "x-m2m-cache": status, age: String(Math.floor(lookup.ageMs / 1000)) };
}
