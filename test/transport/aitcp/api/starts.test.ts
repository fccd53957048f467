import { strict as assert } from "node:assert";
import { LimitError, M2MError, UpstreamError } from "../../../../src/shared/errors.js";
import { MemoryRecordStore, type PutOptions } from "../../../../src/shared/record-store.js";
import type { AiTcpStore } from "../../../../src/transport/aitcp/index.js";
import { Agents, until } from "../agents.js";
import { switched } from "../two-servers.js";

type Records = Parameters<AiTcpStore["put"]>[0];

/** A store that takes no tickets for a while. */
class TicketlessStore extends MemoryRecordStore<Records> {
  isRefusing = false;
  refused = 0;

  constructor() {
    super({ maxRecords: 1000, fullError: () => new LimitError("M2M_SESSIONS_FULL", "full") });
  }

  override async put(record: Records, options?: PutOptions): Promise<boolean> {
    if (this.isRefusing && record.id?.startsWith("ticket-")) {
      this.refused++;
      throw new UpstreamError("M2M_STORE_UNAVAILABLE", "The store does not answer.");
    }
    return super.put(record, options);
  }
}

describe("sessions of AI-TCP whose start fails", () => {
  const agents = new Agents();
  afterEach(() => agents.end());

  it("do not stay", async () => {
    const store = new TicketlessStore();
    store.isRefusing = true;
    const bob = await agents.bob({ store });
    await assert.rejects(
      agents.alice(bob.url).then((session) => session.closed),
      M2MError,
    );
    await until(() => store.refused > 0 && bob.server.connectionCount === 0);
    assert.equal(bob.server.sessionCount, 0);
    assert.equal(bob.sessions.length, 0);
    assert.equal(await store.count(), 0);
  });

  it("go on later, if another process had them", async () => {
    const store = new TicketlessStore();
    const first = await agents.bob({ store });
    const second = await agents.bob({ store });
    const { proxy, turnTo } = await switched(agents, first);
    const session = await agents.alice(proxy.url);
    const here = await first.nextSession();
    store.isRefusing = true;
    turnTo(second);
    proxy.last.cut();
    await until(() => store.refused > 2);
    assert.equal(second.sessions.length, 0);
    await until(() => second.server.sessionCount === 0);
    store.isRefusing = false;
    const there = await second.nextSession();
    assert.equal(there.id, here.id);
    await until(() => session.state === "open");
    assert.equal(second.server.sessionCount, 1);
  });
});
