import type { Logger } from "../http/index.js";
import { InputError } from "../shared/errors.js";
import type { RateLimitStore } from "../shared/stores.js";
import { MemoryRateStore } from "../shared/token-buckets.js";
import type { AiTcpStore } from "../transport/index.js";
import {
  MemoryChannelDirectory,
  MemoryMailbox,
  MemorySessionStore,
  sessionsFull,
  type ChannelDirectory,
  type Mailbox,
  type SessionStore,
} from "../session/index.js";

/** Where sessions and their rates live. */
export interface Stores {
  readonly store: SessionStore;
  readonly mailbox: Mailbox;
  readonly channels: ChannelDirectory;
  /** Where rates of sessions are counted; absent: in this process. */
  readonly rates?: RateLimitStore;
  /** Opens what the processes share of AI-TCP; absent: they share nothing. */
  aitcp?(): AiTcpStore;
  /** Resolves if the store answers. @throws {UpstreamError} `M2M_STORE_UNAVAILABLE` */
  check(): Promise<void>;
  close(): Promise<void>;
}

/** Of AI-TCP, tickets and sessions of all processes together. */
const MAX_AITCP_RECORDS = 1_000_000;

/** The word for the memory of this process; anything else is an address. */
export const MEMORY_STORE = "memory";

/** Whether several processes share what is kept there. */
export function isSharedStore(store: string): boolean {
  return store !== MEMORY_STORE;
}

/**
 * Opens what `--store` names: `memory`, or the address of a Redis or Valkey server.
 * @param logger is told when rates cannot be shared for a while
 * @throws {InputError} `M2M_USAGE` for another word
 * @throws {UnsupportedError} `M2M_PACKAGE_MISSING`
 * @throws {UpstreamError} `M2M_STORE_UNAVAILABLE`
 */
export async function openStores(store: string, logger: Logger): Promise<Stores> {
  if (store === MEMORY_STORE) return memoryStores();
  if (!/^rediss?:\/\//i.test(store)) {
    throw new InputError(
      "M2M_USAGE",
      "A store is memory, or an address that begins with redis:// or rediss://.",
    );
  }
  const {
    connectRedis,
    RedisChannelDirectory,
    RedisMailbox,
    RedisRateStore,
    RedisRecordStore,
    RedisSessionStore,
  } = await import("../redis/index.js");
  const redis = await connectRedis(store);
  return {
    store: new RedisSessionStore(redis),
    mailbox: new RedisMailbox(redis),
    channels: new RedisChannelDirectory(redis),
    rates: new RedisRateStore(redis, {
      fallback: new MemoryRateStore(),
      onFallback: (error) => logger.warn({ err: error }, "rates are counted by this process alone"),
    }),
    aitcp: () =>
      new RedisRecordStore(redis, { kind: "aitcp", maxRecords: MAX_AITCP_RECORDS, fullError: sessionsFull }),
    check: async () => void (await redis.send("PING", [])),
    close: () => redis.close(),
  };
}

function memoryStores(): Stores {
  return {
    store: new MemorySessionStore(),
    mailbox: new MemoryMailbox(),
    channels: new MemoryChannelDirectory(),
    check: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}
