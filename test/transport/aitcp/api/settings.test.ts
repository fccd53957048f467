import { strict as assert } from "node:assert";
import { InputError, M2MError } from "../../../../src/shared/errors.js";
import type { AiTcpServerLimits, AiTcpSettings } from "../../../../src/transport/aitcp/index.js";
import { Agents, echo, textOf } from "../agents.js";
import { Proxy } from "../middle.js";

describe("sessions of AI-TCP: what both sides agree on", () => {
  const agents = new Agents();
  afterEach(() => agents.end());

  for (const mode of ["none", "turn", "packet"] as const) {
    it(`signatures in the mode ${mode}`, async () => {
      const bob = await agents.bob({ settings: { signatures: [mode] } });
      const session = await agents.alice(bob.url);
      void bob.nextSession().then(echo);
      assert.equal(session.agreed.signatures, mode);
      const stream = session.openStream();
      for (const text of ["a", "b", "c"]) {
        stream.write(text);
        assert.equal(textOf(await stream.receive()), text);
        session.endTurn();
      }
    });
  }

  it("nothing, if they take no mode of signatures in common", async () => {
    const bob = await agents.bob({ settings: { signatures: ["packet"] } });
    await assert.rejects(
      agents.alice(bob.url, { settings: { signatures: ["none"] } }),
      (error) => error instanceof M2MError && error.code === "M2M_SIGNATURES_UNSUPPORTED",
    );
    assert.equal(bob.server.sessionCount, 0);
  });

  for (const who of ["alice", "bob"] as const) {
    it(`lengths in buckets, if only ${who} asks for it`, async () => {
      const bob = await agents.bob({ settings: { padding: who === "bob" } });
      const proxy = await Proxy.start(bob.server.port);
      agents.onEnd(() => proxy.stop());
      const session = await agents.alice(proxy.url, { settings: { padding: who === "alice" } });
      const other = await bob.nextSession();
      assert.deepEqual([session.agreed.isPadded, other.agreed.isPadded], [true, true]);
      void echo(other);
      const lengths = new Set<number>();
      for (const length of [1, 20, 60, 100, 150]) {
        const stream = session.openStream();
        const before = proxy.last.seen.up.length;
        stream.write(new Uint8Array(length));
        await stream.receive();
        for (const packet of proxy.last.seen.up.slice(before)) lengths.add(packet.length);
        stream.end();
      }
      // All of it fits the first bucket, of 256 bytes.
      assert.equal(lengths.size, 1);
    });
  }

  it("no settings that would be none", async () => {
    const wrong: AiTcpSettings[] = [
      { signatures: [] },
      { idleMs: 10 },
      { idleMs: Infinity },
      { maxMessageBytes: NaN },
      { maxMessageBytes: 0 },
      { streamWindowBytes: 100 },
      { sessionWindowBytes: 1.5e3 + 0.5 },
      { maxStreams: -1 },
      { lifetimeSeconds: 0.5 },
    ];
    for (const settings of wrong) {
      await assert.rejects(agents.bob({ settings }), InputError, JSON.stringify(settings));
    }
  });

  it("no limits that would be none", async () => {
    const bucket = { capacity: 10, refillPerSecond: 10 };
    const wrong: Partial<AiTcpServerLimits>[] = [
      { maxConnections: -1 },
      { maxSessions: Infinity },
      { maxSessionsPerPeer: -1 },
      { cookiesFrom: NaN },
      { maxHandshakes: 1.5 },
      { handshakeMs: 2 ** 31 },
      ...(["connectionRate", "peerRate"] as const).flatMap((name) => [
        { [name]: { ...bucket, capacity: Infinity } },
        { [name]: { ...bucket, capacity: 0 } },
        { [name]: { ...bucket, refillPerSecond: NaN } },
        { [name]: { ...bucket, refillPerSecond: Infinity } },
      ]),
    ];
    for (const limits of wrong) {
      await assert.rejects(
        agents.bob({ limits }),
        (error) => error instanceof InputError && error.code === "M2M_USAGE",
        JSON.stringify(limits),
      );
    }
  });

  it("a session, only while the server has room for one", async () => {
    const bob = await agents.bob({ limits: { maxSessions: 2 } });
    await agents.alice(bob.url);
    const second = await agents.alice(bob.url);
    await bob.nextSession();
    await bob.nextSession();
    await assert.rejects(
      agents.alice(bob.url),
      (error) => error instanceof M2MError && error.code === "M2M_BUSY",
    );
    assert.equal(bob.server.sessionCount, 2);
    second.close();
    await second.closed;
    const again = await agents.alice(bob.url);
    await bob.nextSession();
    assert.equal(again.state, "open");
  });
});
