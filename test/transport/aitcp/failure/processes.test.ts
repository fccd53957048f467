import { strict as assert } from "node:assert";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { requirePeer } from "../../../helpers/peers.js";
import { RedisServer } from "../../../helpers/redis-server.js";
import { Agents, until } from "../agents.js";
import { Proxy } from "../middle.js";
import { Child } from "./child.js";
import { assertComplete, assertOnceInOrder, delay, sendAll, takeAll, type Sent } from "./transfer.js";

const STREAMS = 3;
const COUNT = 200;

describe("AI-TCP with processes that fail", function () {
  this.timeout(60_000);
  const agents = new Agents();
  let redis: RedisServer;
  let folder: string;

  before(async function () {
    redis = await RedisServer.start(requirePeer(this, "redis"));
  });
  after(() => redis?.stop());
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "m2m-aitcp-"));
    writeFileSync(join(folder, "log"), "");
  });
  afterEach(async () => {
    await agents.end();
    rmSync(folder, { recursive: true });
  });

  const got = (): string[] => readFileSync(join(folder, "log"), "utf8").split("\n").filter(Boolean);

  async function startServer(): Promise<{ child: Child; port: number }> {
    const child = new Child("./server-process.ts", [redis.url, join(folder, "log"), `${folder}:`]);
    agents.onEnd(() => child.kill());
    await until(() => child.lines.length > 0 || child.isOver, "a server");
    return { child, port: Number(child.lines[0]) };
  }

  /** What must hold of a transfer to processes that fail: what was acknowledged came, nothing came twice, and all is decided. */
  function assertHonest(sent: readonly Sent[]): void {
    const came = got();
    assertOnceInOrder(came);
    const known = new Set(came);
    for (const { acknowledged, unknown } of sent) {
      assert.equal(acknowledged.length + unknown.length, COUNT);
      for (const label of acknowledged)
        assert.ok(known.has(label), `${label} was acknowledged and did not come`);
    }
  }

  it("the server is killed in the middle of a transfer, and another one goes on", async () => {
    let server = await startServer();
    const proxy = await Proxy.start(() => server.port);
    agents.onEnd(() => proxy.stop());
    const session = await agents.alice(proxy.url);
    const sending = Array.from({ length: STREAMS }, (_, label) => sendAll(session, "alice", label, COUNT, 2));
    for (let round = 0; round < 3; round++) {
      const before = got().length;
      await until(() => got().length > before + 20 || session.state === "closed");
      await server.child.kill();
      const next = await startServer();
      server = next;
    }
    assertHonest(await Promise.all(sending));
    assert.equal(session.state, "open");
    // What the failed ones had not acknowledged is not known: that is little, and it was told.
    assert.ok(got().length > STREAMS * COUNT - 200);
  });

  it("the server stands still, another one goes on, and the first one wakes up", async () => {
    const first = await startServer();
    const second = await startServer();
    let port = first.port;
    const proxy = await Proxy.start(() => port);
    agents.onEnd(() => proxy.stop());
    const session = await agents.alice(proxy.url, { settings: { idleMs: 1000 }, handshakeMs: 1000 });
    const sending = Array.from({ length: STREAMS }, (_, label) => sendAll(session, "alice", label, COUNT, 5));
    await until(() => got().length > 40);
    first.child.pause();
    port = second.port;
    await until(() => session.state === "interrupted");
    await until(() => session.state === "open");
    const before = got().length;
    first.child.resume();
    assertHonest(await Promise.all(sending));
    assert.ok(got().length > before);
    assert.ok(proxy.connections.length >= 2);
  });

  it("the store stands still, and comes back", async () => {
    const server = await startServer();
    const session = await agents.alice(`aitcp://127.0.0.1:${server.port}`, {
      reconnect: { firstDelayMs: 50, maxDelayMs: 500, maxTries: 100 },
    });
    const sending = Array.from({ length: STREAMS }, (_, label) => sendAll(session, "alice", label, COUNT, 2));
    await until(() => got().length > 40);
    redis.pause();
    await delay(500);
    const before = got().length;
    await delay(500);
    assert.equal(got().length, before, "nothing is given that is not kept");
    await until(() => session.state === "interrupted");
    redis.resume();
    assertHonest(await Promise.all(sending));
    assertComplete(got(), "alice", STREAMS, COUNT);
  });

  it("the client is killed, and begins anew: its old session is over in time, and nothing of it comes again", async () => {
    const bob = await agents.bob({ settings: { lifetimeSeconds: 1 } });
    const came: string[] = [];
    for (const name of ["one", "two"]) {
      const child = new Child("./client-process.ts", [bob.url, name]);
      agents.onEnd(() => child.kill());
      const session = await bob.nextSession();
      const taking = takeAll(session, 1, (label) => came.push(label)).catch((error: unknown) => error);
      await until(() => child.lines.length > 50);
      await child.kill();
      await until(() => session.state !== "open");
      const known = new Set(came);
      for (const label of child.lines)
        assert.ok(known.has(label), `${label} was acknowledged and did not come`);
      assert.ok((await taking) instanceof Error);
      assert.equal(session.state, "closed");
    }
    assertOnceInOrder(came);
    assert.equal(bob.server.sessionCount, 0);
  });
});
