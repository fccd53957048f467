import { expect } from "chai";
import fc from "fast-check";
import { ModelRegistry } from "../../../src/models/index.js";
import {
  estimateSpend,
  KeyBudgets,
  MemorySpendStore,
  type Admitted,
  type KeyBudgetsOptions,
  type KeyLimits,
  type Refused,
} from "../../../src/proxy/budgets/index.js";
import type { SpendStore } from "../../../src/shared/stores.js";
import { MemoryRateStore } from "../../../src/shared/token-buckets.js";
import { rejection } from "../../helpers/catch-error.js";

const NOON = Date.UTC(2026, 10, 30, 12);
const FREE = { tokens: 0, usd: 0 };

class Clock {
  atMs = NOON;
  readonly nowMs = (): number => this.atMs;
}

function make(limits: KeyBudgetsOptions["limits"], more: Partial<KeyBudgetsOptions> = {}) {
  const clock = new Clock();
  const spend = new MemorySpendStore(clock);
  const budgets = new KeyBudgets({
    limits,
    rates: new MemoryRateStore(clock),
    spend,
    nowMs: clock.nowMs,
    ...more,
  });
  return { budgets, clock, spend };
}

function allowed(answer: Admitted | Refused): Admitted {
  if (!answer.allowed) throw answer.error;
  return answer;
}

function refusedBy(answer: Admitted | Refused): Refused {
  if (answer.allowed) throw new Error("Expected a refusal.");
  return answer;
}

describe("rates by key", () => {
  it("lets a minute's requests through at once, then as they come, each key for itself", async () => {
    const { budgets, clock } = make({ requestsPerMinute: 3 });
    for (let i = 0; i < 3; i++) allowed(await budgets.admit("a", FREE));
    const { error, headers } = refusedBy(await budgets.admit("a", FREE));
    expect(error.code).to.equal("M2M_RATE_LIMITED");
    expect(headers).to.deep.equal(["retry-after", "20"]);
    allowed(await budgets.admit("b", FREE));
    clock.atMs += 19_999;
    refusedBy(await budgets.admit("a", FREE));
    clock.atMs += 2;
    allowed(await budgets.admit("a", FREE));
    refusedBy(await budgets.admit("a", FREE));
  });

  it("charges the tokens that were taken, not those that were estimated", async () => {
    const { budgets, clock } = make({ tokensPerMinute: 600 });
    await allowed(await budgets.admit("a", { tokens: 100, usd: 0 })).settle({ tokens: 500, usd: 0 });
    // 500 are left in the bucket, 400 are owed.
    allowed(await budgets.admit("a", { tokens: 100, usd: 0 }));
    expect(refusedBy(await budgets.admit("a", { tokens: 1, usd: 0 })).error.code).to.equal(
      "M2M_RATE_LIMITED",
    );
    clock.atMs += 60_000;
    await allowed(await budgets.admit("a", { tokens: 600, usd: 0 })).settle({ tokens: 0, usd: 0 });
    allowed(await budgets.admit("a", { tokens: 600, usd: 0 }));
    refusedBy(await budgets.admit("a", { tokens: 1, usd: 0 }));
  });

  it("lets a request through that is larger than the bucket, and the next ones wait for it", async () => {
    const { budgets, clock } = make({ tokensPerMinute: 600 });
    allowed(await budgets.admit("a", { tokens: 1500, usd: 0 }));
    clock.atMs += 60_000;
    // 900 are owed still: 600 are taken for them now, and 301 wait.
    allowed(await budgets.admit("a", { tokens: 1, usd: 0 }));
    clock.atMs += 30_000;
    refusedBy(await budgets.admit("a", FREE));
    clock.atMs += 101;
    allowed(await budgets.admit("a", FREE));
  });

  it("keeps the rate in this process while the store is away", async () => {
    const failures: unknown[] = [];
    const rates = { take: () => Promise.reject(new Error("down")) };
    const onStoreFailure = (error: unknown): void => void failures.push(error);
    const { budgets } = make({ requestsPerMinute: 2 }, { rates, onStoreFailure });
    for (let i = 0; i < 2; i++) allowed(await budgets.admit("a", FREE));
    expect(refusedBy(await budgets.admit("a", FREE)).error.code).to.equal("M2M_RATE_LIMITED");
    expect(failures).to.have.length(3);
  });
});

describe("budgets by key", () => {
  const one = { tokens: 0, usd: 1 };

  it("are spent by what requests cost, and are new at midnight UTC", async () => {
    const { budgets, clock } = make({ usdPerDay: 2.5 });
    await allowed(await budgets.admit("a", one)).settle({ tokens: 0, usd: 2.5 });
    const { error, headers } = refusedBy(await budgets.admit("a", one));
    expect(error.code).to.equal("M2M_BUDGET_SPENT");
    expect(error.message)
      .to.contain("$2.50 for 2026-11-30, is spent")
      .and.to.contain("2026-12-01T00:00:00.000Z");
    expect(headers).to.deep.equal(["retry-after", String(12 * 3600), "x-should-retry", "false"]);
    allowed(await budgets.admit("b", one));
    clock.atMs = Date.UTC(2026, 11, 1) - 1;
    refusedBy(await budgets.admit("a", one));
    clock.atMs++;
    allowed(await budgets.admit("a", one));
  });

  it("hold for days and months together, and what one refuses is not spent of the other", async () => {
    const { budgets, clock, spend } = make({ usdPerDay: 10, usdPerMonth: 3 });
    clock.atMs = Date.UTC(2026, 11, 15);
    for (let day = 15; day < 18; day++) {
      clock.atMs = Date.UTC(2026, 11, day);
      await allowed(await budgets.admit("a", one)).settle({ tokens: 0, usd: 1 });
    }
    const { error, headers } = refusedBy(await budgets.admit("a", one));
    expect(error.message).to.contain("$3.00 for 2026-12").and.to.contain("2027-01-01T00:00:00.000Z");
    expect(headers).to.include("x-should-retry");
    expect(await spend.total("a", "2026-12-17")).to.equal(1e6);
    expect(await spend.total("a", "2026-12")).to.equal(3e6);
  });

  it("are not spent twice by requests at once", async () => {
    const { budgets, spend } = make({ usdPerDay: 5 });
    const answers = await Promise.all(Array.from({ length: 20 }, () => budgets.admit("a", one)));
    const running = answers.filter((answer) => answer.allowed);
    expect(running).to.have.length(5);
    await Promise.all(running.map((answer) => allowed(answer).settle({ tokens: 0, usd: 0.25 })));
    expect(await spend.total("a", "2026-11-30")).to.equal(1.25e6);
    allowed(await budgets.admit("a", one));
  });

  it("never let a request through that may cost more than all there is, and say so", async () => {
    const { budgets, spend } = make({ usdPerDay: 0.00001 });
    const { error, headers } = refusedBy(await budgets.admit("a", { tokens: 0, usd: 0.0102 }));
    expect(error.code).to.equal("M2M_BUDGET_SPENT");
    expect(error.message)
      .to.contain("$0.00001 for 2026-11-30")
      .and.to.contain("$0.0102")
      .and.to.contain("never");
    expect(headers).to.deep.equal(["x-should-retry", "false"]);
    expect(await spend.total("a", "2026-11-30")).to.equal(0);
  });

  it("say that money is held back for requests that run, and that it is worth another try", async () => {
    const { budgets } = make({ usdPerDay: 1.5, usdPerMonth: 9 });
    const first = allowed(await budgets.admit("a", one));
    for (let i = 0; i < 2; i++) {
      const { error, headers } = refusedBy(await budgets.admit("a", one));
      expect(error.code).to.equal("M2M_BUDGET_SPENT");
      expect(error.message).to.contain("held back").and.not.to.contain("spent");
      expect(headers).to.deep.equal(["retry-after", "5"]);
    }
    await first.settle({ tokens: 0, usd: 0.5 });
    await allowed(await budgets.admit("a", one)).settle({ tokens: 0, usd: 0.9 });
    const { error, headers } = refusedBy(await budgets.admit("a", { tokens: 0, usd: 0.2 }));
    expect(error.message).to.contain("$0.10 left").and.to.contain("$0.20");
    expect(headers).to.deep.equal(["retry-after", String(12 * 3600), "x-should-retry", "false"]);
  });

  it("refuse what has no price, and pass it where there is only a rate", async () => {
    const { error, headers } = refusedBy((await make({ usdPerMonth: 5 }).budgets.admitUnpriced("a"))!);
    expect([error.code, headers]).to.deep.equal(["M2M_MODEL_UNKNOWN", []]);
    expect(await make({ requestsPerMinute: 5 }).budgets.admitUnpriced("a")).to.equal(undefined);
  });

  it("take what is free when all is spent, and the estimate where nobody knows the cost", async () => {
    const { budgets, spend } = make({ usdPerDay: 1 });
    await allowed(await budgets.admit("a", one)).settle({ tokens: 0, usd: undefined });
    expect(await spend.total("a", "2026-11-30")).to.equal(1e6);
    allowed(await budgets.admit("a", FREE));
    refusedBy(await budgets.admit("a", { tokens: 0, usd: 1e-9 }));
  });

  it("count a request once, though it is settled twice, in the window in which it began", async () => {
    const { budgets, spend, clock } = make({ usdPerMonth: 9 });
    const admitted = allowed(await budgets.admit("a", one));
    await admitted.settle({ tokens: 0, usd: 2 });
    await admitted.settle({ tokens: 0, usd: 2 });
    expect(await spend.total("a", "2026-11")).to.equal(2e6);
    const late = allowed(await budgets.admit("a", one));
    clock.atMs = Date.UTC(2026, 11, 1);
    await late.settle({ tokens: 0, usd: 2 });
    expect(await spend.total("a", "2026-12")).to.equal(0);
  });

  it("spend nothing on a model without a price, unless there is no budget", async () => {
    const unknown = { tokens: 5, usd: undefined };
    const { error, headers } = refusedBy(await make({ usdPerDay: 5 }).budgets.admit("a", unknown));
    expect(error.code).to.equal("M2M_MODEL_UNKNOWN");
    expect(headers).to.deep.equal([]);
    allowed(await make({ requestsPerMinute: 5 }).budgets.admit("a", unknown));
  });

  it("spend nothing while the store is away, and tell it afterwards what it missed", async () => {
    const memory = new MemorySpendStore({ nowMs: () => NOON });
    let isDown = false;
    const spend: SpendStore = {
      add: (...args) => (isDown ? Promise.reject(new Error("down")) : memory.add(...args)),
      total: (...args) => memory.total(...args),
    };
    const failures: unknown[] = [];
    const onStoreFailure = (error: unknown): void => void failures.push(error);
    const { budgets } = make({ usdPerDay: 10, tokensPerMinute: 100 }, { spend, onStoreFailure });
    const running = allowed(await budgets.admit("a", { tokens: 10, usd: 1 }));
    isDown = true;
    const { error, headers } = refusedBy(await budgets.admit("a", { tokens: 10, usd: 1 }));
    expect(error.code).to.equal("M2M_STORE_UNAVAILABLE");
    expect(await budgets.admitFree("a")).to.equal(undefined);
    expect(headers).to.deep.equal(["retry-after", "1"]);
    expect(failures).to.have.length(1);
    await running.settle({ tokens: 10, usd: 4 });
    expect(await memory.total("a", "2026-11-30")).to.equal(1e6);
    isDown = false;
    allowed(await budgets.admit("a", { tokens: 80, usd: 1 }));
    expect(await memory.total("a", "2026-11-30")).to.equal(5e6);
  });

  it("are idle when all that was admitted is settled, not before, and after failures too", async () => {
    const memory = new MemorySpendStore();
    let isUp = true;
    const slow: SpendStore = {
      add: async (...args) => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        if (!isUp) throw new Error("away");
        return memory.add(...args);
      },
      total: (...args) => memory.total(...args),
    };
    const { budgets } = make({ usdPerDay: 1 }, { spend: slow });
    await budgets.idle(1000);
    const seen: string[] = [];
    const asked = budgets.admit("key", { tokens: 1, usd: 0.5 });
    // Somebody who never ends holds up nobody for longer.
    await budgets.idle(1);
    const idle = budgets.idle(60_000).then(() => seen.push("idle"));
    const admitted = allowed(await asked);
    expect((await budgets.admit("key", { tokens: 1, usd: 0.9 })).allowed).to.equal(false);
    expect(seen).to.deep.equal([]);
    const settled = admitted.settle(FREE).then(() => seen.push("settled"));
    void admitted.settle(FREE);
    await Promise.all([idle, settled]);
    expect(seen).to.have.members(["idle", "settled"]);
    expect(await memory.total("key", "2026-11-30")).to.equal(0);
    isUp = false;
    expect((await budgets.admit("key", { tokens: 1, usd: 0.5 })).allowed).to.equal(false);
    await budgets.idle(1000);
  });

  it("count what comes though the store, which was away, has lost what is to be given back", async () => {
    let store = new MemorySpendStore();
    let isUp = true;
    const spend: SpendStore = {
      add: (...args) => (isUp ? store.add(...args) : Promise.reject(new Error("away"))),
      total: (...args) => store.total(...args),
    };
    const { budgets } = make({ usdPerDay: 1 }, { spend });
    const running = allowed(await budgets.admit("key", { tokens: 1, usd: 0.9 }));
    isUp = false;
    await running.settle(FREE);
    isUp = true;
    store = new MemorySpendStore();
    expect((await budgets.admit("key", { tokens: 1, usd: 0.6 })).allowed).to.equal(true);
    expect(await store.total("key", "2026-11-30")).to.equal(600_000);
    expect((await budgets.admit("key", { tokens: 1, usd: 0.6 })).allowed).to.equal(false);
  });

  it("take limits of each key, and none that is no limit", async () => {
    const limits = (client: string): KeyLimits => (client === "a" ? { requestsPerMinute: 1 } : {});
    const { budgets } = make(limits);
    allowed(await budgets.admit("a", FREE));
    refusedBy(await budgets.admit("a", FREE));
    for (let i = 0; i < 5; i++) allowed(await budgets.admit("b", { tokens: 1e9, usd: 1e9 }));
    for (const bad of [{ usdPerDay: 0 }, { requestsPerMinute: -1 }, { tokensPerMinute: NaN }]) {
      expect((await rejection(make(bad).budgets.admit("a", FREE))).code).to.equal("M2M_USAGE");
    }
  });

  it("hold whatever comes, and the sum is what was spent", async () => {
    const request = fc.record({
      estimate: fc.integer({ min: 0, max: 50 }),
      cost: fc.integer({ min: 0, max: 50 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(request, { maxLength: 40 }),
        fc.integer({ min: 1, max: 100 }),
        async (requests, limit) => {
          const { budgets, spend } = make({ usdPerDay: limit / 100 });
          let spent = 0;
          let most = 0;
          for (const { estimate, cost } of requests) {
            const answer = await budgets.admit("a", { tokens: 0, usd: estimate / 100 });
            if (!answer.allowed) continue;
            if (estimate > 0) most = Math.max(most, cost - Math.min(estimate, limit));
            spent += cost;
            await answer.settle({ tokens: 0, usd: cost / 100 });
          }
          expect(await spend.total("a", "2026-11-30")).to.be.closeTo(spent * 1e4, requests.length);
          // What is estimated as free is let through.
          if (requests.every(({ estimate }) => estimate > 0))
            expect(spent).to.be.at.most(limit + Math.max(0, most));
        },
      ),
    );
  });
});

describe("the stores in memory", () => {
  it("keep nothing of what is over, or of keys that have spent nothing", async () => {
    const clock = new Clock();
    const spend = new MemorySpendStore(clock);
    for (let i = 0; i < 100; i++) {
      await spend.add(`key ${i}`, "w", 5, NOON + 1000);
      if (i >= 10) await spend.add(`key ${i}`, "w", -5, NOON + 1000);
    }
    expect(spend.size).to.equal(10);
    expect(await spend.total("key 3", "w")).to.equal(5);
    clock.atMs += 1000;
    expect(await spend.total("key 3", "w")).to.equal(0);
    for (let i = 0; i < 1024; i++) await spend.add("new", "v", 1, NOON + 1e6);
    expect(spend.size).to.equal(1);
    expect((await rejection(spend.add("a", "w", 0.5, NOON + 1e6))).code).to.equal("M2M_USAGE");
  });
});

describe("estimateSpend", () => {
  const registry = new ModelRegistry();
  const of = (model: string | undefined, request: object) =>
    estimateSpend(registry, model, Buffer.from(JSON.stringify(request)));

  it("takes a token for four bytes, and what the request allows for its answer", () => {
    const request = { messages: [{ role: "user", content: "x".repeat(3948) }], max_tokens: 100 };
    const estimate = of("gpt-4o", request);
    expect(estimate.tokens).to.be.within(1000 + 90, 1000 + 110);
    const price = registry.get("gpt-4o").price;
    expect(estimate.usd).to.be.closeTo(
      ((estimate.tokens - 100) * (price?.inputUsdPerMillion ?? 0) + 100 * (price?.outputUsdPerMillion ?? 0)) /
        1e6,
      1e-12,
    );
    expect(of("gpt-4o", { ...request, n: 3 }).tokens).to.be.within(1000 + 290, 1000 + 310);
  });

  it("knows the bounds of models, embeddings, and nothing of models that nobody knows", () => {
    const card = registry.get("gpt-4o");
    expect(of("gpt-4o", { x: "y".repeat(4_000_000), max_tokens: 1 }).tokens).to.equal(card.contextWindow + 1);
    expect(of("gpt-4o", { max_tokens: 1e9 }).tokens).to.be.at.most((card.maxOutputTokens ?? 0) + 10);
    expect(of("text-embedding-3-small", { input: "abc" }).tokens).to.be.below(10);
    expect(of("my-deployment", { input: "abc" }).usd).to.equal(undefined);
    expect(of(undefined, { max_tokens: "many", n: -1 }).tokens).to.be.within(1024, 1040);
  });
});
