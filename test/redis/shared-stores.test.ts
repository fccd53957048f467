import { expect } from "chai";
import {
  RedisChannelDirectory,
  RedisMailbox,
  RedisRateStore,
  RedisResponseStore,
  RedisSessionStore,
  RedisSpendStore,
} from "../../src/redis/index.js";
import type { M2MError } from "../../src/shared/errors.js";
import type { RateLimitStore } from "../../src/shared/stores.js";
import { rejection } from "../helpers/catch-error.js";
import { testRateLimitStore, testResponseCacheStore, testSpendStore } from "../shared/stores-suite.js";
import { eventually, REAL_TIME, useRedis } from "./fixture.js";

const noFallback: RateLimitStore = {
  take: () => Promise.reject(new Error("The fallback was asked.")),
};

describe("rate limits in Redis", () => {
  const redis = useRedis();
  testRateLimitStore(async () => ({
    store: new RedisRateStore(await redis.connect(), { fallback: noFallback }),
    ...REAL_TIME,
  }));

  it("forget a bucket when it would be full again", async () => {
    const connection = await redis.connect({ prefix: "forget:" });
    const limiter = new RedisRateStore(connection, { fallback: noFallback });
    await limiter.take("a", 1, { capacity: 5, refillPerSecond: 1 });
    expect(await connection.send("PTTL", ["forget:rate:a"])).to.be.within(1, 1001);
    await eventually(async () => expect(await connection.send("EXISTS", ["forget:rate:a"])).to.equal(0));
  });
});

describe("sums in Redis", () => {
  const redis = useRedis();
  testSpendStore(async () => ({ store: new RedisSpendStore(await redis.connect()), ...REAL_TIME }));

  it("do not mind a clock of the process that is wrong", async () => {
    const connection = await redis.connect({ prefix: "sums:" });
    const nowMs = () => Date.now() + 3_600_000;
    await new RedisSpendStore(connection, { nowMs }).add("team", "day", 1, nowMs() + 60_000);
    expect(await connection.send("PTTL", ["sums:spend:day:team"])).to.be.within(50_000, 60_000);
  });
});

describe("cached answers in Redis", () => {
  const redis = useRedis();
  testResponseCacheStore(async (maxValueBytes) => ({
    store: new RedisResponseStore(await redis.connect(), { maxValueBytes }),
    ...REAL_TIME,
  }));
});

describe("times of expiry of sessions in Redis", () => {
  const redis = useRedis();

  it("do not mind a clock of the process that is wrong", async () => {
    const connection = await redis.connect({ prefix: "skew:" });
    for (const skewMs of [-86_400_000, 86_400_000]) {
      const nowMs = () => Date.now() + skewMs;
      const store = new RedisSessionStore(connection, { nowMs });
      const id = `skewed by ${skewMs}`;
      await store.put({ id, revision: 1 } as never, { expiresAtMs: nowMs() + 5_000 });
      expect(await connection.send("PTTL", [`skew:session:${id}`])).to.be.within(1, 5_000);
      // One that is over already is not there, and is not counted.
      expect(await store.put({ id: "late", revision: 1 } as never, { expiresAtMs: nowMs() - 1 })).to.equal(
        true,
      );
      expect(await store.get("late")).to.equal(undefined);
    }
    expect(await new RedisSessionStore(connection).count()).to.equal(2);
    const error = await rejection(
      new RedisSessionStore(connection).put({ id: "a", revision: 1 } as never, { expiresAtMs: NaN }),
    );
    expect(error.code).to.equal("M2M_USAGE");
  });

  it("leave no key behind", async () => {
    const connection = await redis.connect({ prefix: "clean:" });
    const store = new RedisSessionStore(connection);
    for (let i = 0; i < 10; i++) {
      await store.put({ id: `s${i}`, revision: 1 } as never, { expiresAtMs: Date.now() + 100 });
    }
    await eventually(async () => expect(await store.count()).to.equal(0));
    await eventually(async () => expect(await connection.send("KEYS", ["clean:*"])).to.deep.equal([]));
  });

  it("what somebody else has written is an error, not a session", async () => {
    const connection = await redis.connect({ prefix: "foreign:" });
    const store = new RedisSessionStore(connection);
    await connection.send("HSET", ["foreign:session:a", "revision", 1, "snapshot", "{"]);
    expect((await rejection(store.get("a"))).code).to.equal("M2M_SNAPSHOT_INVALID");
    await connection.send("SET", ["foreign:session:b", "x"]);
    expect((await rejection(store.get("b"))).message).to.include("WRONGTYPE");
  });
});

describe("without Redis", () => {
  const redis = useRedis();

  it("rate limits are local, sums are refused, and the cache is empty", async () => {
    const connection = await redis.connect({ timeoutMs: 3_000 });
    const told: M2MError[] = [];
    const note = (error: M2MError): number => told.push(error);
    let left = 2;
    const limiter = new RedisRateStore(connection, {
      fallback: { take: async () => ({ allowed: left-- > 0, retryAfterMs: 0 }) },
      onFallback: note,
      timeoutMs: 100,
    });
    const cache = new RedisResponseStore(connection, { onFailure: note, timeoutMs: 100 });
    const ledger = new RedisSpendStore(connection);
    const bucket = { capacity: 1, refillPerSecond: 1 };
    redis.server.pause();
    try {
      const startedMs = performance.now();
      expect((await limiter.take("a", 1, bucket)).allowed).to.equal(true);
      expect(await cache.get("a")).to.equal(undefined);
      // Neither waited as long as other commands do.
      expect(performance.now() - startedMs).to.be.below(2_900);
      expect((await rejection(ledger.add("a", "w", 1, Infinity))).code).to.equal("M2M_STORE_UNAVAILABLE");
    } finally {
      redis.server.resume();
    }
    await redis.server.kill();
    const allowed: boolean[] = [];
    for (let i = 0; i < 3; i++) allowed.push((await limiter.take("a", 1, bucket)).allowed);
    expect(allowed).to.deep.equal([true, false, false]);
    await cache.set("a", new Uint8Array(1), 1_000);
    expect(await cache.get("a")).to.equal(undefined);
    expect((await rejection(ledger.total("a", "w"))).code).to.equal("M2M_STORE_UNAVAILABLE");
    expect(told).to.have.length(7);
    expect(new Set(told.map(({ code }) => code))).to.deep.equal(new Set(["M2M_STORE_UNAVAILABLE"]));
    await redis.server.restart();
    await connection.whenUp();
    expect((await limiter.take("new", 1, bucket)).allowed).to.equal(true);
    expect(told).to.have.length(7);
  });

  it("a Redis that is full refuses writes", async () => {
    const connection = await redis.connect();
    const cache = new RedisResponseStore(connection);
    await connection.send("CONFIG", ["SET", "maxmemory", "1"]);
    try {
      for (const write of [
        new RedisSessionStore(connection).put({ id: "a", revision: 1 } as never),
        new RedisMailbox(connection).put("a", "message"),
        new RedisChannelDirectory(connection).join("room", "a"),
        new RedisSpendStore(connection).add("a", "w", 1, Infinity),
      ]) {
        const error = await rejection(write);
        expect(error.code).to.equal("M2M_STORE_UNAVAILABLE");
        expect(error.message).to.include("its memory is full (OOM)");
      }
      await cache.set("a", new Uint8Array(10), 1_000);
      expect(await cache.get("a")).to.equal(undefined);
    } finally {
      await connection.send("CONFIG", ["SET", "maxmemory", "0"]);
    }
  });
});
