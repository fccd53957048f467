export { cacheKeyOf, type CacheableRequest, type CacheKeyOptions } from "./cache-key.js";
export { cacheDirectivesOf, isCacheable, type CacheDirectives } from "./cacheable.js";
export { keptHeaders, readEntry, writeEntry, type CachedResponse } from "./entry.js";
export { cacheHeaders, type CacheStatus } from "./headers.js";
export { MemoryResponseStore, type MemoryResponseStoreOptions } from "./memory-response-store.js";
export {
  ResponseCache,
  type CacheHit,
  type CacheLookup,
  type CacheMiss,
  type ResponseCacheOptions,
} from "./response-cache.js";
