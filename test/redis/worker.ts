/**
 * What the tests of several processes have done by another one: `worker.ts JOB URL PREFIX COUNT`. It says "ready", begins when its
 * input ends, and writes one line of JSON a result.
 */
import { once } from "node:events";
import {
  connectRedis,
  RedisMailbox,
  RedisRateStore,
  RedisSessionStore,
  RedisSpendStore,
  type RedisConnection,
} from "../../src/redis/index.js";

const say = (value: unknown): void => void process.stdout.write(`${JSON.stringify(value)}\n`);

const JOBS: Record<string, (redis: RedisConnection, count: number) => Promise<void>> = {
  /** Counts a session up, so many times. */
  async update(redis, count) {
    const store = new RedisSessionStore(redis);
    let lost = 0;
    for (let done = 0; done < count;) {
      const { revision } = (await store.get("contended"))!;
      const next = { id: "contended", revision: revision + 1 } as never;
      if (await store.put(next, { replaces: revision })) done++;
      else lost++;
    }
    say({ lost });
  },
  /** Asks for so much of a limit that gives 100. */
  async limit(redis, count) {
    const limiter = new RedisRateStore(redis, {
      fallback: { take: () => Promise.reject(new Error("The fallback was asked.")) },
      timeoutMs: 10_000,
    });
    const bucket = { capacity: 100, refillPerSecond: 0.0001 };
    const decisions = await Promise.all(Array.from({ length: count }, () => limiter.take("a", 1, bucket)));
    say({ allowed: decisions.filter(({ allowed }) => allowed).length });
  },
  /** Spends 1, 2, … so many times. */
  async spend(redis, count) {
    const ledger = new RedisSpendStore(redis);
    const totals: number[] = [];
    for (let amount = 1; amount <= count; amount++) {
      totals.push(await ledger.add("key", "window", amount, Date.now() + 600_000));
    }
    say({ totals });
  },
  /** Puts messages and says which are there, until so many are or it is killed. */
  async put(redis, count) {
    const mailbox = new RedisMailbox(redis, { maxEntries: 1_000_000 });
    for (let i = 0; i < count; i++) {
      await mailbox.put("inbox", `message ${i}`);
      say(i);
    }
  },
};

const [job, url, prefix, count] = process.argv.slice(2);
const redis = await connectRedis(url, { prefix, timeoutMs: 10_000 });
say("ready");
process.stdin.resume();
await once(process.stdin, "end");
await JOBS[job](redis, Number(count));
// With its connections gone, nothing keeps the process.
await redis.close();
