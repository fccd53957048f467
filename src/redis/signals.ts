import type { RedisConnection } from "./connection.js";
import type { RedisLink } from "./link.js";

interface Topic {
  readonly link: RedisLink;
  readonly wakes: Set<() => void>;
  /** Resolves when the server has been told. */
  readonly subscribed: Promise<void>;
  isSubscribed: boolean;
  linger?: NodeJS.Timeout;
}

/** A server that went away without a word is noticed after so long. */
const PING_INTERVAL_MS = 5_000;

/** Who has been woken soon waits again: a subscription stays for so long behind the last who waits. */
const LINGER_MS = 1_000;

/** Tells all who wait in this process that something was published, over one connection, however many they are. */
export class Signals {
  readonly #redis: RedisConnection;
  readonly #topics = new Map<string, Topic>();
  #opening: Promise<RedisLink> | undefined;

  constructor(redis: RedisConnection) {
    this.#redis = redis;
  }

  /**
   * Calls `wake` for everything that is published from now on, and whenever something may have been missed.
   * @returns ends it; `undefined` if there is no subscription yet
   */
  join(name: string, wake: () => void): (() => void) | undefined {
    const topic = this.#topics.get(name);
    return topic?.isSubscribed ? this.#add(name, topic, wake) : undefined;
  }

  /**
   * As `join`, from the moment at which this resolves.
   * @throws {UpstreamError} `M2M_STORE_UNAVAILABLE`
   */
  async listen(name: string, wake: () => void): Promise<() => void> {
    const link = await this.#open();
    const topic = this.#topics.get(name) ?? this.#subscribe(link, name);
    const stop = this.#add(name, topic, wake);
    try {
      await topic.subscribed;
      return stop;
    } catch (error) {
      stop();
      throw this.#redis.asStoreError(error);
    }
  }

  #add(name: string, topic: Topic, wake: () => void): () => void {
    topic.wakes.add(wake);
    return () => {
      topic.wakes.delete(wake);
      topic.linger ??= setTimeout(() => {
        topic.linger = undefined;
        this.#leave(name, topic);
      }, LINGER_MS).unref();
    };
  }

  #subscribe(link: RedisLink, name: string): Topic {
    const subscribed = link
      .request((client) => client.subscribe(name))
      .then(
        () => {
          topic.isSubscribed = true;
        },
        (error: unknown) => {
          if (this.#topics.get(name) === topic) this.#topics.delete(name);
          throw error;
        },
      );
    const topic: Topic = { link, wakes: new Set(), subscribed, isSubscribed: false };
    this.#topics.set(name, topic);
    return topic;
  }

  #leave(name: string, topic: Topic): void {
    if (topic.wakes.size > 0 || this.#topics.get(name) !== topic) return;
    // Both at once: who subscribes anew comes behind it. If it does not arrive, the connection and all subscriptions are lost.
    this.#topics.delete(name);
    topic.link.request((client) => client.unsubscribe(name)).catch(() => undefined);
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
