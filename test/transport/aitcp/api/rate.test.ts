import { strict as assert } from "node:assert";
import { Agents, bytesOf } from "../agents.js";

describe("sessions of AI-TCP: who sends too fast", () => {
  const agents = new Agents();
  afterEach(() => agents.end());

  // The second holds less than what comes in one chunk.
  for (const [capacity, refillPerSecond] of [
    [100_000, 1_000_000],
    [10_000, 1_000_000],
  ]) {
    it(`is read no faster than its rate, with ${capacity} at once, over all its connections, and loses nothing`, async () => {
      const rate = { capacity, refillPerSecond };
      const bob = await agents.bob({ limits: { peerRate: rate } });
      const startMs = performance.now();
      const total = 2 * 600_000;
      await Promise.all(
        [1, 2].map(async (seed) => {
          const session = await agents.alice(bob.url);
          const other = bob.nextSession();
          const stream = session.openStream();
          const sent = Promise.all(
            Array.from({ length: 20 }, (_, index) => stream.send(bytesOf(30_000, 20 * seed + index))),
          );
          const received = await (await other).acceptStream();
          for (let count = 0; count < 20; count++) assert.equal((await received?.receive())?.length, 30_000);
          await sent;
        }),
      );
      // What the bucket has at first comes at once, and the last chunk of each connection before it is paid for.
      const leastMs = ((total - rate.capacity - 2 * 65_536) / rate.refillPerSecond) * 1000;
      const tookMs = performance.now() - startMs;
      assert.ok(tookMs >= 0.7 * leastMs, `${tookMs.toFixed(0)} ms instead of ${leastMs.toFixed(0)} ms`);
    });
  }

  it("is read again by a clock that does not go back, whatever the time of day does", async () => {
    const bob = await agents.bob({
      nowMs: () => 1_790_000_000_000,
      monotonicMs: () => performance.now(),
      limits: { peerRate: { capacity: 1000, refillPerSecond: 20_000 } },
    });
    const session = await agents.alice(bob.url);
    const stream = session.openStream();
    const accepting = bob.nextSession().then((other) => other.acceptStream());
    for (let count = 0; count < 2; count++) {
      const sending = stream.send(bytesOf(6000, count));
      assert.equal((await (await accepting)?.receive())?.length, 6000);
      await sending;
    }
  });

  it("is not taken for silent while nothing of it is read", async () => {
    // What the message costs beyond the bucket is paid for in more than twice the time after which a peer is silent.
    const bob = await agents.bob({
      settings: { idleMs: 1000 },
      limits: { peerRate: { capacity: 1000, refillPerSecond: 2000 } },
    });
    const states: string[] = [];
    const session = await agents.alice(bob.url, { onState: (state) => states.push(state) });
    const other = await bob.nextSession();
    const stream = session.openStream();
    stream.write(bytesOf(6000, 1));
    const received = await other.acceptStream();
    assert.equal((await received?.receive())?.length, 6000);
    stream.write(bytesOf(10, 2));
    assert.equal((await received?.receive())?.length, 10);
    assert.deepEqual(states, []);
  });
});
