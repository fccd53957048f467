import type { Logger } from "../http/index.js";
import type { RedisConnection } from "../redis/index.js";

/** What a store that is there, but does not do what it is asked, is logged for again: its memory may be full for hours. */
const REPEAT_MS = 60_000;

/** Logs that a store cannot be asked: once an outage, however many requests notice. */
export class StoreOutages {
  readonly #redis: Pick<RedisConnection, "isUp" | "whenUp">;
  readonly #logger: Logger;
  readonly #nowMs: () => number;
  #isAway = false;
  #quietUntilMs = -Infinity;

  /** @param nowMs any clock, in milliseconds; for tests */
  constructor(
    redis: Pick<RedisConnection, "isUp" | "whenUp">,
    logger: Logger,
    nowMs: () => number = () => performance.now(),
  ) {
    this.#redis = redis;
    this.#logger = logger;
    this.#nowMs = nowMs;
  }

  note(error: unknown): void {
    const nowMs = this.#nowMs();
    if (this.#isAway || (this.#redis.isUp && nowMs < this.#quietUntilMs)) return;
    this.#logger.warn({ err: error }, "the store cannot be asked");
    this.#quietUntilMs = nowMs + REPEAT_MS;
    if (this.#redis.isUp) return;
    this.#isAway = true;
    void this.#redis.whenUp().then(() => {
      this.#isAway = false;
      if (this.#redis.isUp) this.#logger.info("the store can be asked again");
    });
  }
}
