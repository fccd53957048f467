import { expect } from "chai";
import { MemorySpendStore } from "../../src/proxy/budgets/index.js";
import { MemoryResponseStore } from "../../src/proxy/cache/index.js";
import { MemoryRateStore } from "../../src/shared/token-buckets.js";
import { Clock } from "../session/pair.js";
import {
  testRateLimitStore,
  testResponseCacheStore,
  testSpendStore,
  type SharedStoreUnderTest,
} from "./stores-suite.js";

const withClock = <Store>(make: (nowMs: () => number) => Store): SharedStoreUnderTest<Store> => {
  const clock = new Clock();
  return {
    store: make(clock.nowMs),
    nowMs: clock.nowMs,
    passTime: async (ms) => void (clock.atMs += ms),
  };
};

describe("rate limits in memory", () => {
  testRateLimitStore(async () => withClock((nowMs) => new MemoryRateStore({ nowMs })));

  it("forgets the bucket that was used longest ago", async () => {
    const rates = new MemoryRateStore({ maxBuckets: 2, nowMs: () => 0 });
    const bucket = { capacity: 1, refillPerSecond: 1 };
    for (const key of ["a", "b"]) expect((await rates.take(key, 1, bucket)).allowed).to.equal(true);
    expect(await rates.take("a", 1, bucket)).to.deep.equal({ allowed: false, retryAfterMs: 1000 });
    await rates.take("c", 1, bucket);
    expect((await rates.take("a", 1, bucket)).allowed).to.equal(false);
    expect((await rates.take("b", 1, bucket)).allowed).to.equal(true);
  });
});

describe("sums in memory", () => {
  testSpendStore(async () => withClock((nowMs) => new MemorySpendStore({ nowMs })));
});

describe("cached answers in memory", () => {
  // It bounds all of them together, keys and what an entry takes beside them included.
  testResponseCacheStore(async (maxValueBytes) =>
    withClock((nowMs) => new MemoryResponseStore({ maxBytes: maxValueBytes + 266, nowMs })),
  );
});
