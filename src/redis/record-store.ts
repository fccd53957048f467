import { FormatError, type LimitError } from "../shared/errors.js";
import type { PutOptions, RecordStore, StoredRecord } from "../shared/record-store.js";
import type { RedisConnection } from "./connection.js";
import { LUA_CLOCK, remainingMs } from "./expiry.js";

export interface RedisRecordStoreOptions {
  /** What the records are, in the singular: keys begin with it. */
  readonly kind: string;
  /** Of all processes together. */
  readonly maxRecords: number;
  /** What a new one is refused with when the store is full. */
  readonly fullError: (maxRecords: number) => LimitError;
  /** The clock that times of expiry are by, in milliseconds since 1970. Default `Date.now`. */
  readonly nowMs?: () => number;
}

/** Lua: takes the expired out of the index, whose scores are times of expiry. */
const SWEEP = `redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', '(' .. text(now))`;

/**
 * KEYS record, index · ARGV id, revision, record, replaced revision or '', milliseconds or '', most records
 *
 * The first write is one that needs memory: a script that has written before is let go on by a Redis that is full.
 */
const PUT = `${LUA_CLOCK}
local held = redis.call('HGET', KEYS[1], 'revision')
if (held or '') ~= ARGV[4] then return 'raced' end
if not held and redis.call('ZCOUNT', KEYS[2], text(now), '+inf') >= tonumber(ARGV[6]) then return 'full' end
if ARGV[5] == '0' then
  redis.call('DEL', KEYS[1])
  redis.call('ZREM', KEYS[2], ARGV[1])
  return 'kept'
end
redis.call('HSET', KEYS[1], 'revision', ARGV[2], 'snapshot', ARGV[3])
if ARGV[5] == '' then
  redis.call('PERSIST', KEYS[1])
  redis.call('ZADD', KEYS[2], '+inf', ARGV[1])
else
  local at = text(now + tonumber(ARGV[5]))
  redis.call('PEXPIREAT', KEYS[1], at)
  redis.call('ZADD', KEYS[2], at, ARGV[1])
end
${SWEEP}
return 'kept'`;

/** KEYS record, index · ARGV id */
const DELETE = `
redis.call('ZREM', KEYS[2], ARGV[1])
return redis.call('DEL', KEYS[1])`;

/** KEYS (any), index */
const COUNT = `${LUA_CLOCK}
${SWEEP}
return redis.call('ZCARD', KEYS[2])`;

/** Records in Redis, so that every server of it can go on with them. Full, it refuses new ones, as the memory store does. */
export class RedisRecordStore<T extends StoredRecord> implements RecordStore<T> {
  readonly #redis: RedisConnection;
  readonly #kind: string;
  readonly #maxRecords: number;
  readonly #fullError: (maxRecords: number) => LimitError;
  readonly #nowMs: () => number;

  constructor(
    redis: RedisConnection,
    { kind, maxRecords, fullError, nowMs = Date.now }: RedisRecordStoreOptions,
  ) {
    this.#redis = redis;
    this.#kind = kind;
    this.#maxRecords = maxRecords;
    this.#fullError = fullError;
    this.#nowMs = nowMs;
  }

  /**
   * @throws {UpstreamError} `M2M_STORE_UNAVAILABLE`
   * @throws {FormatError} `M2M_SNAPSHOT_INVALID` if somebody else has written there
   */
  async get(id: string): Promise<T | undefined> {
    const json = await this.#redis.send("HGET", [this.#keysOf(id)[0], "snapshot"]);
    return json === null ? undefined : parseRecord<T>(String(json));
  }

  /** @throws {UpstreamError} `M2M_STORE_UNAVAILABLE`: the record may have been kept or not; another `get` tells */
  async put(record: T, { expiresAtMs, replaces }: PutOptions = {}): Promise<boolean> {
    const { id, revision } = record;
    if (id === undefined) throw new TypeError("a record that is kept has an id");
    const outcome = await this.#redis.run(PUT, this.#keysOf(id), [
      id,
      revision,
      JSON.stringify(record),
      replaces ?? "",
      remainingMs(expiresAtMs, this.#nowMs()),
      this.#maxRecords,
    ]);
    if (outcome !== "full") return outcome === "kept";
    throw this.#fullError(this.#maxRecords);
  }

  /** @throws {UpstreamError} `M2M_STORE_UNAVAILABLE` */
  async delete(id: string): Promise<boolean> {
    return (await this.#redis.run(DELETE, this.#keysOf(id), [id])) === 1;
  }

  /** @throws {UpstreamError} `M2M_STORE_UNAVAILABLE` */
  async count(): Promise<number> {
    return Number(await this.#redis.run(COUNT, this.#keysOf(""), []));
  }

  #keysOf(id: string): [record: string, index: string] {
    return [this.#redis.key(this.#kind, id), this.#redis.key(`${this.#kind}s`)];
  }
}

function parseRecord<T>(json: string): T {
  try {
    return JSON.parse(json) as T;
  } catch {
    throw new FormatError("M2M_SNAPSHOT_INVALID", "What Redis keeps there is no record: it is not JSON.");
  }
}
