import { InputError } from "../shared/errors.js";
import type { SpendStore } from "../shared/stores.js";
import type { RedisConnection } from "./connection.js";
import { remainingMs } from "./expiry.js";

/**
 * What is given back was added before, perhaps to a sum that Redis has lost since: it is not missing from what comes.
 * KEYS sum · ARGV amount, milliseconds or ''
 */
const ADD = `
local sum = redis.call('INCRBY', KEYS[1], ARGV[1])
if sum < 0 and tonumber(ARGV[1]) < 0 then
  sum = 0
  redis.call('SET', KEYS[1], sum)
end
if ARGV[2] == '' then redis.call('PERSIST', KEYS[1]) else redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return sum`;

/** Sums in Redis, exact over all processes. It rejects while Redis cannot be asked: who spends by it then stops. */
export class RedisSpendStore implements SpendStore {
  readonly #redis: RedisConnection;
  readonly #nowMs: () => number;

  /** @param nowMs the clock that ends of windows are by. Default `Date.now` */
  constructor(redis: RedisConnection, { nowMs = Date.now }: { readonly nowMs?: () => number } = {}) {
    this.#redis = redis;
    this.#nowMs = nowMs;
  }

  /**
   * @throws {InputError} `M2M_USAGE` if the amount is not a whole number
   * @throws {UpstreamError} `M2M_STORE_UNAVAILABLE`: the amount may have been added or not
   */
  async add(key: string, windowId: string, amountMicroUsd: number, expiresAtMs: number): Promise<number> {
    if (!Number.isSafeInteger(amountMicroUsd)) {
      throw new InputError("M2M_USAGE", "An amount is a whole number of millionths of a dollar.");
    }
    const ttlMs = remainingMs(expiresAtMs, this.#nowMs());
    return Number(await this.#redis.run(ADD, [this.#keyOf(key, windowId)], [amountMicroUsd, ttlMs]));
  }

  /** @throws {UpstreamError} `M2M_STORE_UNAVAILABLE` */
  async total(key: string, windowId: string): Promise<number> {
    return Number((await this.#redis.send("GET", [this.#keyOf(key, windowId)])) ?? 0);
  }

  #keyOf(key: string, windowId: string): string {
    return this.#redis.key("spend", windowId, key);
  }
}
