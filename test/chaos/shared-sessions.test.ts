import { expect } from "chai";
import { setTimeout as delay } from "node:timers/promises";
import { M2MClient, type Transport } from "../../src/client/index.js";
import { M2MError } from "../../src/shared/errors.js";
import { requirePeer } from "../helpers/peers.js";
import { RedisServer } from "../helpers/redis-server.js";
import { ServiceProcess } from "../helpers/service-process.js";
import { askServer } from "./ask-server.js";
import { Switch } from "./switch.js";

const CONTENT = JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content: "Hello" }] });

/** Two server processes over one Redis that writes before it answers, and a pair of clients, one at each. */
class Shared {
  readonly redis: RedisServer;
  readonly servers: ServiceProcess[] = [];
  readonly clients: M2MClient[] = [];
  readonly switches: Switch[] = [];

  constructor(redis: RedisServer) {
    this.redis = redis;
  }

  async startServer(): Promise<ServiceProcess> {
    const server = await ServiceProcess.start(["server", "--store", this.redis.url, "--log-level", "fatal"]);
    this.servers.push(server);
    return server;
  }

  async startSwitch(server: ServiceProcess): Promise<Switch> {
    const made = await Switch.start(portOf(server));
    this.switches.push(made);
    return made;
  }

  async connect(url: string, transport: Transport): Promise<M2MClient> {
    const client = new M2MClient({
      url,
      transport,
      channel: "room",
      answerTimeoutMs: 3000,
      sendTimeoutMs: 25_000,
      reconnect: { maxTries: 200, firstDelayMs: 50, maxDelayMs: 300 },
    });
    this.clients.push(client);
    await client.connect();
    return client;
  }

  async stop(): Promise<void> {
    await Promise.all(this.clients.map((client) => client.close()));
    await Promise.all(this.switches.map((one) => one.stop()));
    await Promise.all(this.servers.map((server) => server.kill()));
    await this.redis.stop();
  }
}

const portOf = (server: ServiceProcess): number => Number(new URL(server.url).port);

/** Collects what a client receives until it has all of `wanted`. */
async function takeAll(client: M2MClient, wanted: () => ReadonlySet<string>, taken: string[]): Promise<void> {
  while ([...wanted()].some((text) => !taken.includes(text))) {
    const received = await client.receive();
    if (!received) throw new Error("The session ended before all was taken.");
    taken.push(received.text);
  }
}

/** Whether a message was acknowledged; what else there may be is an error of the taxonomy. */
async function trySend(client: M2MClient, text: string): Promise<boolean> {
  try {
    await client.send(text);
    return true;
  } catch (error) {
    expect(error).to.be.instanceOf(M2MError);
    expect((error as M2MError).message).to.contain("M2M_STORE_UNAVAILABLE");
    return false;
  }
}

for (const transport of ["http", "websocket"] as const) {
  describe(`sessions of two server processes over one Redis, by ${transport}`, function () {
    this.timeout(40_000);
    let shared: Shared;

    beforeEach(async function () {
      shared = new Shared(await RedisServer.start(requirePeer(this, "redis"), { appendOnly: true }));
    });
    afterEach(() => shared.stop());

    it("a process is killed in mid-traffic, and nothing that was acknowledged is lost", async () => {
      const [first, second] = await Promise.all([shared.startServer(), shared.startServer()]);
      const door = await shared.startSwitch(first);
      const ann = await shared.connect(door.url, transport);
      const bob = await shared.connect(second.url, transport);
      const acknowledged = new Set<string>();
      const taken: string[] = [];
      for (let index = 0; index < 60; index++) {
        if (index === 20) {
          door.target = portOf(second);
          await first.kill();
        }
        const text = `message ${index}`;
        await ann.send(text);
        acknowledged.add(text);
      }
      expect(acknowledged.size).to.equal(60);
      await takeAll(bob, () => acknowledged, taken);
      expect(second.isRunning, second.output).to.equal(true);
      expect(await second.stop(), second.output).to.equal(0);
    });

    it("Redis is killed and comes back: errors are clean, and what was acknowledged arrives", async () => {
      const [first, second] = await Promise.all([shared.startServer(), shared.startServer()]);
      const ann = await shared.connect(first.url, transport);
      const bob = await shared.connect(second.url, transport);
      const acknowledged = new Set<string>();
      for (let index = 0; index < 20; index++) {
        await ann.send(`before ${index}`);
        acknowledged.add(`before ${index}`);
      }
      await shared.redis.kill();
      // What needs no store works on, what needs it says so.
      expect(await askServer(first.url, "/compress", { content: CONTENT })).to.deep.equal({
        kind: "whole",
        status: 200,
      });
      const refused = await askServer(first.url, "/session", {});
      expect(refused).to.deep.equal({ kind: "refused", status: 503 });
      const ready = await fetch(`${first.url}/ready`);
      expect(ready.status).to.equal(503);
      // It waits for the store, or is refused; what is acknowledged must arrive.
      const during = trySend(ann, "during");
      await shared.redis.restart();
      if (await during) acknowledged.add("during");
      while (!(await trySend(ann, "after"))) await delay(50);
      acknowledged.add("after");
      for (let index = 0; index < 20; index++) {
        await ann.send(`after ${index}`);
        acknowledged.add(`after ${index}`);
      }
      await takeAll(bob, () => acknowledged, []);
      for (const server of [first, second]) {
        expect(server.isRunning, server.output).to.equal(true);
        expect(await server.stop(), server.output).to.equal(0);
        expect(server.output).not.to.contain("M2M_BUG");
      }
    });
  });
}
