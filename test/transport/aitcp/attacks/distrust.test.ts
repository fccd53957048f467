import { strict as assert } from "node:assert";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LimitError, M2MError } from "../../../../src/shared/errors.js";
import { MemoryRecordStore } from "../../../../src/shared/record-store.js";
import {
  formatIdentity,
  issueCertificate,
  KnownPeers,
  TrustPolicy,
} from "../../../../src/transport/aitcp/identity/index.js";
import type { AiTcpStore } from "../../../../src/transport/aitcp/index.js";
import { Agents, alice, bob as bobIdentity, crypto, mallory, until } from "../agents.js";
import { Proxy } from "../middle.js";
import { switched } from "../two-servers.js";

const isUntrusted = (error: unknown): boolean =>
  error instanceof M2MError && error.code === "M2M_PEER_UNTRUSTED";

describe("AI-TCP when trust is taken back", () => {
  const agents = new Agents();
  afterEach(() => agents.end());

  function peersFile(content: string): {
    path: string;
    write: (content: string) => void;
    trust: TrustPolicy;
  } {
    const folder = mkdtempSync(join(tmpdir(), "m2m-distrust-"));
    agents.onEnd(() => rmSync(folder, { recursive: true }));
    const path = join(folder, "known_peers");
    const write = (text: string): void => writeFileSync(path, text);
    write(content);
    const trust = new TrustPolicy({ crypto, knownPeers: new KnownPeers(path), trustOnFirstUse: true });
    return { path, write, trust };
  }

  /** It is asked for every quarter of a second. */
  const settings = { lifetimeSeconds: 2 };
  const line = `* ${formatIdentity(alice.publicKey)}\n`;

  it("sessions of who is taken out of the file of known peers end soon, and both sides know why", async () => {
    const { trust, write } = peersFile(line);
    const bob = await agents.bob({ trust, settings });
    const session = await agents.alice(bob.url);
    const other = await bob.nextSession();
    write("# nobody\n");
    await Promise.all([
      assert.rejects(session.closed, isUntrusted),
      assert.rejects(other.closed, isUntrusted),
    ]);
    assert.equal(bob.server.sessionCount, 0);
  });

  it("sessions go on while the file cannot be read, and end when it can", async () => {
    const { trust, write } = peersFile(line);
    const bob = await agents.bob({ trust, settings });
    const session = await agents.alice(bob.url);
    const other = await bob.nextSession();
    write("this is no line\n");
    await new Promise((resolve) => setTimeout(resolve, 700));
    assert.deepEqual([session.state, other.state], ["open", "open"]);
    write("");
    await assert.rejects(other.closed, isUntrusted);
  });

  it("tickets are refused", async () => {
    const trust = new TrustPolicy({ crypto, pinned: [alice.publicKey] });
    const bob = await agents.bob({ trust });
    const proxy = await Proxy.start(bob.server.port);
    agents.onEnd(() => proxy.stop());
    const session = await agents.alice(proxy.url);
    await bob.nextSession();
    trust.distrust(alice.publicKey);
    proxy.cut();
    await assert.rejects(session.closed, isUntrusted);
    assert.equal(bob.sessions.length, 1);
    await until(() => bob.errors.some(isUntrusted), "the server's refusal");
  });

  it("a client ends its session with a server that its file does not know any more", async () => {
    const bob = await agents.bob({ settings });
    const { trust, write } = peersFile(
      `127.0.0.1:${bob.server.port} ${formatIdentity(bobIdentity.publicKey)}\n`,
    );
    const session = await agents.alice(bob.url, { trust });
    write("");
    // That would be a first use again, if it were one.
    await assert.rejects(session.closed, isUntrusted);
  });

  it("a certificate holds for the sessions that began with it, in any process, as long as it is in its time", async () => {
    let nowMs = Date.now();
    const clock = { nowMs: () => nowMs, monotonicMs: () => performance.now() };
    const seconds = Math.floor(nowMs / 1000);
    const certificate = issueCertificate(mallory, alice.publicKey, seconds - 10, seconds + 60);
    const trust = new TrustPolicy({ crypto, organisations: [mallory.publicKey] });
    const store: AiTcpStore = new MemoryRecordStore({
      maxRecords: 100,
      fullError: () => new LimitError("M2M_SESSIONS_FULL", "full"),
    });
    const first = await agents.bob({ trust, store, ...clock });
    const second = await agents.bob({ trust, store, settings, ...clock });
    const { proxy, turnTo } = await switched(agents, first);
    const session = await agents.alice(proxy.url, { certificate });
    await first.nextSession();
    turnTo(second);
    proxy.cut();
    const there = await second.nextSession();
    await until(() => session.state === "open");
    await new Promise((resolve) => setTimeout(resolve, 600));
    assert.equal(there.state, "open");
    nowMs += 61_000;
    await assert.rejects(there.closed, isUntrusted);
  });
});
