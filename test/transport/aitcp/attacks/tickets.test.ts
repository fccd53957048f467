import { strict as assert } from "node:assert";
import { M2MError } from "../../../../src/shared/errors.js";
import { MemoryRecordStore } from "../../../../src/shared/record-store.js";
import { LimitError } from "../../../../src/shared/errors.js";
import type { AiTcpStore, AiTcpSession } from "../../../../src/transport/aitcp/index.js";
import { Agents, echo, textOf, until } from "../agents.js";
import { kindOf, keepFirst, play, Proxy } from "../middle.js";
import { switched } from "../two-servers.js";

function memoryStore(): AiTcpStore {
  return new MemoryRecordStore({
    maxRecords: 1000,
    fullError: () => new LimitError("M2M_SESSIONS_FULL", "full"),
  });
}

describe("AI-TCP tickets", () => {
  const agents = new Agents();
  afterEach(() => agents.end());

  async function proxied(port: number): Promise<Proxy> {
    const proxy = await Proxy.start(port);
    agents.onEnd(() => proxy.stop());
    return proxy;
  }

  async function speak(session: AiTcpSession, text: string): Promise<void> {
    const stream = session.openStream();
    stream.write(text, { isSafe: true });
    stream.end();
    assert.equal(textOf(await stream.receive()), text);
  }

  for (const withEarly of [false, true]) {
    it(`are taken once${withEarly ? ", with what came early" : ""}: a resumption that is played again is nothing`, async () => {
      const bob = await agents.bob({ store: memoryStore() });
      const proxy = await proxied(bob.server.port);
      const session = await agents.alice(proxy.url);
      const other = await bob.nextSession();
      void echo(other);
      await speak(session, "before");
      proxy.isShut = true;
      proxy.cut();
      await until(() => session.state === "interrupted");
      const early = withEarly ? speak(session, "early") : Promise.resolve();
      proxy.isShut = false;
      await until(() => session.state === "open");
      await early;
      await speak(session, "after");
      const recorded = proxy.last.seen.up;
      assert.equal(kindOf(recorded[0] ?? new Uint8Array(0)), "initiation");
      const [first] = recorded;
      assert.ok(first);
      for (const bytes of [first, Buffer.concat(recorded)]) {
        assert.deepEqual(await play(bob.server.port, bytes), ["refusal"]);
      }
      await speak(session, "still there");
      assert.equal(bob.sessions.length, 1);
    });
  }

  it("of a first message that did not arrive, and was kept, are worth one connection to nobody else", async () => {
    const bob = await agents.bob();
    const proxy = await proxied(bob.server.port);
    const session = await agents.alice(proxy.url);
    void bob.nextSession().then(echo);
    await speak(session, "before");
    const keptOne = keepFirst(proxy);
    proxy.cut();
    await until(() => keptOne() !== undefined && session.state === "open");
    await speak(session, "after");
    // The responder answers it, if the ticket is there still, and hears nothing that fits.
    const kept = keptOne();
    assert.ok(kept);
    const answers = await play(bob.server.port, kept);
    assert.ok(answers.length <= 1 && (answers[0] === "refusal" || answers[0] === "response"), answers.join());
    await speak(session, "still there");
    assert.equal(bob.sessions.length, 1);
  });

  it("are over in time, and the session with them", async () => {
    let nowMs = Date.now();
    const clock = (): number => nowMs;
    const bob = await agents.bob({ nowMs: clock, settings: { lifetimeSeconds: 300 } });
    const proxy = await proxied(bob.server.port);
    const session = await agents.alice(proxy.url, {
      reconnect: { firstDelayMs: 1, maxDelayMs: 5, maxTries: 3 },
    });
    const other = await bob.nextSession();
    void echo(other);
    await speak(session, "before");
    proxy.isShut = true;
    // The clock of the client stands still: it takes its ticket for good.
    nowMs += 301_000;
    proxy.isShut = false;
    proxy.cut();
    await assert.rejects(
      session.closed,
      (error) => error instanceof M2MError && error.code === "M2M_TICKET_REFUSED",
    );
  });

  it("are renewed when half of their time is over, and the new ones hold", async () => {
    const bob = await agents.bob({ settings: { lifetimeSeconds: 2 } });
    const proxy = await proxied(bob.server.port);
    const session = await agents.alice(proxy.url);
    void bob.nextSession().then(echo);
    await new Promise((resolve) => setTimeout(resolve, 3500));
    proxy.cut();
    await until(() => proxy.connections.length === 2 && session.state === "open");
    await speak(session, "after");
    assert.equal(bob.sessions.length, 1);
  });

  it("keep signatures and padding in another process, or are refused", async () => {
    const store = memoryStore();
    const first = await agents.bob({ store, settings: { padding: true } });
    const same = await agents.bob({ store, settings: { signatures: ["none", "turn"] } });
    const weaker = await agents.bob({ store, settings: { signatures: ["none"] } });
    const { proxy, turnTo } = await switched(agents, first);
    const session = await agents.alice(proxy.url);
    void first.nextSession().then(echo);
    await speak(session, "before");
    turnTo(same);
    proxy.cut();
    const there = await same.nextSession();
    await until(() => session.state === "open");
    for (const { agreed } of [session, there]) {
      assert.deepEqual([agreed.signatures, agreed.isPadded], ["turn", true]);
    }
    turnTo(weaker);
    proxy.cut();
    await assert.rejects(
      session.closed,
      (error) => error instanceof M2MError && error.code === "M2M_TICKET_REFUSED",
    );
    assert.equal(weaker.sessions.length, 0);
  });

  it("of a session that is closed are gone", async () => {
    const store = memoryStore();
    const bob = await agents.bob({ store });
    const session = await agents.alice(bob.url);
    await bob.nextSession();
    assert.ok((await store.count()) > 0);
    session.close();
    await until(() => bob.server.sessionCount === 0);
    let count = 1;
    for (let tries = 0; count > 0 && tries < 200; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      count = await store.count();
    }
    assert.equal(count, 0);
  });

  it("are not given where a session lasts no longer than its connection", async () => {
    const store = memoryStore();
    const bob = await agents.bob({ store, settings: { lifetimeSeconds: 0 } });
    const proxy = await proxied(bob.server.port);
    const session = await agents.alice(proxy.url);
    void bob.nextSession().then(echo);
    await speak(session, "before");
    assert.equal(await store.count(), 0);
    proxy.cut();
    await assert.rejects(session.closed, M2MError);
    assert.equal(proxy.connections.length, 1);
  });
});
