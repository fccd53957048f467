/** What processes share through Redis: sessions, mailboxes, channels, rate limits, spending, cached answers. */
export { RedisChannelDirectory, type RedisChannelDirectoryOptions } from "./channel-directory.js";
export { parseRedisAddress } from "./address.js";
export { connectRedis, type RedisConnection, type RedisOptions } from "./connection.js";
export { RedisMailbox, type RedisMailboxOptions } from "./mailbox.js";
export { RedisRateStore, type RedisRateStoreOptions } from "./rate-store.js";
export { RedisResponseStore, type RedisResponseStoreOptions } from "./response-store.js";
export { RedisRecordStore, type RedisRecordStoreOptions } from "./record-store.js";
export { RedisSessionStore, type RedisSessionStoreOptions } from "./session-store.js";
export { RedisSpendStore } from "./spend-store.js";
