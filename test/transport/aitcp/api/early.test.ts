import { strict as assert } from "node:assert";
import { LimitError } from "../../../../src/shared/errors.js";
import { MemoryRecordStore } from "../../../../src/shared/record-store.js";
import { dialTcp } from "../../../../src/transport/aitcp/api/dial.js";
import type { AiTcpConnectOptions, AiTcpServerOptions } from "../../../../src/transport/aitcp/index.js";
import { Agents, textOf, until, type AiTcpSession, type Bob } from "../agents.js";
import { holdBack, keepFirst, kindOf, play, Proxy } from "../middle.js";

const EARLY = { takesEarly: true };

function memoryStore(): NonNullable<AiTcpServerOptions["store"]> {
  const fullError = (): LimitError => new LimitError("M2M_SESSIONS_FULL", "full");
  return new MemoryRecordStore({ maxRecords: 1000, fullError });
}

/** Answers each message, and notes which came early. */
async function answer(session: AiTcpSession, heard: string[]): Promise<void> {
  for await (const stream of session) {
    void (async () => {
      for await (const message of stream) {
        heard.push(`${stream.isEarly ? "early" : "late"} ${textOf(message)}`);
        stream.write(`re: ${textOf(message)}`);
      }
      stream.end();
    })().catch(() => {});
  }
}

describe("sessions of AI-TCP: messages with the first packet of a resumption", () => {
  const agents = new Agents();
  afterEach(() => agents.end());

  interface Setting {
    readonly bob: Bob;
    readonly proxy: Proxy;
    readonly session: AiTcpSession;
    readonly heard: string[];
    /** Lets the session have a connection again. */
    open(): void;
  }

  /** A session that has spoken, and whose connection is gone. */
  async function interrupted(
    bobs: Partial<AiTcpServerOptions> = EARLY,
    alices: Partial<AiTcpConnectOptions> = { sendsEarly: true },
  ): Promise<Setting> {
    const bob = await agents.bob(bobs);
    const proxy = await Proxy.start(bob.server.port);
    agents.onEnd(() => proxy.stop());
    let gate = Promise.resolve();
    let open!: () => void;
    const dial: AiTcpConnectOptions["dial"] = async (...to) => {
      await gate;
      return dialTcp(...to);
    };
    const session = await agents.alice(proxy.url, { dial, ...alices });
    const heard: string[] = [];
    void bob.nextSession().then((other) => answer(other, heard));
    gate = new Promise((resolve) => (open = resolve));
    const setting = { bob, proxy, session, heard, open };
    assert.equal(await ask(setting, "before"), "re: before");
    proxy.cut();
    await until(() => session.state === "interrupted");
    return setting;
  }

  async function ask({ session }: Pick<Setting, "session">, text: string): Promise<string | undefined> {
    const stream = session.openStream();
    stream.write(text, { isSafe: true });
    stream.end();
    return textOf(await stream.receive());
  }

  for (const store of [undefined, memoryStore()]) {
    it(`are answered before the second round trip${store ? ", with a store" : ""}`, async () => {
      const setting = await interrupted({ ...EARLY, store });
      const { proxy, heard, session } = setting;
      const asked = ask(setting, "quick");
      // Of what the initiator says, the responder hears INITIATION alone.
      const release = holdBack(proxy);
      setting.open();
      assert.equal(await asked, "re: quick");
      assert.deepEqual(heard, ["late before", "early quick"]);
      release();
      assert.equal(await ask(setting, "after"), "re: after");
      assert.deepEqual(heard.slice(2), ["late after"]);
      assert.equal(session.state, "open");
    });
  }

  it("are refused when the first packet is played again, before the handshake is over and after it", async () => {
    const setting = await interrupted();
    const { bob, proxy, heard } = setting;
    const asked = ask(setting, "once");
    const release = holdBack(proxy);
    setting.open();
    await asked;
    const [first] = proxy.last.seen.up;
    assert.equal(kindOf(first), "initiation");
    assert.deepEqual(await play(bob.server.port, first), ["refusal"]);
    release();
    await ask(setting, "after");
    assert.deepEqual(await play(bob.server.port, first), ["refusal"]);
    assert.deepEqual(heard, ["late before", "early once", "late after"]);
  });

  it("come once, and are answered, if the answer to the first packet is lost", async () => {
    const setting = await interrupted();
    const { proxy, heard, bob } = setting;
    const asked = ask(setting, "hello");
    const connections = proxy.connections.length;
    // The responder has given them to its application by then; the initiator has heard nothing.
    proxy.tamper = ({ bytes, way, connection }) => {
      if (way === "up" || connection !== proxy.connections[connections]) return [bytes];
      connection.cut();
      return undefined;
    };
    setting.open();
    assert.equal(await asked, "re: hello");
    assert.ok(proxy.connections.length > connections + 1);
    assert.deepEqual(heard, ["late before", "early hello"]);
    assert.equal(await ask(setting, "after"), "re: after");
    assert.equal(bob.sessions.length, 1);
  });

  it("that somebody has kept back do not disturb the session that went on without them", async () => {
    const setting = await interrupted();
    const { bob, proxy, heard, session } = setting;
    const asked = ask(setting, "hello");
    const keptOne = keepFirst(proxy);
    setting.open();
    assert.equal(await asked, "re: hello");
    const kept = keptOne();
    assert.ok(kept);
    await play(bob.server.port, kept);
    assert.equal(await ask(setting, "after"), "re: after");
    assert.deepEqual(heard, ["late before", "late hello", "late after"]);
    assert.equal(session.state, "open");
  });

  for (const [who, bobs, alices] of [
    ["the server", {}, { sendsEarly: true }],
    ["the client", EARLY, {}],
  ] as const) {
    it(`are no earlier than others where ${who} does not want it, which is the default`, async () => {
      const setting = await interrupted(bobs, alices);
      const asked = ask(setting, "patient");
      setting.open();
      assert.equal(await asked, "re: patient");
      assert.deepEqual(setting.heard, ["late before", "late patient"]);
    });
  }

  it("are only those that are marked as safe", async () => {
    const setting = await interrupted();
    const { session, heard, open } = setting;
    const stream = session.openStream();
    stream.write("safe", { isSafe: true });
    stream.write("not safe");
    open();
    assert.equal(textOf(await stream.receive()), "re: safe");
    assert.equal(textOf(await stream.receive()), "re: not safe");
    assert.deepEqual(heard, ["late before", "early safe", "late not safe"]);
  });
});
