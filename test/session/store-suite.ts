import { expect } from "chai";
import { Session, type SessionSnapshot, type SessionStore } from "../../src/session/index.js";
import { rejection } from "../helpers/catch-error.js";
import { makePair } from "./pair.js";

/** A store to be tested, and how its time is moved. */
export interface StoreUnderTest {
  readonly store: SessionStore;
  /** The clock that expiry is decided by, in milliseconds since 1970. */
  nowMs(): number;
  /** Moves that clock on, or waits for so long. */
  passTime(ms: number): Promise<void>;
  close?(): Promise<void>;
}

/**
 * What every store of sessions does.
 * @param open makes one that is empty, for at most so many sessions
 */
export function testSessionStore(open: (maxSessions?: number) => Promise<StoreUnderTest>): void {
  let under: StoreUnderTest;
  let store: SessionStore;
  let snapshot: SessionSnapshot & { id: string };

  beforeEach(async () => {
    under = await open();
    store = under.store;
    const { responder } = await makePair();
    snapshot = { ...responder.toJSON(), id: responder.id! };
  });
  afterEach(() => under.close?.());

  it("keeps, gives and forgets", async () => {
    expect(await store.put(snapshot)).to.equal(true);
    const got = await store.get(snapshot.id);
    expect(got).to.deep.equal(JSON.parse(JSON.stringify(snapshot)));
    expect(Session.fromJSON(got).agreed).not.to.equal(undefined);
    expect(await store.count()).to.equal(1);
    expect(await store.delete(snapshot.id)).to.equal(true);
    expect(await store.delete(snapshot.id)).to.equal(false);
    expect(await store.get(snapshot.id)).to.equal(undefined);
    expect(await store.get("__proto__")).to.equal(undefined);
    expect(await store.count()).to.equal(0);
    expect((await rejection(store.put({ ...snapshot, id: undefined }))).code).to.equal("M2M_USAGE");
  });

  it("gives copies", async () => {
    await store.put(snapshot);
    ((await store.get(snapshot.id)) as { state: string }).state = "closed";
    expect((await store.get(snapshot.id))!.state).to.equal("established");
  });

  it("replaces only the revision that was seen", async () => {
    const { revision } = snapshot;
    await store.put(snapshot);
    expect(await store.put({ ...snapshot, revision: revision + 3 })).to.equal(false);
    expect(await store.put({ ...snapshot, revision: revision + 3 }, { replaces: revision })).to.equal(true);
    expect(await store.put({ ...snapshot, revision: revision + 9 }, { replaces: revision })).to.equal(false);
    expect((await store.get(snapshot.id))!.revision).to.equal(revision + 3);
    expect(await store.put({ ...snapshot, id: "gone" }, { replaces: revision })).to.equal(false);
    expect(await store.get("gone")).to.equal(undefined);
  });

  it("lets one of many win", async () => {
    const { revision } = snapshot;
    await store.put(snapshot);
    const won = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        store.put({ ...snapshot, revision: revision + 1 + i }, { replaces: revision }),
      ),
    );
    expect(won.filter((one) => one)).to.have.length(1);
    expect((await store.get(snapshot.id))!.revision).to.equal(revision + 1 + won.indexOf(true));
    await store.delete(snapshot.id);
    const made = await Promise.all(Array.from({ length: 10 }, () => store.put(snapshot)));
    expect(made.filter((one) => one)).to.have.length(1);
  });

  it("forgets sessions whose time is over", async () => {
    const nowMs = under.nowMs();
    await store.put({ ...snapshot, id: "short" }, { expiresAtMs: nowMs + 300 });
    await store.put({ ...snapshot, id: "renewed" }, { expiresAtMs: nowMs + 300 });
    await store.put({ ...snapshot, id: "forever" });
    const renewed = { ...snapshot, id: "renewed", revision: snapshot.revision + 1 };
    await store.put(renewed, { replaces: snapshot.revision, expiresAtMs: nowMs + 60_000 });
    await under.passTime(400);
    expect(await store.get("short")).to.equal(undefined);
    expect((await store.get("renewed"))!.revision).to.equal(renewed.revision);
    expect(await store.count()).to.equal(2);
    expect(await store.put({ ...renewed, id: "short" }, { replaces: snapshot.revision })).to.equal(false);
    expect(await store.put({ ...snapshot, id: "short" })).to.equal(true);
  });

  it("is bounded: it refuses new sessions until old ones are gone", async () => {
    const bounded = await open(2);
    try {
      const { store: small } = bounded;
      await small.put({ ...snapshot, id: "a" }, { expiresAtMs: bounded.nowMs() + 300 });
      await small.put({ ...snapshot, id: "b" });
      const full = await rejection(small.put({ ...snapshot, id: "c" }));
      expect(full.code).to.equal("M2M_SESSIONS_FULL");
      const next = { ...snapshot, id: "b", revision: snapshot.revision + 1 };
      expect(await small.put(next, { replaces: snapshot.revision })).to.equal(true);
      await bounded.passTime(400);
      expect(await small.put({ ...snapshot, id: "c" })).to.equal(true);
      expect(await small.count()).to.equal(2);
      await small.delete("b");
      expect(await small.put({ ...snapshot, id: "d" })).to.equal(true);
    } finally {
      await bounded.close?.();
    }
  });
}
