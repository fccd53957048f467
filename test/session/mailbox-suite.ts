import { expect } from "chai";
import {
  compareMailboxIds,
  MAX_MAILBOX_SOURCES,
  parseMailboxId,
  type ChannelDirectory,
  type Mailbox,
} from "../../src/session/index.js";
import { rejection } from "../helpers/catch-error.js";

/** A mailbox to be tested, and how its time is moved. */
export interface MailboxUnderTest {
  readonly mailbox: Mailbox;
  /** The clock that expiry is decided by, in milliseconds since 1970. */
  nowMs(): number;
  /** Moves that clock on, or waits for so long. */
  passTime(ms: number): Promise<void>;
  close?(): Promise<void>;
}

export interface MailboxLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

const texts = (entries: readonly { message: string }[]): string[] => entries.map(({ message }) => message);

/**
 * What every mailbox does.
 * @param open makes one that is empty, with these limits if they are given
 */
export function testMailbox(open: (limits?: MailboxLimits) => Promise<MailboxUnderTest>): void {
  let under: MailboxUnderTest;
  let mailbox: Mailbox;

  beforeEach(async () => {
    under = await open();
    mailbox = under.mailbox;
  });
  afterEach(() => under.close?.());

  it("gives what was put, the oldest first, as often as it is asked", async () => {
    expect(await mailbox.read("a")).to.deep.equal([]);
    const ids: string[] = [];
    for (const message of ["one", "two", "äöü\n\u{1f600}"]) ids.push(await mailbox.put("a", message));
    await mailbox.put("b", "another's");
    for (let i = 0; i < 2; i++) {
      const entries = await mailbox.read("a");
      expect(texts(entries)).to.deep.equal(["one", "two", "äöü\n\u{1f600}"]);
      expect(entries.map(({ id }) => id)).to.deep.equal(ids);
    }
    for (const id of ids) expect(() => parseMailboxId(id)).not.to.throw();
    expect(compareMailboxIds(ids[0], ids[1])).to.be.below(0);
    expect(compareMailboxIds(ids[2], ids[1])).to.be.above(0);
  });

  it("reads on from an id, in pieces", async () => {
    for (let i = 0; i < 250; i++) await mailbox.put("a", String(i));
    const read: string[] = [];
    let after: string | undefined;
    for (;;) {
      const entries = await mailbox.read("a", { after, limit: 60 });
      if (entries.length === 0) break;
      expect(entries.length).to.be.at.most(60);
      read.push(...texts(entries));
      after = entries[entries.length - 1].id;
    }
    expect(read).to.deep.equal(Array.from({ length: 250 }, (_, i) => String(i)));
    expect(await mailbox.read("a")).to.have.length(100);
  });

  it("forgets what is acknowledged, and no more", async () => {
    const first = await mailbox.put("a", "one");
    const second = await mailbox.put("a", "two");
    await mailbox.acknowledge("a", first);
    await mailbox.acknowledge("a", first);
    expect(texts(await mailbox.read("a"))).to.deep.equal(["two"]);
    expect(texts(await mailbox.read("a", { after: first }))).to.deep.equal(["two"]);
    await mailbox.acknowledge("a", second);
    expect(await mailbox.read("a")).to.deep.equal([]);
    const third = await mailbox.put("a", "three");
    expect(compareMailboxIds(third, second)).to.be.above(0);
    expect(texts(await mailbox.read("a", { after: second }))).to.deep.equal(["three"]);
    await mailbox.acknowledge("unknown", first);
  });

  it("can be deleted, and ids go on behind it", async () => {
    const before = await mailbox.put("a", "one");
    await mailbox.delete("a");
    await mailbox.delete("a");
    expect(await mailbox.read("a")).to.deep.equal([]);
    const behind = await mailbox.put("a", "two");
    expect(compareMailboxIds(behind, before)).to.be.above(0);
    expect(texts(await mailbox.read("a", { after: before }))).to.deep.equal(["two"]);
  });

  it("refuses ids that are none", async () => {
    for (const after of ["", "x", "-1", "1-2-3", "+", "$", "1 ", "9".repeat(40), "../x"]) {
      expect((await rejection(mailbox.read("a", { after }))).code, after).to.equal("M2M_USAGE");
      expect((await rejection(mailbox.acknowledge("a", after))).code, after).to.equal("M2M_USAGE");
    }
  });

  it("takes a message of the same sender and sequence once", async () => {
    const put = (id: string, sequence: number, to = "a") =>
      mailbox.put(to, `${id}${sequence}`, { source: { id, sequence } });
    await put("x", 1);
    await put("y", 1);
    await put("x", 2);
    const last = await put("x", 1);
    await put("x", 2);
    const entries = await mailbox.read("a");
    expect(texts(entries)).to.deep.equal(["x1", "y1", "x2"]);
    expect(() => parseMailboxId(last)).not.to.throw();
    await put("x", 1, "b");
    expect(texts(await mailbox.read("b"))).to.deep.equal(["x1"]);
    // Nor when it was taken meanwhile.
    await mailbox.acknowledge("a", entries[2].id);
    await put("x", 2);
    await put("x", 3);
    expect(texts(await mailbox.read("a"))).to.deep.equal(["x3"]);
    // At the same time it is taken once as well.
    await Promise.all(Array.from({ length: 8 }, () => put("x", 4)));
    expect(texts(await mailbox.read("a"))).to.deep.equal(["x3", "x4"]);
  });

  it("remembers the latest senders, and no more of them than it may", async () => {
    const put = (id: string, sequence = 1) => mailbox.put("a", id, { source: { id, sequence } });
    await put("first");
    await put("again");
    for (let sender = 0; sender < MAX_MAILBOX_SOURCES - 2; sender++) {
      const id = await put(`sender${sender}`);
      if (sender % 100 === 99) await mailbox.acknowledge("a", id);
    }
    await mailbox.acknowledge("a", await put("again", 2));
    await put("first");
    expect(texts(await mailbox.read("a"))).to.deep.equal([]);
    await put("one more");
    await put("one more than that");
    for (const id of ["again", "sender5", "one more"]) await put(id);
    // Those that have rested longest are forgotten.
    await put("sender0");
    expect(texts(await mailbox.read("a"))).to.deep.equal(["one more", "one more than that", "sender0"]);
  });

  it("waits for a first message", async () => {
    const waiting = mailbox.read("a", { waitMs: 30_000 });
    const other = mailbox.read("a", { waitMs: 30_000 });
    await mailbox.put("b", "not for a");
    const id = await mailbox.put("a", "one");
    expect(texts(await waiting)).to.deep.equal(["one"]);
    expect(texts(await other)).to.deep.equal(["one"]);
    const next = mailbox.read("a", { after: id, waitMs: 30_000 });
    await mailbox.put("a", "two");
    expect(texts(await next)).to.deep.equal(["two"]);
    expect(texts(await mailbox.read("a", { waitMs: 30_000 }))).to.deep.equal(["one", "two"]);
  });

  it("waits no longer than it may", async () => {
    expect(await mailbox.read("a", { waitMs: 20 })).to.deep.equal([]);
    const id = await mailbox.put("a", "one");
    expect(await mailbox.read("a", { after: id, waitMs: 20 })).to.deep.equal([]);
  });

  it("stops to wait when it is told so", async () => {
    const reason = new Error("enough");
    const caught = async (reading: Promise<unknown>): Promise<unknown> =>
      reading.then(
        () => "it resolved",
        (error: unknown) => error,
      );
    const controller = new AbortController();
    const reading = caught(mailbox.read("a", { waitMs: 30_000, signal: controller.signal }));
    controller.abort(reason);
    expect(await reading).to.equal(reason);
    expect(await caught(mailbox.read("a", { waitMs: 30_000, signal: AbortSignal.abort(reason) }))).to.equal(
      reason,
    );
    // What comes later is not lost to the one who left.
    await mailbox.put("a", "one");
    expect(texts(await mailbox.read("a"))).to.deep.equal(["one"]);
  });

  it("keeps every message of many senders at once, each sender's in order", async () => {
    const senders = Array.from({ length: 8 }, (_, sender) => sender);
    await Promise.all(
      senders.map(async (sender) => {
        for (let i = 0; i < 25; i++) await mailbox.put("a", `${sender}:${i}`);
      }),
    );
    const entries = await mailbox.read("a", { limit: 1000 });
    expect(new Set(texts(entries)).size).to.equal(200);
    expect(new Set(entries.map(({ id }) => id)).size).to.equal(200);
    for (const sender of senders) {
      const own = texts(entries).filter((text) => text.startsWith(`${sender}:`));
      expect(own).to.deep.equal(Array.from({ length: 25 }, (_, i) => `${sender}:${i}`));
    }
  });

  it("forgets a mailbox whose time is over", async () => {
    const nowMs = under.nowMs();
    await mailbox.put("a", "one", { expiresAtMs: nowMs + 500 });
    await mailbox.put("a", "two", { expiresAtMs: nowMs + 100 });
    await mailbox.put("b", "kept");
    await under.passTime(200);
    // The latest time counts.
    expect(texts(await mailbox.read("a"))).to.deep.equal(["one", "two"]);
    await under.passTime(400);
    expect(await mailbox.read("a")).to.deep.equal([]);
    expect(texts(await mailbox.read("b"))).to.deep.equal(["kept"]);
  });

  it("is bounded: it refuses what does not fit, and takes it when there is room", async () => {
    const bounded = await open({ maxEntries: 3, maxBytes: 10 });
    try {
      const { mailbox: small } = bounded;
      const full = async (message: string) => (await rejection(small.put("a", message))).code;
      const first = await small.put("a", "1");
      await small.put("a", "2");
      await small.put("a", "3");
      expect(await full("4")).to.equal("M2M_MAILBOX_FULL");
      expect(texts(await small.read("a"))).to.deep.equal(["1", "2", "3"]);
      await small.put("b", "another's");
      await small.acknowledge("a", first);
      expect(await full("123456789")).to.equal("M2M_MAILBOX_FULL");
      // Bytes are counted, not characters.
      expect(await full("ääää1")).to.equal("M2M_MAILBOX_FULL");
      await small.put("a", "ääää");
      expect(texts(await small.read("a"))).to.deep.equal(["2", "3", "ääää"]);
    } finally {
      await bounded.close?.();
    }
  });
}

/** A directory to be tested, and how its time is moved. */
export interface DirectoryUnderTest extends Omit<MailboxUnderTest, "mailbox"> {
  readonly directory: ChannelDirectory;
}

/**
 * What every directory of channels does.
 * @param open makes one that is empty, for at most so many members of a channel
 */
export function testChannelDirectory(
  open: (limits?: { readonly maxMembers: number }) => Promise<DirectoryUnderTest>,
): void {
  let under: DirectoryUnderTest;
  let directory: ChannelDirectory;

  beforeEach(async () => {
    under = await open();
    directory = under.directory;
  });
  afterEach(() => under.close?.());

  it("knows who has joined and not left", async () => {
    expect(await directory.members("room")).to.deep.equal([]);
    await directory.join("room", "a");
    await directory.join("room", "b");
    await directory.join("room", "a");
    await directory.join("other", "c");
    expect(await directory.members("room")).to.have.members(["a", "b"]);
    await directory.leave("room", "a");
    await directory.leave("room", "a");
    await directory.leave("nowhere", "a");
    expect(await directory.members("room")).to.deep.equal(["b"]);
    await directory.leave("room", "b");
    expect(await directory.members("room")).to.deep.equal([]);
    expect(await directory.members("__proto__")).to.deep.equal([]);
  });

  it("forgets members whose time is over, unless they join again", async () => {
    const nowMs = under.nowMs();
    await directory.join("room", "short", nowMs + 300);
    await directory.join("room", "renewed", nowMs + 300);
    await directory.join("room", "forever");
    await directory.join("room", "renewed", nowMs + 60_000);
    await under.passTime(400);
    expect(await directory.members("room")).to.have.members(["renewed", "forever"]);
  });

  it("is bounded", async () => {
    const bounded = await open({ maxMembers: 2 });
    try {
      const { directory: small } = bounded;
      await small.join("room", "a", under.nowMs() + 300);
      await small.join("room", "b");
      await small.join("room", "b");
      expect((await rejection(small.join("room", "c"))).code).to.equal("M2M_CHANNEL_FULL");
      await small.join("other", "c");
      await bounded.passTime(400);
      await small.join("room", "c");
      expect(await small.members("room")).to.have.members(["b", "c"]);
    } finally {
      await bounded.close?.();
    }
  });
}
