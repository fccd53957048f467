import { strict as assert } from "node:assert";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Agents, echo, until } from "../agents.js";
import { Proxy } from "../middle.js";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

describe("sessions of AI-TCP that are long", () => {
  const agents = new Agents();
  afterEach(() => agents.end());

  it("forget streams that are over: 100,000 short ones take no more memory than 20,000", async () => {
    const bob = await agents.bob();
    const session = await agents.alice(bob.url);
    const other = await bob.nextSession();
    void drain(other);
    const heaps: number[] = [];
    for (let round = 1; round <= 5; round++) {
      await shortStreams(session, 20_000);
      collect();
      heaps.push(process.memoryUsage().heapUsed);
    }
    const [first, last] = [heaps[0], heaps[4]] as [number, number];
    assert.ok(
      last - first < 8 * 1024 * 1024,
      `${heaps.map((bytes) => Math.round(bytes / 1e5) / 10).join(", ")} MB`,
    );
  });

  it("forget streams that nobody accepts and that are given up", async () => {
    const bob = await agents.bob({ settings: { maxStreams: 8 } });
    const session = await agents.alice(bob.url);
    const other = await bob.nextSession();
    for (let round = 0; round < 500; round++) {
      await until(() => {
        try {
          const stream = session.openStream();
          stream.write("x");
          stream.reset(round);
          return true;
        } catch {
          return false;
        }
      }, "room for a stream");
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
    const last = session.openStream();
    last.write("the last one");
    // It is the first that is still there.
    const accepted = await other.acceptStream();
    assert.equal(accepted?.id, last.id);
  });

  it("leave no listeners, timers or sockets behind over many connections", async () => {
    const bob = await agents.bob();
    const proxy = await Proxy.start(bob.server.port);
    agents.onEnd(() => proxy.stop());
    const signal = new AbortController().signal;
    const session = await agents.alice(proxy.url, {
      signal,
      reconnect: { firstDelayMs: 1, maxDelayMs: 2, maxTries: 100 },
    });
    void bob.nextSession().then(echo);
    const before = process.getActiveResourcesInfo().length;
    for (let round = 0; round < 30; round++) {
      const stream = session.openStream();
      stream.write("x");
      assert.ok(await stream.receive());
      stream.end();
      proxy.cut();
    }
    await until(() => proxy.connections.length === 31 && session.state === "open", "an open session");
    await until(() => bob.server.connectionCount === 1, "one connection");
    await until(() => process.getActiveResourcesInfo().length <= before + 6, "few resources");
    session.close();
    await session.closed;
    await until(() => bob.server.sessionCount === 0, "no session");
  });
});

async function shortStreams(session: Awaited<ReturnType<Agents["alice"]>>, count: number): Promise<void> {
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      const stream = session.openStream();
      stream.write("x");
      stream.end();
      while (await stream.receive());
    }
  };
  await Promise.all(Array.from({ length: 100 }, worker));
}

/** Reads all, says nothing. */
async function drain(session: Awaited<ReturnType<Agents["alice"]>>): Promise<void> {
  for await (const stream of session) {
    void (async () => {
      while (await stream.receive());
      stream.end();
    })().catch(() => {});
  }
}
