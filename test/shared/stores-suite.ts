import { expect } from "chai";
import type { RateLimitStore, ResponseCacheStore, SpendStore } from "../../src/shared/stores.js";
import { rejection } from "../helpers/catch-error.js";

/** A store to be tested, which is empty, and how its time is moved. */
export interface SharedStoreUnderTest<Store> {
  readonly store: Store;
  /** The clock that expiry is decided by, in milliseconds since 1970. */
  nowMs(): number;
  /** Moves that clock on, or waits for so long. */
  passTime(ms: number): Promise<void>;
}

/** What every store of rate limits does. */
export function testRateLimitStore(open: () => Promise<SharedStoreUnderTest<RateLimitStore>>): void {
  it("gives what is in the bucket, and no more", async () => {
    const { store } = await open();
    const bucket = { capacity: 7, refillPerSecond: 0.001 };
    const decisions = await Promise.all(Array.from({ length: 50 }, () => store.take("a", 1, bucket)));
    expect(decisions.filter(({ allowed }) => allowed)).to.have.length(7);
    const { allowed, retryAfterMs } = decisions[49];
    expect(allowed).to.equal(false);
    expect(retryAfterMs).to.be.within(900_000, 1_000_000);
    for (const key of ["b", "__proto__", "a:b", ""]) {
      expect(await store.take(key, 7, bucket), key).to.deep.equal({ allowed: true, retryAfterMs: 0 });
      expect(await store.take(key, 0, bucket), key).to.deep.equal({ allowed: true, retryAfterMs: 0 });
      expect((await store.take(key, 1, bucket)).allowed, key).to.equal(false);
    }
  });

  it("allows again after the time that it tells, not before", async () => {
    const { store, passTime } = await open();
    const bucket = { capacity: 2, refillPerSecond: 2 };
    await store.take("a", 2, bucket);
    const refused = await store.take("a", 1, bucket);
    expect(refused.allowed).to.equal(false);
    expect(refused.retryAfterMs).to.be.within(1, 500);
    await passTime(refused.retryAfterMs + 2);
    expect((await store.take("a", 1, bucket)).allowed).to.equal(true);
    // A refused one took nothing, and the bucket holds no more than its capacity after any time.
    await passTime(1_500);
    expect((await store.take("a", 2, bucket)).allowed).to.equal(true);
    expect((await store.take("a", 1, bucket)).allowed).to.equal(false);
  });

  it("says what can never be allowed, and refuses what makes no sense", async () => {
    const { store } = await open();
    const bucket = { capacity: 2, refillPerSecond: 1 };
    expect(await store.take("a", 3, bucket)).to.deep.equal({ allowed: false, retryAfterMs: Infinity });
    expect((await store.take("a", 2, bucket)).allowed).to.equal(true);
    for (const [cost, capacity, refillPerSecond] of [
      [-1, 1, 1],
      [NaN, 1, 1],
      [1, 0, 1],
      [1, Infinity, 1],
      [1, 1, 0],
    ]) {
      const error = await rejection(store.take("a", cost, { capacity, refillPerSecond }));
      expect(error.code).to.equal("M2M_USAGE");
    }
  });
}

/** What every store of sums does. */
export function testSpendStore(open: () => Promise<SharedStoreUnderTest<SpendStore>>): void {
  it("adds and gives back, by key and window", async () => {
    const { store, nowMs } = await open();
    const expiresAtMs = nowMs() + 60_000;
    expect(await store.total("team", "day")).to.equal(0);
    expect(await store.add("team", "day", 1_500_000, expiresAtMs)).to.equal(1_500_000);
    expect(await store.add("team", "day", -500_000, expiresAtMs)).to.equal(1_000_000);
    expect(await store.add("team", "month", 7, expiresAtMs)).to.equal(7);
    expect(await store.add("team:day", "x", 1, expiresAtMs)).to.equal(1);
    expect(await store.add("team", "day:x", 2, expiresAtMs)).to.equal(2);
    expect(await store.add("__proto__", "day", 3, expiresAtMs)).to.equal(3);
    expect(await store.total("team", "day")).to.equal(1_000_000);
    const totals = await Promise.all(Array.from({ length: 20 }, () => store.add("a", "w", 1, expiresAtMs)));
    expect(new Set(totals)).to.deep.equal(new Set(Array.from({ length: 20 }, (_, i) => i + 1)));
  });

  it("gives back no more than there is: what was added before its data was lost is not missing from what comes", async () => {
    const { store, nowMs } = await open();
    const expiresAtMs = nowMs() + 60_000;
    expect(await store.add("team", "day", -6_004, expiresAtMs)).to.equal(0);
    expect(await store.total("team", "day")).to.equal(0);
    expect(await store.add("team", "day", 6_004, expiresAtMs)).to.equal(6_004);
    expect(await store.add("team", "day", -18_012, expiresAtMs)).to.equal(0);
    expect(await store.add("team", "day", 7, expiresAtMs)).to.equal(7);
    expect(await store.total("team", "day")).to.equal(7);
  });

  it("forgets a window that is over", async () => {
    const { store, nowMs, passTime } = await open();
    await store.add("team", "short", 7, nowMs() + 200);
    await store.add("team", "long", 7, nowMs() + 60_000);
    await passTime(300);
    expect(await store.total("team", "short")).to.equal(0);
    expect(await store.total("team", "long")).to.equal(7);
    expect(await store.add("team", "past", 1, nowMs() - 1)).to.equal(1);
    expect(await store.total("team", "past")).to.equal(0);
  });

  it("takes whole numbers only", async () => {
    const { store, nowMs } = await open();
    for (const amount of [0.5, NaN, Infinity, 2 ** 53]) {
      expect((await rejection(store.add("team", "day", amount, nowMs() + 1_000))).code).to.equal("M2M_USAGE");
    }
  });
}

/**
 * What every cache of answers does.
 * @param open makes one that keeps values of at most so many bytes
 */
export function testResponseCacheStore(
  open: (maxValueBytes: number) => Promise<SharedStoreUnderTest<ResponseCacheStore>>,
): void {
  it("gives the bytes that were kept, for their time", async () => {
    const { store, passTime } = await open(1000);
    const bytes = Uint8Array.from({ length: 600 }, (_, i) => i);
    expect(await store.get("a")).to.equal(undefined);
    expect(await store.get("__proto__")).to.equal(undefined);
    await store.set("a", bytes.subarray(1, 301), 60_000);
    expect(Uint8Array.from((await store.get("a"))!)).to.deep.equal(bytes.slice(1, 301));
    await store.set("empty", new Uint8Array(), 60_000);
    expect(await store.get("empty")).to.have.length(0);
    await store.set("short", bytes, 500.5);
    expect(await store.get("short")).to.have.length(600);
    await passTime(600);
    expect(await store.get("short")).to.equal(undefined);
    await store.set("a", new Uint8Array(1), Infinity);
    expect(await store.get("a")).to.have.length(1);
  });

  it("keeps nothing that is too large or whose time is over", async () => {
    const { store } = await open(1000);
    await store.set("large", new Uint8Array(1001), 60_000);
    expect(await store.get("large")).to.equal(undefined);
    for (const ttlMs of [0, -1, NaN]) await store.set("a", new Uint8Array(1), ttlMs);
    expect(await store.get("a")).to.equal(undefined);
  });
}
