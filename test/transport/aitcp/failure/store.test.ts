import { strict as assert } from "node:assert";
import { LimitError, M2MError, UpstreamError } from "../../../../src/shared/errors.js";
import { MemoryRecordStore, type PutOptions } from "../../../../src/shared/record-store.js";
import type { AiTcpStore } from "../../../../src/transport/aitcp/index.js";
import { Agents, until } from "../agents.js";
import { switched } from "../two-servers.js";
import { assertComplete, assertOnceInOrder, delay, sendAll, takeAll } from "./transfer.js";

type Records = Parameters<AiTcpStore["put"]>[0];

/** A store that fails as its network does: before it has done what it was asked, or behind it. */
class FaultyStore implements AiTcpStore {
  readonly #store = new MemoryRecordStore<Records>({
    maxRecords: 1000,
    fullError: () => new LimitError("M2M_SESSIONS_FULL", "full"),
  });
  fails: "never" | "before" | "behind" = "never";

  get(id: string): Promise<Records | undefined> {
    return this.#faulty(() => this.#store.get(id));
  }
  put(record: Records, options?: PutOptions): Promise<boolean> {
    return this.#faulty(() => this.#store.put(record, options));
  }
  delete(id: string): Promise<boolean> {
    return this.#faulty(() => this.#store.delete(id));
  }
  count(): Promise<number> {
    return this.#store.count();
  }

  async #faulty<Value>(act: () => Promise<Value>): Promise<Value> {
    const { fails } = this;
    // As far away as a store is.
    await delay(1);
    const value = fails === "before" ? undefined : await act();
    if (fails !== "never") throw new UpstreamError("M2M_STORE_UNAVAILABLE", "The store does not answer.");
    return value as Value;
  }
}

describe("AI-TCP with a store that is shared", () => {
  const agents = new Agents();
  afterEach(() => agents.end());

  for (const fails of ["before", "behind"] as const) {
    it(`that fails ${fails} it has kept what it was given: nothing is given that is not kept, and it all comes when it is back`, async () => {
      const store = new FaultyStore();
      const bob = await agents.bob({ store });
      const session = await agents.alice(bob.url);
      const other = await bob.nextSession();
      const got: string[] = [];
      const taking = takeAll(other, 2, (label) => got.push(label));
      const sending = [0, 1].map((label) => sendAll(session, "alice", label, 150, 2));
      await until(() => got.length > 40);
      store.fails = fails;
      await until(() => session.state === "interrupted");
      const before = got.length;
      await delay(150);
      assert.equal(got.length, before, "nothing is given while the store does not keep it");
      store.fails = "never";
      for (const { unknown } of await Promise.all(sending)) assert.deepEqual(unknown, []);
      await taking;
      assertOnceInOrder(got);
      assertComplete(got, "alice", 2, 150);
      assert.equal(bob.sessions.length, 1);
    });
  }

  it("begins no session while it fails", async () => {
    const store = new FaultyStore();
    store.fails = "before";
    const bob = await agents.bob({ store });
    await assert.rejects(
      agents.alice(bob.url).then((session) => session.closed),
      M2MError,
    );
    assert.equal(bob.server.sessionCount, 0);
    assert.equal(bob.sessions.length, 0);
    store.fails = "never";
    await agents.alice(bob.url);
    await bob.nextSession();
  });

  it("goes on with another process, while the first still lives and cannot be reached", async () => {
    const store = new FaultyStore();
    const first = await agents.bob({ store });
    const second = await agents.bob({ store });
    const { proxy, turnTo } = await switched(agents, first);
    const session = await agents.alice(proxy.url);
    const here = await first.nextSession();
    const got: string[] = [];
    const takingHere = takeAll(here, 2, (label) => got.push(label)).catch((error: unknown) => error);
    const sending = [0, 1].map((label) => sendAll(session, "alice", label, 150, 2));
    await until(() => got.length > 40);
    turnTo(second);
    // The first server sees nothing of it: its connection is half-open.
    proxy.last.isDeaf = true;
    proxy.last.cut();
    const there = await second.nextSession();
    assert.equal(there.id, here.id);
    await takeAll(there, 2, (label) => got.push(label));
    const ends = await Promise.all(sending);
    assertOnceInOrder(got);
    const known = new Set(got);
    for (const { acknowledged, unknown } of ends) {
      for (const label of acknowledged)
        assert.ok(known.has(label), `${label} was acknowledged and did not come`);
      assert.equal(acknowledged.length + unknown.length, 150);
    }
    void takingHere;
  });

  it("lets a process that has lost a session say so, and nothing else of it", async () => {
    const store = new FaultyStore();
    const settings = { lifetimeSeconds: 8 };
    const first = await agents.bob({ store, settings });
    const second = await agents.bob({ store, settings });
    const { proxy, turnTo } = await switched(agents, first);
    const session = await agents.alice(proxy.url);
    const here = await first.nextSession();
    const stream = session.openStream();
    stream.write("1");
    const theirs = await here.acceptStream();
    assert.ok(await theirs?.receive());
    // Back and forth: each process takes it over from the other one.
    const seen = [1];
    for (let round = 2; round < 8; round++) {
      const target = round % 2 === 0 ? second : first;
      turnTo(target);
      proxy.cut();
      const there = await target.nextSession();
      stream.write(`${round}`);
      for (;;) {
        const accepted = await there.acceptStream();
        if (accepted?.id !== stream.id) continue;
        seen.push(Number(Buffer.from((await accepted.receive()) ?? []).toString()));
        break;
      }
    }
    assert.deepEqual(seen, [1, 2, 3, 4, 5, 6, 7]);
    await until(
      () => first.server.sessionCount + second.server.sessionCount === 1,
      "one process with the session",
    );
    const states = [...first.sessions, ...second.sessions].map(({ state }) => state);
    assert.equal(states.filter((state) => state !== "closed").length, 1);
    await assert.rejects(
      here.closed,
      (error) => error instanceof M2MError && error.code === "M2M_SESSION_MISMATCH",
    );
  });

  it("takes over sessions of a server that closes", async () => {
    const store = new FaultyStore();
    const first = await agents.bob({ store });
    const second = await agents.bob({ store });
    const { proxy, turnTo } = await switched(agents, first);
    const session = await agents.alice(proxy.url);
    const here = await first.nextSession();
    const waiting = here.acceptStream();
    turnTo(second);
    await first.server.close();
    await assert.rejects(waiting, M2MError);
    const there = await second.nextSession();
    assert.equal(there.id, session.id);
    const stream = session.openStream();
    const [, accepted] = await Promise.all([
      stream.send("hello").catch(() => {}),
      there.acceptStream().then((one) => one?.receive()),
    ]);
    assert.equal(Buffer.from(accepted ?? []).toString(), "hello");
  });
});
