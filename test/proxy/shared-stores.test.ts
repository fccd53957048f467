import { expect } from "chai";
import { KeyBudgets } from "../../src/proxy/budgets/index.js";
import { MemoryRateStore } from "../../src/shared/token-buckets.js";
import { ResponseCache } from "../../src/proxy/cache/index.js";
import { RedisRateStore, RedisResponseStore, RedisSpendStore } from "../../src/redis/index.js";
import { openConnection } from "../http/connection.js";
import { useRedis } from "../redis/fixture.js";
import { ProxyFixture } from "./fixture.js";

describe("proxies that share a Redis", () => {
  const redis = useRedis();
  const prefix = "proxies:";

  it("spend one budget and keep one rate, however many requests come at once", async () => {
    const make = async () => {
      const connection = await redis.connect({ prefix });
      const rates = new RedisRateStore(connection, { fallback: new MemoryRateStore() });
      const limits = { usdPerDay: 5, requestsPerMinute: 30, tokensPerMinute: 10_000 };
      return new KeyBudgets({ limits, rates, spend: new RedisSpendStore(connection) });
    };
    const [one, two] = [await make(), await make()];
    const admit = () => [one, two].map((budgets) => budgets.admit("key", { tokens: 1, usd: 1 }));
    const answers = await Promise.all(Array.from({ length: 10 }, admit).flat());
    const admitted = answers.filter((answer) => answer.allowed);
    expect(admitted).to.have.length(5);
    await Promise.all(admitted.map((answer) => answer.allowed && answer.settle({ tokens: 1, usd: 0.5 })));
    for (let i = 0; i < 10; i++) await two.admit("key", { tokens: 0, usd: 0 });
    const last = await one.admit("key", { tokens: 0, usd: 0 });
    expect(last.allowed ? undefined : last.error.code).to.equal("M2M_RATE_LIMITED");
    const other = await one.admit("another", { tokens: 1, usd: 5 });
    expect(other.allowed).to.equal(true);
  });

  it("give each other's answers, byte for byte", async () => {
    const make = async () => {
      const store = new RedisResponseStore(await redis.connect({ prefix }));
      return new ResponseCache({ store, ttlMs: 60_000 });
    };
    const [one, two] = [await make(), await make()];
    const body = Buffer.from([0, 255, 10, 128]);
    const miss = await one.lookUp("k");
    if (miss.kind !== "miss") throw new Error("Expected a miss.");
    await miss.keep({ status: 200, headers: [["content-type", "x/y"]], body });
    const hit = await two.lookUp("k");
    expect(hit.kind === "hit" && Buffer.from(hit.response.body).equals(body)).to.equal(true);
    expect(hit.kind === "hit" && hit.response.headers).to.deep.equal([["content-type", "x/y"]]);
  });

  it("spend no more than a budget though Redis loses its data while requests run", async () => {
    const connection = await redis.connect({ prefix: "lost:" });
    const spend = new RedisSpendStore(connection);
    const rates = new MemoryRateStore();
    const budgets = new KeyBudgets({ limits: { usdPerDay: 0.02 }, rates, spend });
    const admit = async () => {
      const answers = [];
      for (let i = 0; i < 6; i++) answers.push(await budgets.admit("key", { tokens: 1, usd: 0.006004 }));
      return answers.filter((answer) => answer.allowed);
    };
    const running = await admit();
    expect(running).to.have.length(3);
    const keys = (await connection.send("KEYS", ["lost:*"])) as string[];
    expect(keys).to.have.length(1);
    await connection.send("DEL", keys);
    await Promise.all(running.map((answer) => answer.allowed && answer.settle({ tokens: 1, usd: 0.000008 })));
    expect(await connection.send("GET", keys)).to.equal("0");
    expect(await connection.send("PTTL", keys)).to.be.above(0);
    expect(await admit()).to.have.length(3);
  });

  it("give back what they hold for requests that run when they are stopped", async () => {
    const connection = await redis.connect({ prefix: "stopped:" });
    const keyLimits = { limits: { usdPerDay: 10 }, spend: new RedisSpendStore(connection) };
    const { proxy, upstream } = await ProxyFixture.start({ keyLimits });
    const held = new Promise<number>((resolve) =>
      upstream.script((_, response) => {
        resolve(total());
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write('data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n');
      }),
    );
    const watcher = await redis.connect({ prefix: "stopped:" });
    const total = async (): Promise<number> => {
      const [key] = (await watcher.send("KEYS", ["stopped:spend:*"])) as string[];
      return Number(await watcher.send("GET", [key]));
    };
    const client = await openConnection(proxy);
    const body = JSON.stringify({
      model: "gpt-4o",
      stream: true,
      messages: [{ role: "user", content: "Hi" }],
    });
    client.socket.write(
      `POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    );
    await client.until("Hi");
    await proxy.close(50);
    await connection.close();
    expect(await total())
      .to.be.above(0)
      .and.below((await held) / 10);
    await upstream.stop();
  });
});
