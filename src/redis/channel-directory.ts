import { membersFull, type ChannelDirectory } from "../session/index.js";
import { positiveInteger } from "../shared/bounds.js";
import type { RedisConnection } from "./connection.js";
import { LUA_CLOCK, remainingMs } from "./expiry.js";

export interface RedisChannelDirectoryOptions {
  /** Most members of one channel. Default 100: each message goes to all of them. */
  readonly maxMembers?: number;
  /** The clock that times of expiry are by, in milliseconds since 1970. Default `Date.now`. */
  readonly nowMs?: () => number;
}

/** Lua: takes out the members whose time, which is their score, is over. */
const SWEEP = `redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', text(now))`;

/** KEYS channel · ARGV member, milliseconds or '', most members. Begins with a write that needs memory, as in a session's. */
const JOIN = `${LUA_CLOCK}
local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
local isMember = score and (score == 'inf' or tonumber(score) > now)
if not isMember and redis.call('ZCOUNT', KEYS[1], '(' .. text(now), '+inf') >= tonumber(ARGV[3]) then return 0 end
redis.call('ZADD', KEYS[1], ARGV[2] == '' and '+inf' or text(now + tonumber(ARGV[2])), ARGV[1])
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')[2]
if last == 'inf' then
  redis.call('PERSIST', KEYS[1])
else
  redis.call('PEXPIREAT', KEYS[1], text(tonumber(last)))
end
${SWEEP}
return 1`;

/** KEYS channel */
const MEMBERS = `${LUA_CLOCK}
${SWEEP}
return redis.call('ZRANGE', KEYS[1], 0, -1)`;

/** Channels as sorted sets in Redis, in which each member has its own time. */
export class RedisChannelDirectory implements ChannelDirectory {
  readonly #redis: RedisConnection;
  readonly #maxMembers: number;
  readonly #nowMs: () => number;

  /** @throws {InputError} `M2M_USAGE` */
  constructor(
    redis: RedisConnection,
    { maxMembers = 100, nowMs = Date.now }: RedisChannelDirectoryOptions = {},
  ) {
    this.#redis = redis;
    this.#maxMembers = positiveInteger("maxMembers", maxMembers);
    this.#nowMs = nowMs;
  }

  /**
   * @throws {LimitError} `M2M_CHANNEL_FULL`
   * @throws {UpstreamError} `M2M_STORE_UNAVAILABLE`
   */
  async join(channel: string, sessionId: string, expiresAtMs?: number): Promise<void> {
    const args = [sessionId, remainingMs(expiresAtMs, this.#nowMs()), this.#maxMembers];
    if ((await this.#redis.run(JOIN, [this.#keyOf(channel)], args)) === 1) return;
    throw membersFull(this.#maxMembers);
  }

  /** @throws {UpstreamError} `M2M_STORE_UNAVAILABLE` */
  async leave(channel: string, sessionId: string): Promise<void> {
    await this.#redis.send("ZREM", [this.#keyOf(channel), sessionId]);
  }

  /** @throws {UpstreamError} `M2M_STORE_UNAVAILABLE` */
  async members(channel: string): Promise<readonly string[]> {
    return (await this.#redis.run(MEMBERS, [this.#keyOf(channel)], [])) as string[];
  }

  #keyOf(channel: string): string {
    return this.#redis.key("channel", channel);
  }
}
