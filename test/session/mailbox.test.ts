import { expect } from "chai";
import {
  MemoryChannelDirectory,
  MemoryMailbox,
  MemorySessionStore,
  rejectionFor,
} from "../../src/session/index.js";
import { catchM2MError, rejection } from "../helpers/catch-error.js";
import { testChannelDirectory, testMailbox } from "./mailbox-suite.js";
import { Clock, makePair } from "./pair.js";
import { testSessionStore } from "./store-suite.js";

const withClock = <Value extends object>(make: (clock: Clock) => Value) => {
  const clock = new Clock();
  return { ...make(clock), nowMs: clock.nowMs, passTime: async (ms: number) => void (clock.atMs += ms) };
};

describe("the memory mailbox", () => {
  testMailbox(async (limits) =>
    withClock((clock) => ({ mailbox: new MemoryMailbox({ ...limits, nowMs: clock.nowMs }) })),
  );

  it("bounds mailboxes and the bytes of all, and makes room when some expire", async () => {
    const clock = new Clock();
    const mailbox = new MemoryMailbox({ maxMailboxes: 2, maxTotalBytes: 10, nowMs: clock.nowMs });
    await mailbox.put("a", "1234", { expiresAtMs: clock.atMs + 10 });
    await mailbox.put("b", "1234");
    expect((await rejection(mailbox.put("c", "1"))).code).to.equal("M2M_MAILBOX_FULL");
    expect((await rejection(mailbox.put("b", "123"))).code).to.equal("M2M_MAILBOX_FULL");
    clock.atMs += 10;
    await mailbox.put("b", "123");
    await mailbox.put("c", "123");
    expect((await rejection(mailbox.put("c", "1"))).code).to.equal("M2M_MAILBOX_FULL");
    await mailbox.delete("b");
    await mailbox.put("c", "1");
    expect(catchM2MError(() => new MemoryMailbox({ maxEntries: 0 })).code).to.equal("M2M_USAGE");
  });
});

describe("ids of the memory mailbox", () => {
  it("stand where ids of two numbers say", async () => {
    const mailbox = new MemoryMailbox();
    for (const message of ["one", "two", "three"]) await mailbox.put("a", message);
    const textsAfter = async (after?: string): Promise<string[]> =>
      (await mailbox.read("a", { after })).map(({ message }) => message);
    for (const [after, texts] of [
      ["0", ["one", "two", "three"]],
      ["0-9", ["one", "two", "three"]],
      ["1", ["two", "three"]],
      ["1-0", ["two", "three"]],
      ["1-9", ["two", "three"]],
      ["3-1", []],
      ["9", []],
    ] as const) {
      expect(await textsAfter(after), after).to.deep.equal(texts);
    }
    await mailbox.acknowledge("a", "0-9");
    expect(await textsAfter()).to.deep.equal(["one", "two", "three"]);
    await mailbox.acknowledge("a", "2-1");
    expect(await textsAfter()).to.deep.equal(["three"]);
    await mailbox.acknowledge("a", "9");
    expect(await textsAfter()).to.deep.equal([]);
  });
});

describe("the memory directory of channels", () => {
  testChannelDirectory(async (limits) =>
    withClock((clock) => ({ directory: new MemoryChannelDirectory({ ...limits, nowMs: clock.nowMs }) })),
  );

  it("bounds channels", async () => {
    const clock = new Clock();
    const directory = new MemoryChannelDirectory({ maxChannels: 1, nowMs: clock.nowMs });
    await directory.join("one", "a", clock.atMs + 10);
    expect((await rejection(directory.join("two", "a"))).code).to.equal("M2M_CHANNEL_FULL");
    clock.atMs += 10;
    await directory.join("two", "a");
    expect(await directory.members("two")).to.deep.equal(["a"]);
  });
});

describe("the memory store of sessions", () => {
  testSessionStore(async (maxSessions) =>
    withClock((clock) => ({ store: new MemorySessionStore({ maxSessions, nowMs: clock.nowMs }) })),
  );

  it("is told to peers as RATE_LIMITED when it is full", async () => {
    const store = new MemorySessionStore({ maxSessions: 1 });
    const { initiator, responder } = await makePair();
    await store.put(responder.toJSON());
    const full = await rejection(store.put({ ...initiator.toJSON(), id: "another" }));
    expect(rejectionFor(full)).to.deep.equal({ code: "RATE_LIMITED", message: "M2M_SESSIONS_FULL" });
    expect(catchM2MError(() => new MemorySessionStore({ maxSessions: 0 })).code).to.equal("M2M_USAGE");
  });
});
