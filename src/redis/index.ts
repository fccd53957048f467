/** What processes share through Redis: sessions, mailboxes, channels, rate limits, spending, cached answers. */
export { RedisChannelDirectory, type RedisChannelDirectoryOptions } from "./channel-directory.js";
export { parseRedisAddress } from "./address.js";
export { connectRedis, type RedisConnection, type RedisOptions } from "./connection.js";
export { RedisMailbox, type RedisMailboxOptions } from "./mailbox.js";
export { RedisRateLimiter, type RedisRateLimiterOptions } from "./rate-limiter.js";
export { RedisResponseCache, type RedisResponseCacheOptions } from "./response-cache.js";
export { RedisRecordStore, type RedisRecordStoreOptions } from "./record-store.js";
export { RedisSessionStore, type RedisSessionStoreOptions } from "./session-store.js";
export { RedisSpendLedger } from "./spend-ledger.js";
