import { expect } from "chai";
import { createSessionService } from "../../../src/server/sessions/index.js";
import { MemoryMailbox, readMessage } from "../../../src/session/index.js";
import { rejection } from "../../helpers/catch-error.js";
import { scannerOf } from "../../session/pair.js";
import { Agent, makeService } from "./fixture.js";

describe("channels", () => {
  it("bring what one member says to all others, as each of them agreed", async () => {
    const under = makeService({
      capabilities: { compression: { algorithms: ["token-native", "brotli", "none"] } },
    });
    const [ann, bob, cyd, stranger] = [
      await Agent.meet(under, { channel: "room" }),
      await Agent.meet(under, { channel: "room", capabilities: only("brotli") }),
      await Agent.meet(under, { channel: "room", capabilities: only("none") }),
      await Agent.meet(under, { channel: "other" }),
    ];
    expect(ann.session.agreed?.extensions.get("channel")).to.equal("room");
    const { reply, received } = await ann.say("Hello all");
    expect(reply).to.equal(undefined);
    expect(received?.text).to.equal("Hello all");
    expect((await bob.fetch()).texts).to.deep.equal(["Hello all"]);
    const [entry] = await under.service.take(cyd.id);
    expect(readMessage(entry.message)).to.include({ type: "DATA", algorithm: "none", sessionId: cyd.id });
    expect((await ann.fetch()).texts).to.deep.equal([]);
    expect((await stranger.fetch()).texts).to.deep.equal([]);
    expect(under.service.metrics()).to.include({ data: 1, relayed: 2 });

    function only(name: "brotli" | "none") {
      return { compression: { algorithms: [name] }, extensions: new Map([["channel", "room"]]) } as const;
    }
  });

  it("keep the order, and what was not acknowledged", async () => {
    const under = makeService();
    const ann = await Agent.meet(under, { channel: "room" });
    const bob = await Agent.meet(under, { channel: "room" });
    const said = Array.from({ length: 30 }, (_, i) => `message ${i}`);
    const messages = await Promise.all(said.map((text, i) => ann.data(text, { sequence: i + 1 })));
    // Handed over at once, they are taken in the order in which they came.
    await Promise.all(messages.map((message) => under.service.handle(message)));
    const first = await bob.fetch();
    expect(first.texts).to.deep.equal(said);
    expect((await bob.fetch()).texts).to.deep.equal(said);
    expect((await bob.fetch(first.last)).texts).to.deep.equal([]);
    expect((await bob.fetch()).texts).to.deep.equal([]);
  });

  it("take numbered DATA once, however often it is sent", async () => {
    const under = makeService();
    const other = createSessionService({ ...under.stores, nowMs: under.clock.nowMs });
    const ann = await Agent.meet(under, { channel: "room" });
    const bob = await Agent.meet(under, { channel: "room" });
    const message = await ann.data("once", { sequence: 1 });
    const ack = { type: "PONG", delivery: { ack: 1 } };
    expect((await under.service.handle(message)).reply).to.deep.include(ack);
    expect((await other.handle(message)).reply).to.deep.include(ack);
    const [entry] = await under.service.take(bob.id);
    await under.service.take(bob.id, { after: entry.id });
    expect((await other.handle(message)).reply).to.deep.include(ack);
    expect((await bob.fetch()).texts).to.deep.equal([]);
    await ann.say("next", { sequence: 2 });
    expect((await bob.fetch()).texts).to.deep.equal(["next"]);
  });

  it("refuse what a member has no room for, and drop members whose session is over", async () => {
    const base = makeService();
    const mailbox = new MemoryMailbox({ maxEntries: 2, nowMs: base.clock.nowMs });
    const service = createSessionService({ ...base.stores, mailbox, nowMs: base.clock.nowMs });
    const under = { ...base, service };
    const ann = await Agent.meet(under, { channel: "room" });
    await Agent.meet(under, { channel: "room" });
    await ann.say("1");
    await ann.say("2");
    const { error, reply } = await ann.say("3", { sequence: 3 });
    expect(error?.code).to.equal("M2M_MAILBOX_FULL");
    expect(reply).to.deep.include({
      type: "PONG",
      delivery: { ack: 3, rejection: { code: "RATE_LIMITED", message: "M2M_MAILBOX_FULL" } },
    });
    base.clock.atMs += 200_000;
    await service.handle(ann.session.ping());
    await ann.session.receive({ type: "PONG", sessionId: ann.id, timestampMs: 0 });
    base.clock.atMs += 200_000;
    expect((await ann.say("4")).error).to.equal(undefined);
    expect(await base.stores.channels.members("room")).to.deep.equal([ann.id]);
  });

  it("give nothing to a member that may not have it, and nobody else either", async () => {
    const capabilities = { security: { blocking: true, blockThreshold: 0.8 } };
    const under = makeService({ scanner: scannerOf(0.6), capabilities });
    const ann = await Agent.meet(under, { channel: "room" });
    const bob = await Agent.meet(under, { channel: "room" });
    expect((await ann.say("so so")).error).to.equal(undefined);
    const { last } = await bob.fetch();
    const strict = await Agent.meet(under, {
      scanner: scannerOf(0),
      capabilities: {
        security: { threatDetection: true, blocking: true, blockThreshold: 0.5 },
        extensions: new Map([["channel", "room"]]),
      },
    });
    expect((await ann.say("so so")).error?.code).to.equal("M2M_SECURITY_THREAT");
    expect((await bob.fetch(last)).texts).to.deep.equal([]);
    expect(await under.service.take(strict.id)).to.deep.equal([]);
  });

  it("stay joined while a session is active, and are left when it closes", async () => {
    const under = makeService();
    const { clock, stores, service } = under;
    const ann = await Agent.meet(under, { channel: "room" });
    const bob = await Agent.meet(under, { channel: "room" });
    for (let minutes = 0; minutes < 60; minutes += 4) {
      clock.atMs += 240_000;
      await ann.fetch();
    }
    expect(await stores.channels.members("room")).to.deep.equal([ann.id]);
    expect((await rejection(service.take(bob.id))).code).to.equal("M2M_SESSION_UNKNOWN");
    await service.handle(ann.session.close()!);
    expect(await stores.channels.members("room")).to.deep.equal([]);
  });

  it("have names that are plain", async () => {
    const under = makeService();
    for (const channel of ["", "a b", "x".repeat(129), "ä", "a\n"]) {
      const agent = await Agent.meet(under, { channel });
      expect(agent.session.agreed?.extensions.size, channel).to.equal(0);
    }
    for (const channel of ["__proto__", "constructor", "a.b:c~d-e"]) {
      const ann = await Agent.meet(under, { channel });
      const bob = await Agent.meet(under, { channel });
      await ann.say(channel);
      expect((await bob.fetch()).texts).to.deep.equal([channel]);
    }
  });

  it("go on in another process", async () => {
    const here = makeService();
    const there = createSessionService({ ...here.stores, nowMs: here.clock.nowMs });
    const ann = await Agent.meet(here, { channel: "room" });
    const bob = await Agent.meet({ ...here, service: there }, { channel: "room" });
    const waiting = there.take(bob.id, { waitMs: 30_000 });
    await ann.say("over there");
    const [entry] = await waiting;
    expect((await bob.session.receive(entry.message)).data?.text).to.equal("over there");
    await here.service.shutdown();
    expect((await there.handle(await ann.data("from there"))).error).to.equal(undefined);
    expect((await bob.fetch(entry.id)).texts).to.deep.equal(["from there"]);
  });
});
