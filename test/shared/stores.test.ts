import { MemoryRateStore, MemorySpendStore } from "../../src/proxy/budgets/index.js";
import { MemoryResponseStore } from "../../src/proxy/cache/index.js";
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
