import {
  DEFAULT_READ_LIMIT,
  mailboxFull,
  MAX_MAILBOX_SOURCES,
  parseMailboxId,
  type Mailbox,
  type MailboxEntry,
  type MailboxPutOptions,
  type MailboxReadOptions,
} from "../session/index.js";
import { positiveInteger } from "../shared/bounds.js";
import { MAX_TIMER_MS } from "../shared/timers.js";
import type { RedisConnection } from "./connection.js";
import { LUA_CLOCK, remainingMs } from "./expiry.js";
import { Signals } from "./signals.js";

export interface RedisMailboxOptions {
  /** Most entries of one mailbox. Default 1000. */
  readonly maxEntries?: number;
  /** Most bytes of the messages of one mailbox. Default 64 MiB. */
  readonly maxBytes?: number;
  /** The clock that times of expiry are by, in milliseconds since 1970. Default `Date.now`. */
  readonly nowMs?: () => number;
}

/**
 * KEYS stream, counts, senders, last id · ARGV message, most entries, most bytes, milliseconds or '', sender or '', sequence, most senders
 *
 * Counts are of bytes that ever came (`in`) and that were acknowledged (`out`), and of each sender's last sequence; senders are
 * ordered by what `in` was behind their last message, and those that are too many are forgotten. An entry
 * holds what `in` was behind it, so that acknowledging reads one entry and not all. Ids are those of a stream, but chosen
 * here and over all mailboxes: a deleted one goes on with greater ids, whatever the clock does.
 */
const PUT = `${LUA_CLOCK}
local sender = ARGV[5] ~= '' and 'from:' .. ARGV[5]
if sender then
  local seen = redis.call('HGET', KEYS[2], sender)
  if seen and tonumber(ARGV[6]) <= tonumber(seen) then
    redis.call('ZADD', KEYS[3], 'XX', redis.call('HGET', KEYS[2], 'in'), sender)
    local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
    return last and last[1] or redis.call('GET', KEYS[4]) or '0'
  end
end
local counts = redis.call('HMGET', KEYS[2], 'in', 'out')
local total = tonumber(counts[1] or '0') + #ARGV[1]
if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[2]) then return 'full' end
if total - tonumber(counts[2] or '0') > tonumber(ARGV[3]) then return 'full' end

local first, second = now, 0
local a, b = string.match(redis.call('GET', KEYS[4]) or '', '^(%d+)-(%d+)$')
if a and tonumber(a) >= now then first, second = tonumber(a), tonumber(b) + 1 end
local id = text(first) .. '-' .. text(second)
local left = redis.call('PTTL', KEYS[2])
redis.call('SET', KEYS[4], id)
redis.call('XADD', KEYS[1], id, 'message', ARGV[1], 'in', text(total))
redis.call('HSET', KEYS[2], 'in', text(total))
if sender then
  redis.call('HSET', KEYS[2], sender, ARGV[6])
  redis.call('ZADD', KEYS[3], text(total), sender)
  local over = redis.call('ZCARD', KEYS[3]) - tonumber(ARGV[7])
  if over > 0 then
    redis.call('HDEL', KEYS[2], unpack(redis.call('ZRANGE', KEYS[3], 0, over - 1)))
    redis.call('ZREMRANGEBYRANK', KEYS[3], 0, over - 1)
  end
end
for i = 1, 3 do
  if ARGV[4] == '' then
    redis.call('PERSIST', KEYS[i])
  elseif left ~= -1 then
    redis.call('PEXPIREAT', KEYS[i], text(now + math.max(left, tonumber(ARGV[4]))))
  end
end
redis.call('PUBLISH', KEYS[1], id)
return id`;

/** KEYS stream, counts · ARGV id, the next possible id */
const ACKNOWLEDGE = `
local last = redis.call('XREVRANGE', KEYS[1], ARGV[1], '-', 'COUNT', 1)[1]
if not last then return 0 end
redis.call('HSET', KEYS[2], 'out', last[2][4])
return redis.call('XTRIM', KEYS[1], 'MINID', '=', ARGV[2])`;

type StreamEntry = readonly [id: string, fields: readonly string[]];

/**
 * Mailboxes as streams in Redis: what was put is there for every process, and as safe as that server makes it. What does not
 * fit is refused, never dropped.
 */
export class RedisMailbox implements Mailbox {
  readonly #redis: RedisConnection;
  readonly #signals: Signals;
  readonly #maxEntries: number;
  readonly #maxBytes: number;
  readonly #nowMs: () => number;

  /** @throws {InputError} `M2M_USAGE` */
  constructor(
    redis: RedisConnection,
    { maxEntries = 1000, maxBytes = 64 * 1024 * 1024, nowMs = Date.now }: RedisMailboxOptions = {},
  ) {
    this.#redis = redis;
    this.#signals = new Signals(redis);
    this.#maxEntries = positiveInteger("maxEntries", maxEntries);
    this.#maxBytes = positiveInteger("maxBytes", maxBytes);
    this.#nowMs = nowMs;
  }

  /**
   * @throws {LimitError} `M2M_MAILBOX_FULL`
   * @throws {UpstreamError} `M2M_STORE_UNAVAILABLE`: it may have been put or not; with a `source` it can be put again
   */
  async put(
    sessionId: string,
    message: string,
    { expiresAtMs, source }: MailboxPutOptions = {},
  ): Promise<string> {
    const id = await this.#redis.run(
      PUT,
      [...this.#keysOf(sessionId), this.#redis.key("mail-last-id")],
      [
        message,
        this.#maxEntries,
        this.#maxBytes,
        remainingMs(expiresAtMs, this.#nowMs()),
        source?.id ?? "",
        source?.sequence ?? "",
        MAX_MAILBOX_SOURCES,
      ],
    );
    if (id !== "full") return String(id);
    throw mailboxFull();
  }

  /** @throws {UpstreamError} `M2M_STORE_UNAVAILABLE` */
  async read(sessionId: string, options: MailboxReadOptions = {}): Promise<readonly MailboxEntry[]> {
    const { waitMs = 0, signal } = options;
    const deadlineMs = performance.now() + waitMs;
    const bell = new Bell();
    const topic = this.#keysOf(sessionId)[0];
    let stop = waitMs > 0 ? this.#signals.join(topic, bell.ring) : undefined;
    try {
      for (;;) {
        signal?.throwIfAborted();
        const entries = await this.#take(sessionId, options);
        const leftMs = deadlineMs - performance.now();
        if (entries.length > 0 || leftMs <= 0) return entries;
        if (stop) await bell.wait(leftMs, signal);
        // What came before the bell was there does not ring it, and is looked for once more.
        else stop = await this.#signals.listen(topic, bell.ring);
      }
    } finally {
      stop?.();
    }
  }

  /** @throws {UpstreamError} `M2M_STORE_UNAVAILABLE` */
  async acknowledge(sessionId: string, upTo: string): Promise<void> {
    const [first, second] = parseMailboxId(upTo);
    const ids = [`${first}-${second}`, `${first}-${second + 1}`];
    await this.#redis.run(ACKNOWLEDGE, this.#keysOf(sessionId).slice(0, 2), ids);
  }

  /** @throws {UpstreamError} `M2M_STORE_UNAVAILABLE` */
  async delete(sessionId: string): Promise<void> {
    await this.#redis.send("DEL", this.#keysOf(sessionId));
  }

  async #take(
    sessionId: string,
    { after, limit = DEFAULT_READ_LIMIT }: MailboxReadOptions,
  ): Promise<readonly MailboxEntry[]> {
    const from = after === undefined ? "-" : `(${parseMailboxId(after).join("-")}`;
    const entries = await this.#redis.send("XRANGE", [
      this.#keysOf(sessionId)[0],
      from,
      "+",
      "COUNT",
      Math.max(limit, 0),
    ]);
    return ((entries ?? []) as StreamEntry[]).map(([id, fields]) => ({ id, message: fields[1] }));
  }

  #keysOf(sessionId: string): [stream: string, counts: string, senders: string] {
    const keyOf = (kind: string): string => this.#redis.key(kind, sessionId);
    return [keyOf("mail"), keyOf("mail-counts"), keyOf("mail-senders")];
  }
}

/** Rings once for whoever waits, and is remembered if nobody does. */
class Bell {
  #isRung = false;
  #wake: (() => void) | undefined;

  readonly ring = (): void => {
    this.#isRung = true;
    this.#wake?.();
  };

  /** Resolves when it rings, the time is over or the signal says so. */
  async wait(waitMs: number, signal: AbortSignal | undefined): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, Math.min(Math.ceil(waitMs), MAX_TIMER_MS));
      this.#wake = done;
      signal?.addEventListener("abort", done);
      if (this.#isRung || signal?.aborted) done();
    });
    this.#wake = undefined;
    this.#isRung = false;
  }
}
