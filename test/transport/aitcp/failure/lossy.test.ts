import { strict as assert } from "node:assert";
import { Agents, until } from "../agents.js";
import { Proxy, type Carried } from "../middle.js";
import { assertComplete, assertOnceInOrder, delay, randomOf, sendAll, takeAll } from "./transfer.js";

const STREAMS = 4;
const COUNT = 100;

/** What a bad line does to a packet. */
function fault(
  { bytes, connection, way }: Carried,
  random: () => number,
  rate: number,
): readonly Uint8Array[] | undefined {
  if (random() >= rate) return [bytes];
  switch (Math.floor(random() * 6)) {
    case 0:
      connection.cut();
      return undefined;
    case 1:
      setImmediate(() => connection.cut());
      return [bytes];
    case 2: {
      setImmediate(() => connection.cut());
      return [bytes.subarray(0, Math.floor(random() * bytes.length))];
    }
    case 3:
      connection.isDeaf = true;
      setTimeout(() => connection.cut(), 30);
      return undefined;
    case 4:
      setTimeout(() => {
        if (!connection.isOver) connection.inject(way, bytes);
        connection.isDeaf = false;
      }, 20);
      connection.isDeaf = true;
      return undefined;
    default:
      return [bytes.map((byte, at) => (at === 150 ? byte ^ 8 : byte))];
  }
}

describe("AI-TCP over lines that fail", () => {
  const agents = new Agents();
  afterEach(() => agents.end());

  for (const [seed, rate] of [
    [1, 0.02],
    [2, 0.05],
    [3, 0.1],
    [4, 0.2],
  ] as const) {
    it(`a steady transfer both ways comes through, once and in order (faults in ${rate * 100} % of packets)`, async function () {
      this.timeout(60_000);
      const random = randomOf(seed);
      const bob = await agents.bob();
      const proxy = await Proxy.start(bob.server.port);
      agents.onEnd(() => proxy.stop());
      const session = await agents.alice(proxy.url, { handshakeMs: 1000 });
      const other = await bob.nextSession();
      const [fromAlice, fromBob]: [string[], string[]] = [[], []];
      proxy.tamper = (packet) => fault(packet, random, rate);
      const labels = Array.from({ length: STREAMS }, (_, label) => label);
      const [, , ...sent] = await Promise.all([
        takeAll(other, STREAMS, (label) => fromAlice.push(label)),
        takeAll(session, STREAMS, (label) => fromBob.push(label)),
        ...labels.map((label) => sendAll(session, "alice", label, COUNT, 1)),
        ...labels.map((label) => sendAll(other, "bob", label, COUNT, 1)),
      ]);
      for (const got of [fromAlice, fromBob]) assertOnceInOrder(got);
      assertComplete(fromAlice, "alice", STREAMS, COUNT);
      assertComplete(fromBob, "bob", STREAMS, COUNT);
      for (const { unknown } of sent) assert.deepEqual(unknown, []);
      assert.equal(bob.sessions.length, 1);
      assert.ok(proxy.connections.length > 3, `${proxy.connections.length} connections`);
      // Nothing is held any more, on either side.
      proxy.tamper = undefined;
      await until(() => session.queuedBytes === 0 && other.queuedBytes === 0);
    });
  }

  it("migrates to another connection while the old one lives, and hears nothing of the old one any more", async () => {
    const bob = await agents.bob({ settings: { idleMs: 60_000 } });
    const proxy = await Proxy.start(bob.server.port);
    agents.onEnd(() => proxy.stop());
    const session = await agents.alice(proxy.url, { settings: { idleMs: 1000 } });
    const other = await bob.nextSession();
    const got: string[] = [];
    const taking = takeAll(other, 2, (label) => got.push(label));
    const first = await sendAll(session, "alice", 0, 20);
    // The old one carries nothing for a while, and what is held back comes late.
    const old = proxy.last;
    const held: Uint8Array[] = [];
    proxy.tamper = ({ bytes, connection }) => {
      if (connection !== old) return [bytes];
      held.push(bytes);
      return undefined;
    };
    const second = sendAll(session, "alice", 1, 20);
    await until(() => proxy.connections.length === 2 && held.length > 0);
    for (const bytes of held) if (!old.isOver) old.inject("up", bytes);
    assert.deepEqual((await second).unknown, []);
    await taking;
    assertOnceInOrder(got);
    assertComplete(got, "alice", 2, 20);
    assert.equal(first.acknowledged.length, 20);
    await until(() => bob.server.connectionCount === 1);
    assert.equal(bob.sessions.length, 1);
    await delay(1);
  });
});
