import type { RedisConnection } from "./connection.js";
import type { RedisLink } from "./link.js";

interface Topic {
  readonly wakes: Set<() => void>;
  /** Resolves when the server has been told. */
  readonly subscribed: Promise<void>;
}

/** A server that went away without a word is noticed after so long. */
const PING_INTERVAL_MS = 5_000;

/** Tells all who wait in this process that something was published, over one connection, however many they are. */
export class Signals {
  readonly #redis: RedisConnection;
  readonly #topics = new Map<string, Topic>();
  #opening: Promise<RedisLink> | undefined;

  constructor(redis: RedisConnection) {
    this.#redis = redis;
  }

  /**
   * Calls `wake` for everything published behind the moment at which this resolves, and whenever something may have been
   * missed.
   * @returns ends it
   * @throws {UpstreamError} `M2M_STORE_UNAVAILABLE`
   */
  async listen(topic: string, wake: () => void): Promise<() => void> {
    const link = await this.#open();
    const { wakes, subscribed } = this.#topics.get(topic) ?? this.#subscribe(link, topic);
    wakes.add(wake);
    const stop = (): void => {
      wakes.delete(wake);
      if (wakes.size > 0 || this.#topics.get(topic)?.wakes !== wakes) return;
      this.#topics.delete(topic);
      // If it does not arrive, the connection is lost, and with it all subscriptions.
      link.request((client) => client.unsubscribe(topic)).catch(() => undefined);
    };
    try {
      await subscribed;
      return stop;
    } catch (error) {
      stop();
      throw this.#redis.asStoreError(error);
    }
  }

  #subscribe(link: RedisLink, topic: string): Topic {
    const subscribed = link.request((client) => client.subscribe(topic)).then(() => undefined);
    const made = { wakes: new Set<() => void>(), subscribed };
    this.#topics.set(topic, made);
    return made;
  }

  #open(): Promise<RedisLink> {
    this.#opening ??= this.#connect().catch((error: unknown) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #connect(): Promise<RedisLink> {
    const link = await this.#redis.openLink();
    link.client.on("message", (topic) => this.#wake(topic));
    link.client.on("ready", () => void this.#resume(link));
    const timer = setInterval(() => {
      if (this.#topics.size > 0) link.send("PING", []).catch(() => undefined);
    }, PING_INTERVAL_MS);
    timer.unref();
    link.client.on("end", () => {
      clearInterval(timer);
      for (const topic of this.#topics.keys()) this.#wake(topic);
    });
    return link;
  }

  /** Subscribes anew behind a lost connection, and has everybody look for what came meanwhile. */
  async #resume(link: RedisLink): Promise<void> {
    const topics = [...this.#topics.keys()];
    if (topics.length === 0) return;
    try {
      await link.request((client) => client.subscribe(...topics));
      // Who is woken asks over the other connection, which comes back in its own time.
      await this.#redis.whenUp();
      for (const topic of topics) this.#wake(topic);
    } catch {
      // The connection is lost again, or does not answer and will be: then this comes again.
    }
  }

  #wake(topic: string): void {
    for (const wake of [...(this.#topics.get(topic)?.wakes ?? [])]) wake();
  }
}
