import type { M2MError } from "../shared/errors.js";
import type { ResponseCacheStore } from "../shared/stores.js";
import type { RedisConnection } from "./connection.js";
import { asStoreError } from "./failures.js";

export interface RedisResponseStoreOptions {
  /** A larger value is not kept. Default 1 MiB. */
  readonly maxValueBytes?: number;
  /** Milliseconds that a look-up waits for Redis. Default 250. */
  readonly timeoutMs?: number;
  /** Told of what failed, and was a miss. */
  readonly onFailure?: (error: M2MError) => void;
}

const DEFAULT_MAX_VALUE_BYTES = 1024 * 1024;
const DEFAULT_TIMEOUT_MS = 250;

/** Answers in Redis. While it cannot be asked, every look-up is a miss. */
export class RedisResponseStore implements ResponseCacheStore {
  readonly #redis: RedisConnection;
  readonly #maxValueBytes: number;
  readonly #timeoutMs: number;
  readonly #onFailure: ((error: M2MError) => void) | undefined;

  constructor(redis: RedisConnection, options: RedisResponseStoreOptions = {}) {
    this.#redis = redis;
    this.#maxValueBytes = options.maxValueBytes ?? DEFAULT_MAX_VALUE_BYTES;
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#onFailure = options.onFailure;
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    try {
      const options = { timeoutMs: this.#timeoutMs, asBytes: true };
      const value = await this.#redis.send("GET", [this.#keyOf(key)], options);
      return value === null ? undefined : (value as Uint8Array);
    } catch (error) {
      this.#onFailure?.(asStoreError(error));
      return undefined;
    }
  }

  async set(key: string, value: Uint8Array, ttlMs: number): Promise<void> {
    // Redis refuses a time that is not a whole number above 0.
    if (!(ttlMs >= 1) || value.byteLength > this.#maxValueBytes) return;
    // The library writes bytes only if they are a Buffer.
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    const wholeMs = Math.floor(Math.min(ttlMs, Number.MAX_SAFE_INTEGER / 2));
    try {
      await this.#redis.send("SET", [this.#keyOf(key), bytes, "PX", wholeMs], { timeoutMs: this.#timeoutMs });
    } catch (error) {
      this.#onFailure?.(asStoreError(error));
    }
  }

  #keyOf(key: string): string {
    return this.#redis.key("cache", key);
  }
}
