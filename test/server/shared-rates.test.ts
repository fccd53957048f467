import { expect } from "chai";
import type { Server } from "../../src/server/index.js";
import { requirePeer } from "../helpers/peers.js";
import { RedisServer } from "../helpers/redis-server.js";
import { ask, startTestServer } from "./start-server.js";

/** Of one client: 60 sessions at once, one a second (docs/guides/server.md). */
const HELLO_BURST = 60;

describe("rates of two servers over one Redis", () => {
  let redis: RedisServer;
  const servers: Server[] = [];
  before(async function () {
    redis = await RedisServer.start(requirePeer(this, "redis"));
  });
  after(() => redis?.stop());
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close(0)));
  });
  const startTwo = async (options: { requestsPerMinute?: number } = {}): Promise<void> => {
    for (let index = 0; index < 2; index++)
      servers.push(await startTestServer({ ...options, store: redis.url }));
  };
  /** Sends to each in turn. @returns how many of `count` were let in, and the seconds that it took */
  const sendInTurn = async (line: `${string} /${string}`, count: number, body?: unknown) => {
    const startedMs = performance.now();
    let letIn = 0;
    for (let index = 0; index < count; index++) {
      const { status, headers } = await ask(servers[index % 2], line, body);
      if (status !== 429) letIn++;
      else expect(Number(headers.get("retry-after"))).to.be.greaterThan(0);
    }
    return { letIn, seconds: (performance.now() - startedMs) / 1000 };
  };

  it("are one rate of new sessions", async () => {
    await startTwo();
    const { letIn, seconds } = await sendInTurn("POST /session", 100);
    expect(letIn).to.be.within(HELLO_BURST, HELLO_BURST + Math.ceil(seconds));
  });

  it("are one rate of requests", async () => {
    await startTwo({ requestsPerMinute: 6 });
    const { letIn, seconds } = await sendInTurn("GET /models", 24);
    expect(letIn).to.be.within(6, 6 + Math.ceil(seconds / 10));
  });

  it("are counted by each alone while Redis is away, and the log says so", async () => {
    const log: string[] = [];
    servers.push(await startTestServer({ requestsPerMinute: 6, store: redis.url }, log));
    await redis.kill();
    const statuses: number[] = [];
    for (let index = 0; index < 8; index++) statuses.push((await ask(servers[0], "GET /models")).status);
    expect(statuses.slice(0, 6)).to.deep.equal(Array(6).fill(200));
    expect(statuses).to.include(429);
    expect(log.join("")).to.contain("rates are counted by this process alone");
    await redis.restart();
  });
});
