import { strict as assert } from "node:assert";
import { M2MError } from "../../../../src/shared/errors.js";
import { Agents, echo, textOf, until } from "../agents.js";
import { Proxy } from "../middle.js";

describe("sessions of AI-TCP: their connections", () => {
  const agents = new Agents();
  const proxied = async (port: number): Promise<Proxy> => {
    const proxy = await Proxy.start(port);
    agents.onEnd(() => proxy.stop());
    return proxy;
  };
  afterEach(() => agents.end());

  it("are kept alive while nobody says anything", async () => {
    const bob = await agents.bob({ settings: { idleMs: 1000 } });
    const proxy = await proxied(bob.server.port);
    const session = await agents.alice(proxy.url, { settings: { idleMs: 1000 } });
    const other = await bob.nextSession();
    await new Promise((resolve) => setTimeout(resolve, 2500));
    assert.deepEqual([session.state, other.state], ["open", "open"]);
    assert.equal(proxy.connections.length, 1);
    // It does not chatter either: about three times a second and side.
    assert.ok(proxy.last.seen.up.length < 40, `${proxy.last.seen.up.length} packets`);
  });

  it("that carry nothing any more are found out, and the session goes on with another", async () => {
    const bob = await agents.bob({ settings: { idleMs: 1000 } });
    const proxy = await proxied(bob.server.port);
    const session = await agents.alice(proxy.url, { settings: { idleMs: 1000 } });
    const other = await bob.nextSession();
    void echo(other);
    const stream = session.openStream();
    stream.write("before");
    assert.equal(textOf(await stream.receive()), "before");
    proxy.last.isDeaf = true;
    stream.write("after");
    assert.equal(textOf(await stream.receive()), "after");
    assert.equal(proxy.connections.length, 2);
    assert.equal(bob.sessions.length, 1);
  });

  it("are kept and found out by a clock that does not go back, whatever the time of day does", async () => {
    let wallMs = Date.now() + 0.5;
    const monotonicMs = (): number => performance.now();
    const options = { settings: { idleMs: 1000 }, nowMs: (): number => wallMs, monotonicMs };
    const bob = await agents.bob(options);
    const proxy = await proxied(bob.server.port);
    const session = await agents.alice(proxy.url, options);
    const other = await bob.nextSession();
    void echo(other);
    const stream = session.openStream();
    stream.write("before");
    assert.equal(textOf(await stream.receive()), "before");
    wallMs -= 3_600_000;
    await new Promise((resolve) => setTimeout(resolve, 2500));
    assert.equal(proxy.connections.length, 1);
    proxy.last.isDeaf = true;
    stream.write("after");
    assert.equal(textOf(await stream.receive()), "after");
    assert.equal(proxy.connections.length, 2);
  });

  it("are made again at once if they have lasted, by the clock that is given", async () => {
    const bob = await agents.bob();
    const proxy = await proxied(bob.server.port);
    let lateMs = 0;
    const session = await agents.alice(proxy.url, {
      monotonicMs: () => Math.floor(performance.now()) + lateMs,
      reconnect: { firstDelayMs: 100_000_000, maxDelayMs: 100_000_000, maxTries: 1 },
    });
    lateMs = 2000;
    proxy.cut();
    await until(() => proxy.connections.length === 2 && session.state === "open");
  });

  it("that are not made again in time end the session, by the clock that is given", async () => {
    let lateMs = 0;
    const bob = await agents.bob({
      nowMs: () => 1_790_000_000_000,
      monotonicMs: () => Math.floor(performance.now()) + lateMs,
      settings: { lifetimeSeconds: 8 },
    });
    const bobs = bob.nextSession();
    const proxy = await proxied(bob.server.port);
    await agents.alice(proxy.url);
    const other = await bobs;
    proxy.isShut = true;
    proxy.cut();
    await until(() => other.state === "interrupted");
    lateMs = 8000;
    await assert.rejects(other.closed, { code: "M2M_SESSION_EXPIRED" });
  });

  it("that are lost are told to nobody: the session is interrupted, then open", async () => {
    const bob = await agents.bob();
    const proxy = await proxied(bob.server.port);
    const session = await agents.alice(proxy.url);
    const other = await bob.nextSession();
    void echo(other);
    const stream = session.openStream();
    for (let round = 0; round < 5; round++) {
      stream.write(`${round}`);
      assert.equal(textOf(await stream.receive()), `${round}`);
      proxy.cut();
      await until(() => session.state === "interrupted");
      await until(() => session.state === "open");
    }
    assert.equal(bob.sessions.length, 1);
  });

  it("end with the session, if the server cannot be reached any more", async () => {
    const bob = await agents.bob();
    const proxy = await proxied(bob.server.port);
    const session = await agents.alice(proxy.url, {
      reconnect: { firstDelayMs: 1, maxDelayMs: 5, maxTries: 4 },
    });
    const stream = session.openStream();
    await bob.nextSession();
    const sending = stream.send("x");
    const reading = stream.receive();
    await new Promise((resolve) => setTimeout(resolve, 100));
    proxy.isShut = true;
    proxy.cut();
    for (const waiting of [session.closed, sending, reading]) {
      await assert.rejects(waiting, (error) => error instanceof M2MError);
    }
    assert.equal(session.state, "closed");
  });

  it("that never come give the session up after its lifetime, on the server", async () => {
    const bob = await agents.bob({ settings: { lifetimeSeconds: 1 } });
    const proxy = await proxied(bob.server.port);
    const session = await agents.alice(proxy.url);
    const other = await bob.nextSession();
    const reading = other.acceptStream();
    proxy.isShut = true;
    proxy.cut();
    await assert.rejects(
      reading,
      (error) => error instanceof M2MError && error.code === "M2M_SESSION_EXPIRED",
    );
    await until(() => bob.server.sessionCount === 0);
    await session.closed.catch(() => {});
  });

  it("are not made again for a session that is closed meanwhile", async () => {
    const bob = await agents.bob();
    const proxy = await proxied(bob.server.port);
    const session = await agents.alice(proxy.url);
    await bob.nextSession();
    await until(() => proxy.last.seen.down.length > 1);
    proxy.isDeaf = true;
    proxy.cut();
    await until(() => proxy.connections.length === 2);
    session.close();
    await session.closed;
    proxy.isDeaf = false;
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(session.state, "closed");
    assert.equal(proxy.connections.length, 2);
  });

  it("may be given up while they are made", async () => {
    const bob = await agents.bob({ limits: { handshakeMs: 300 } });
    const proxy = await proxied(bob.server.port);
    proxy.isDeaf = true;
    const giveUp = new AbortController();
    const connecting = agents.alice(proxy.url, { signal: giveUp.signal });
    await until(() => proxy.connections.length === 1);
    giveUp.abort(new Error("enough"));
    await assert.rejects(connecting, /enough/);
    // Nor do they take longer than they may, whatever makes them.
    await assert.rejects(
      agents.alice(proxy.url, { handshakeMs: 50 }),
      (error) => error instanceof M2MError && error.code === "M2M_ANSWER_TIMEOUT",
    );
    await assert.rejects(
      agents.alice(proxy.url, { handshakeMs: 50, dial: () => new Promise(() => {}) }),
      (error) => error instanceof M2MError && error.code === "M2M_ANSWER_TIMEOUT",
    );
    await until(() => bob.server.connectionCount === 0);
  });

  it("to nobody say so", async () => {
    const bob = await agents.bob();
    await bob.server.close();
    await assert.rejects(
      agents.alice(bob.url),
      (error) => error instanceof M2MError && error.code === "M2M_CONNECTION_FAILED",
    );
  });

  it("go on with other keys when one says so, in the middle of traffic", async () => {
    const bob = await agents.bob();
    const session = await agents.alice(bob.url);
    const other = await bob.nextSession();
    void echo(other);
    const stream = session.openStream();
    for (let round = 0; round < 600; round++) {
      stream.write(`${round}`);
      if (round % 2 === 0) session.rekey();
      if (round % 3 === 0) other.rekey();
      assert.equal(textOf(await stream.receive()), `${round}`);
    }
  });
});
