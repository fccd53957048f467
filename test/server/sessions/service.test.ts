import { expect } from "chai";
import fc from "fast-check";
import { HeldBytes } from "../../../src/http/index.js";
import { createSessionService, noRoomForContent } from "../../../src/server/sessions/index.js";
import {
  MemorySessionStore,
  readMessage,
  Session,
  writeMessage,
  type Message,
  type SessionStore,
} from "../../../src/session/index.js";
import { M2MError, UpstreamError } from "../../../src/shared/errors.js";
import { catchM2MError, rejection } from "../../helpers/catch-error.js";
import { readVectors } from "../../helpers/vectors.js";
import { Clock, scannerOf } from "../../session/pair.js";
import { Agent, makeService, memoryStores } from "./fixture.js";

const signal = (type: "PING" | "PONG" | "CLOSE", sessionId: string): Message => ({
  type,
  sessionId,
  timestampMs: 1,
});

describe("the service of sessions", () => {
  it("answers HELLO, DATA, PING and CLOSE as the protocol says", async () => {
    const under = makeService();
    const { service } = under;
    const agent = await Agent.meet(under);
    expect(await service.count()).to.equal(1);
    const { reply, received, error } = await agent.say("Hello");
    expect(error).to.equal(undefined);
    expect(received?.text).to.equal("Hello");
    expect((await agent.session.receive(writeMessage(reply!))).data?.text).to.equal("Hello");
    const pong = await service.handle(writeMessage(agent.session.ping()));
    expect(pong.reply).to.include({ type: "PONG", sessionId: agent.id });
    const closed = await service.handle(writeMessage(agent.session.close()!));
    expect(closed.reply).to.include({ type: "CLOSE", sessionId: agent.id });
    await agent.session.receive(closed.reply!);
    expect(agent.session.state).to.equal("closed");
    expect(await service.count()).to.equal(0);
    const late = await service.handle(signal("PING", agent.id));
    expect(late.error?.code).to.equal("M2M_SESSION_UNKNOWN");
    expect(late.reply).to.deep.include({
      type: "REJECT",
      rejection: { code: "UNKNOWN", message: "M2M_SESSION_UNKNOWN" },
    });
    const { refused, ...metrics } = service.metrics();
    expect(refused).to.deep.equal({ M2M_SESSION_UNKNOWN: 1 });
    expect(metrics).to.include({ opened: 1, closed: 1, rejected: 0, messages: 5, data: 1, relayed: 0 });
    expect(metrics.contentBytes).to.equal(5);
  });

  it("understands every published HELLO", async () => {
    const { service } = makeService();
    const published = readVectors<{ input: string }>("session/published.json")
      .map(({ input }) => input)
      .filter((message) => message.includes('"HELLO"'));
    expect(published.length).to.be.greaterThan(0);
    for (const hello of published) {
      const { reply } = await service.handle(hello);
      expect(reply?.type, hello).to.equal("ACCEPT");
    }
  });

  it("agrees on what a peer wants, or on what it was told to offer", async () => {
    const wanted = { capabilities: { compression: { algorithms: ["token", "m2m", "brotli"] } } } as const;
    expect((await Agent.meet(makeService(), wanted)).session.agreed?.algorithms).to.deep.equal([
      "token",
      "m2m",
      "brotli",
    ]);
    const told = makeService({ capabilities: { compression: { algorithms: ["brotli"] } } });
    expect((await Agent.meet(told, wanted)).session.agreed?.algorithms).to.deep.equal(["brotli"]);
  });

  it("rejects who does not fit, and says why", async () => {
    const { service } = makeService({ requireSecurity: true, scanner: scannerOf(0) });
    const hello = '{"type":"HELLO","payload":{"version":"2.0"},"timestamp":1}';
    const { reply, error, sessionId } = await service.handle(hello);
    expect(reply).to.deep.nested.include({ type: "REJECT", "rejection.code": "VERSION_MISMATCH" });
    expect(error?.code).to.equal("M2M_SESSION_REJECTED");
    expect(sessionId).to.equal(undefined);
    expect(service.metrics()).to.include({ rejected: 1, opened: 0 });
    expect(await service.count()).to.equal(0);
  });

  it("refuses rubbish without harm", async () => {
    const under = makeService();
    const { service } = under;
    const agent = await Agent.meet(under);
    for (const [input, code] of [
      ["", "M2M_JSON_INVALID"],
      ["[]", "M2M_MESSAGE_INVALID"],
      ['{"type":"REJECT","payload":{"code":"UNKNOWN"},"timestamp":1}', "M2M_PROTOCOL_STATE"],
      [`{"type":"ACCEPT","session_id":"x","payload":{"version":"3.0"},"timestamp":1}`, "M2M_MESSAGE_INVALID"],
      [writeMessage(signal("PING", "nobody")), "M2M_SESSION_UNKNOWN"],
      ['{"type":"FLY","timestamp":1}', "M2M_MESSAGE_TYPE_UNSUPPORTED"],
      [`{"type":"PING","session_id":"${agent.id}","timestamp":1,"cursor":"x"}`, "M2M_MESSAGE_INVALID"],
      ["{".repeat(100), "M2M_JSON_INVALID"],
      ["[".repeat(100_000), "M2M_JSON_TOO_DEEP"],
      [Uint8Array.of(0xff), "M2M_UTF8_INVALID"],
    ] as const) {
      const { error, reply } = await service.handle(input);
      expect(error?.code, String(input)).to.equal(code);
      expect(reply?.type).to.equal("REJECT");
    }
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.string(), fc.json(), fc.uint8Array()), async (input) => {
        expect((await service.handle(input)).error).to.be.instanceOf(M2MError);
      }),
    );
    expect((await agent.say("still here")).error).to.equal(undefined);
  });

  it("describes sessions and ends them", async () => {
    const under = makeService();
    const { service, clock } = under;
    const agent = await Agent.meet(under, { channel: "room" });
    const view = await service.describe(agent.id);
    expect(view).to.include({
      id: agent.id,
      state: "established",
      version: "3.0",
      agentId: agent.session.local.agentId,
      channel: "room",
      createdAtMs: clock.atMs,
      expiresAtMs: clock.atMs + 300_000,
      encoding: "cl100k_base",
    });
    expect(view!.algorithms).to.deep.equal(["token-native", "brotli", "none"]);
    expect(await service.describe("nobody")).to.equal(undefined);
    const waiting = service.take(agent.id, { waitMs: 30_000 });
    expect(await service.close(agent.id)).to.equal(true);
    const [entry] = await waiting;
    expect(readMessage(entry.message)).to.include({ type: "CLOSE", sessionId: agent.id });
    expect(await service.close(agent.id)).to.equal(false);
    expect(await service.describe(agent.id)).to.equal(undefined);
    expect(await under.stores.channels.members("room")).to.deep.equal([]);
  });

  it("lets time end a session, and ping where there is a connection", async () => {
    const under = makeService();
    const { service, clock } = under;
    const agent = await Agent.meet(under);
    expect(await service.tick(agent.id)).to.deep.equal({
      message: undefined,
      nextDeadlineMs: clock.atMs + 60_000,
    });
    clock.atMs += 60_000;
    expect((await service.tick(agent.id)).message).to.include({ type: "PING" });
    await service.handle(signal("PONG", agent.id));
    expect((await service.tick(agent.id)).nextDeadlineMs).to.equal(clock.atMs + 60_000);
    clock.atMs += 299_999;
    expect((await service.handle(signal("PING", agent.id))).reply).to.include({ type: "PONG" });
    clock.atMs += 300_000;
    expect((await service.handle(signal("PING", agent.id))).error?.code).to.equal("M2M_SESSION_UNKNOWN");
    expect(await service.describe(agent.id)).to.equal(undefined);
    const { message, nextDeadlineMs } = await service.tick(agent.id);
    expect(message).to.include({ type: "CLOSE", sessionId: agent.id });
    expect(nextDeadlineMs).to.equal(undefined);
    expect(await service.count()).to.equal(0);
  });

  it("limits HELLO by address and DATA by session, and says when to come again", async () => {
    const limits = {
      helloRate: { capacity: 2, refillPerSecond: 1 },
      dataRate: { capacity: 3, refillPerSecond: 2 },
    };
    const under = makeService({ limits });
    const { service, clock } = under;
    const hello = writeMessage(new Session({ role: "initiator" }).connect());
    const from = (address: string) => service.handle(hello, { address });
    await from("1");
    await from("1");
    const refused = await from("1");
    expect(refused.error?.code).to.equal("M2M_RATE_LIMITED");
    expect(refused.retryAfterMs).to.equal(1000);
    expect(refused.reply).to.deep.nested.include({ "rejection.code": "RATE_LIMITED" });
    expect((await from("2")).error).to.equal(undefined);
    clock.atMs += 1000;
    expect((await from("1")).error).to.equal(undefined);

    const agent = await Agent.meet(under);
    const other = await Agent.meet(under);
    for (let i = 0; i < 3; i++) expect((await agent.say("x")).error).to.equal(undefined);
    const late = await agent.say("x");
    expect(late.error?.code).to.equal("M2M_RATE_LIMITED");
    expect(late.retryAfterMs).to.equal(500);
    expect((await other.say("x")).error).to.equal(undefined);
    clock.atMs += 500;
    expect((await agent.say("x")).error).to.equal(undefined);
  });

  it("counts a message once, however often others are faster, and says that it is busy if they always are", async () => {
    let lost = 0;
    const clock = new Clock();
    class ContendedStore extends MemorySessionStore {
      override async put(...[snapshot, options]: Parameters<MemorySessionStore["put"]>): Promise<boolean> {
        if (options?.replaces !== undefined && lost-- > 0) return false;
        return super.put(snapshot, options);
      }
    }
    const under = makeService({
      store: new ContendedStore({ nowMs: clock.nowMs }),
      limits: { dataRate: { capacity: 3, refillPerSecond: 1 } },
    });
    const agent = await Agent.meet(under);
    for (let message = 0; message < 2; message++) {
      lost = 5;
      expect((await agent.say("x")).error).to.equal(undefined);
    }
    lost = Infinity;
    const { error, retryAfterMs, reply } = await agent.say("x", { sequence: 1 });
    expect([error?.code, error?.family, retryAfterMs]).to.deep.equal(["M2M_BUSY", "LimitError", 1000]);
    expect(reply?.delivery?.rejection).to.deep.equal({ code: "RATE_LIMITED", message: "M2M_BUSY" });
  });

  it("holds only so many bytes of what it opens, and takes the message when there is room", async () => {
    const contents = new HeldBytes({ maxBytes: 5000, noRoom: noRoomForContent });
    const under = makeService({ contents });
    const brotli = { capabilities: { compression: { algorithms: ["brotli"] } } } as const;
    const agent = await Agent.meet(under, brotli);
    const bomb = writeMessage(await agent.data("x".repeat(3000), { sequence: 1 }));
    expect(bomb.length).to.be.lessThan(1000);
    const others = contents.open();
    others.hold(2500);
    const refused = await under.service.handle(bomb);
    expect([refused.error?.code, refused.retryAfterMs]).to.deep.equal(["M2M_BUSY", 1000]);
    expect(refused.reply).to.deep.nested.include({ "delivery.rejection.message": "M2M_BUSY" });
    others.release();
    others.hold(2000);
    for (let times = 0; times < 3; times++) {
      const { error, received } = await under.service.handle(bomb);
      expect([error, received?.text.length]).to.deep.equal([undefined, 3000]);
    }
    // What there never is room for is told from that.
    const strict = makeService({ contents, capabilities: { compression: { maxPayloadBytes: 2000 } } });
    const other = await Agent.meet(strict, brotli);
    const { error } = await strict.service.handle({
      ...(await agent.data("x".repeat(3000))),
      sessionId: other.id,
    });
    expect(error?.code).to.equal("M2M_PAYLOAD_TOO_LARGE");
  });

  it("scans once what it takes and gives back, and refuses threats", async () => {
    const scanner = scannerOf(0.2);
    const under = makeService({
      scanner,
      capabilities: { security: { blocking: true, blockThreshold: 0.5 } },
    });
    const agent = await Agent.meet(under, {
      scanner: scannerOf(0),
      capabilities: { security: { blocking: true } },
    });
    expect((await agent.say("fine")).reply).to.deep.nested.include({ "security.scanned": true });
    expect(scanner.asked).to.have.length(1);
    const strict = makeService({ scanner: scannerOf(0.9), capabilities: { security: { blocking: true } } });
    const other = await Agent.meet(strict);
    const { error, reply } = await other.say("attack");
    expect(error?.code).to.equal("M2M_SECURITY_THREAT");
    expect(reply).to.deep.nested.include({ type: "REJECT", "rejection.code": "SECURITY_POLICY" });
    const numbered = await other.say("attack", { sequence: 7 });
    expect(numbered.reply).to.deep.include({
      type: "PONG",
      delivery: { ack: 7, rejection: { code: "SECURITY_POLICY", message: "M2M_SECURITY_THREAT" } },
    });
    const view = await strict.service.describe(other.id);
    expect(view!.counters.blocked).to.equal(2);
    expect(view!.counters.received.dataMessages).to.equal(2);
    expect(strict.service.metrics().refused).to.deep.equal({ M2M_SECURITY_THREAT: 2 });
  });

  it("is told of options that no session can have", () => {
    expect(
      catchM2MError(() => makeService({ capabilities: { security: { threatDetection: true } } })).code,
    ).to.equal("M2M_USAGE");
    expect(catchM2MError(() => makeService({ limits: { retentionMs: 0 } })).code).to.equal("M2M_USAGE");
  });

  it("says that it is full", async () => {
    const clock = new Clock();
    const store = new MemorySessionStore({ maxSessions: 1, nowMs: clock.nowMs });
    const under = makeService({ store });
    const agent = await Agent.meet(under);
    const { error, reply } = await under.service.handle(
      writeMessage(new Session({ role: "initiator" }).connect()),
    );
    expect(error?.code).to.equal("M2M_SESSIONS_FULL");
    expect(reply).to.deep.nested.include({ "rejection.code": "RATE_LIMITED" });
    expect((await agent.say("still here")).error).to.equal(undefined);
  });

  it("loses no change when two processes change a session at once", async () => {
    const under = makeService();
    const other = createSessionService({ ...under.stores, nowMs: under.clock.nowMs });
    const agent = await Agent.meet(under);
    const messages = await Promise.all(Array.from({ length: 20 }, () => agent.data("x")));
    const handled = await Promise.all(
      messages.map((message, i) => (i % 2 ? under.service : other).handle(writeMessage(message))),
    );
    expect(handled.map(({ error }) => error)).to.deep.equal(messages.map(() => undefined));
    const view = await other.describe(agent.id);
    expect(view!.counters.received.dataMessages).to.equal(20);
    expect(view!.counters.sent.dataMessages).to.equal(20);
  });

  it("turns a store that fails into an error, and goes on when it is back", async () => {
    const stores = memoryStores(new Clock().nowMs);
    let broken = false;
    const fail = (): void => {
      if (broken) throw new UpstreamError("M2M_DOWNLOAD_OFFLINE", "secret address");
    };
    const store: SessionStore = {
      get: async (id) => (fail(), stores.store.get(id)),
      put: async (snapshot, options) => (fail(), stores.store.put(snapshot, options)),
      delete: async (id) => (fail(), stores.store.delete(id)),
      count: async () => stores.store.count(),
    };
    const under = makeService({ ...stores, store });
    const agent = await Agent.meet(under);
    broken = true;
    const { error, reply } = await agent.say("x");
    expect(error?.family).to.equal("UpstreamError");
    expect(JSON.stringify(reply)).not.to.contain("secret");
    broken = false;
    expect((await agent.say("x")).error).to.equal(undefined);
  });

  it("finishes what it is doing when it shuts down, and ends what waits", async () => {
    let release!: () => void;
    const held = new Promise<void>((resolve) => (release = resolve));
    const scanner = {
      scan: async () => {
        await held;
        return { safe: true, score: 0, shouldBlock: false };
      },
    };
    const under = makeService({ scanner });
    const agent = await Agent.meet(under);
    const waiting = under.service.take(agent.id, { waitMs: 30_000 });
    const saying = agent.say("slow");
    let isDown = false;
    const down = under.service.shutdown().then(() => (isDown = true));
    expect(await waiting).to.deep.equal([]);
    expect(isDown).to.equal(false);
    release();
    expect((await saying).error).to.equal(undefined);
    await down;
    expect((await rejection(under.service.take("nobody"))).code).to.equal("M2M_SESSION_UNKNOWN");
  });
});
