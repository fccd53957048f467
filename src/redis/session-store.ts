import { FormatError, InputError } from "../shared/errors.js";
import { sessionsFull, type PutOptions, type SessionSnapshot, type SessionStore } from "../session/index.js";
import { positiveInteger } from "../shared/bounds.js";
import type { RedisConnection } from "./connection.js";
import { LUA_CLOCK, remainingMs } from "./expiry.js";

export interface RedisSessionStoreOptions {
  /** Of all processes together. Default 1,000,000. */
  readonly maxSessions?: number;
  /** The clock that times of expiry are by, in milliseconds since 1970. Default `Date.now`. */
  readonly nowMs?: () => number;
}

const DEFAULT_MAX_SESSIONS = 1_000_000;

/** Lua: takes the expired out of the index, whose scores are times of expiry. */
const SWEEP = `redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', '(' .. text(now))`;

/**
 * KEYS session, index · ARGV id, revision, snapshot, replaced revision or '', milliseconds or '', most sessions
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

/** KEYS session, index · ARGV id */
const DELETE = `
redis.call('ZREM', KEYS[2], ARGV[1])
return redis.call('DEL', KEYS[1])`;

/** KEYS (any), index */
const COUNT = `${LUA_CLOCK}
${SWEEP}
return redis.call('ZCARD', KEYS[2])`;

/** Sessions in Redis, so that every server of it can go on with them. Full, it refuses new ones, as the memory store does. */
export class RedisSessionStore implements SessionStore {
  readonly #redis: RedisConnection;
  readonly #maxSessions: number;
  readonly #nowMs: () => number;

  /** @throws {InputError} `M2M_USAGE` */
  constructor(
    redis: RedisConnection,
    { maxSessions = DEFAULT_MAX_SESSIONS, nowMs = Date.now }: RedisSessionStoreOptions = {},
  ) {
    this.#redis = redis;
    this.#maxSessions = positiveInteger("maxSessions", maxSessions);
    this.#nowMs = nowMs;
  }

  /**
   * @throws {UpstreamError} `M2M_STORE_UNAVAILABLE`
   * @throws {FormatError} `M2M_SNAPSHOT_INVALID` if somebody else has written there
   */
  async get(id: string): Promise<SessionSnapshot | undefined> {
    const json = await this.#redis.send("HGET", [this.#keysOf(id)[0], "snapshot"]);
    return json === null ? undefined : parseSnapshot(String(json));
  }

  /** @throws {UpstreamError} `M2M_STORE_UNAVAILABLE`: the session may have been kept or not; another `get` tells */
  async put(snapshot: SessionSnapshot, { expiresAtMs, replaces }: PutOptions = {}): Promise<boolean> {
    const { id, revision } = snapshot;
    if (id === undefined) throw new InputError("M2M_USAGE", "A session without an id cannot be kept.");
    const outcome = await this.#redis.run(PUT, this.#keysOf(id), [
      id,
      revision,
      JSON.stringify(snapshot),
      replaces ?? "",
      remainingMs(expiresAtMs, this.#nowMs()),
      this.#maxSessions,
    ]);
    if (outcome !== "full") return outcome === "kept";
    throw sessionsFull(this.#maxSessions);
  }

  /** @throws {UpstreamError} `M2M_STORE_UNAVAILABLE` */
  async delete(id: string): Promise<boolean> {
    return (await this.#redis.run(DELETE, this.#keysOf(id), [id])) === 1;
  }

  /** @throws {UpstreamError} `M2M_STORE_UNAVAILABLE` */
  async count(): Promise<number> {
    return Number(await this.#redis.run(COUNT, this.#keysOf(""), []));
  }

  #keysOf(id: string): [session: string, index: string] {
    return [this.#redis.key("session", id), this.#redis.key("sessions")];
  }
}

function parseSnapshot(json: string): SessionSnapshot {
  try {
    return JSON.parse(json) as SessionSnapshot;
  } catch {
    throw new FormatError("M2M_SNAPSHOT_INVALID", "What Redis keeps of the session is not JSON.");
  }
}
