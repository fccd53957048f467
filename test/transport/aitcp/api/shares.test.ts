import { strict as assert } from "node:assert";
import { PassThrough } from "node:stream";
import { LimitError, M2MError } from "../../../../src/shared/errors.js";
import { MemoryRecordStore, type PutOptions } from "../../../../src/shared/record-store.js";
import type { AiTcpStore } from "../../../../src/transport/aitcp/index.js";
import { Agents, alice, mallory, trusts, until, endOf } from "../agents.js";

type Records = Parameters<AiTcpStore["put"]>[0];

/** As far away as a store is, so that many come while it is asked. */
class FarStore extends MemoryRecordStore<Records> {
  constructor() {
    super({ maxRecords: 1000, fullError: () => new LimitError("M2M_SESSIONS_FULL", "full") });
  }

  override async put(record: Records, options?: PutOptions): Promise<boolean> {
    await new Promise((resolve) => setTimeout(resolve, 50));
    return super.put(record, options);
  }
}

describe("a server of AI-TCP: what one peer may have of it", () => {
  const agents = new Agents();
  afterEach(() => agents.end());

  it("so many sessions, and others have theirs", async () => {
    const bob = await agents.bob({ trust: trusts(alice, mallory), limits: { maxSessionsPerPeer: 2 } });
    const first = await agents.alice(bob.url);
    await bob.nextSession();
    await agents.alice(bob.url);
    await bob.nextSession();
    assert.ok((await endOf(agents.alice(bob.url))) instanceof M2MError);
    assert.ok(bob.errors.some((error) => error instanceof LimitError && error.code === "M2M_SESSIONS_FULL"));
    assert.equal(bob.server.sessionCount, 2);
    await agents.alice(bob.url, { identity: mallory });
    await bob.nextSession();
    first.close();
    await first.closed;
    await until(() => bob.server.sessionCount === 2);
    await agents.alice(bob.url);
    await bob.nextSession();
    assert.equal(bob.server.sessionCount, 3);
  });

  it("no more of them if they come at the same time", async () => {
    const bob = await agents.bob({ store: new FarStore(), limits: { maxSessionsPerPeer: 2 } });
    let refused = 0;
    const many = Array.from({ length: 5 }, () => endOf(agents.alice(bob.url)).then(() => refused++));
    await until(() => refused === 3 && bob.sessions.length === 2);
    assert.equal(bob.server.sessionCount, 2);
    assert.equal(many.length, 5);
  });

  for (const [what, same, other] of [
    ["address", ["192.0.2.1", "::ffff:192.0.2.1", "::FFFF:192.0.2.1"], "192.0.2.2"],
    ["mapped address", ["::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1"], "::ffff:192.0.2.2"],
    ["/64", ["2001:db8::1", "2001:db8:0:0:9::", "2001:0db8:0:0:1:2:3:4"], "2001:db8:0:1::1"],
    ["link", ["fe80::1%eth0", "fe80::2%eth0", "fe80::2"], "::1"],
  ] as const) {
    it(`so many connections of one ${what}`, async () => {
      const bob = await agents.bob({ limits: { connectionRate: { capacity: 2, refillPerSecond: 0.001 } } });
      const streams = [...same, other].map((address) => {
        const stream = new PassThrough();
        bob.server.serve(stream, address);
        return stream;
      });
      await until(() => bob.server.connectionCount === 3);
      assert.deepEqual(
        streams.map(({ destroyed }) => destroyed),
        [false, false, true, false],
      );
    });
  }
});
