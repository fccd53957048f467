import { strict as assert } from "node:assert";
import { M2MError } from "../../../../src/shared/errors.js";
import { Agents, bytesOf, echo, textOf, until } from "../agents.js";

const hasCode = (code: string) => (error: unknown) => error instanceof M2MError && error.code === code;

describe("sessions of AI-TCP: messages", () => {
  const agents = new Agents();
  afterEach(() => agents.end());

  it("go both ways, between peers that know who the other is", async () => {
    const bob = await agents.bob();
    const session = await agents.alice(bob.url);
    const other = await bob.nextSession();
    assert.equal(session.id, other.id);
    const [mine, theirs] = [session.openStream(), other.openStream()];
    mine.write("from alice");
    theirs.write("from bob");
    assert.equal(textOf(await (await other.acceptStream())?.receive()), "from alice");
    assert.equal(textOf(await (await session.acceptStream())?.receive()), "from bob");
    assert.equal(session.agreed.signatures, other.agreed.signatures);
  });

  it("of all lengths come as they were sent, in order", async () => {
    const bob = await agents.bob();
    const session = await agents.alice(bob.url);
    void bob.nextSession().then(echo);
    const stream = session.openStream();
    const lengths = [0, 1, 0, 65_000, 65_316, 65_317, 200_000, 0, 1_500_000, 3];
    const sent = lengths.map((length, at) => bytesOf(length, at));
    const sending = (async () => {
      for (const message of sent) await stream.send(message);
      stream.end();
    })();
    for (const message of sent) {
      const received = await stream.receive();
      assert.ok(received && Buffer.from(received).equals(message), `message of ${message.length} bytes`);
    }
    assert.equal(await stream.receive(), undefined);
    await sending;
    await until(() => session.queuedBytes === 0);
  });

  it("on many streams at once do not mix", async () => {
    const bob = await agents.bob();
    const session = await agents.alice(bob.url);
    void bob.nextSession().then(echo);
    const one = async (seed: number): Promise<void> => {
      const stream = session.openStream();
      const sent = Array.from({ length: 5 }, (_, at) => bytesOf((seed * 977 + at * 4096) % 6000, seed + at));
      for (const message of sent) stream.write(message);
      stream.end();
      for (const message of sent) {
        assert.ok(Buffer.from((await stream.receive()) ?? []).equals(message), `stream ${seed}`);
      }
      assert.equal(await stream.receive(), undefined);
    };
    await Promise.all(Array.from({ length: 200 }, (_, seed) => one(seed)));
  });

  it("are sent when the other side's application has taken them, and not before", async () => {
    const bob = await agents.bob();
    const session = await agents.alice(bob.url);
    const other = await bob.nextSession();
    const stream = session.openStream();
    let isSent = false;
    const sending = stream.send("work").then(() => (isSent = true));
    const theirs = await other.acceptStream();
    assert.equal(textOf(await theirs?.take()), "work");
    // An answer that is sent later comes, and the message is still not taken.
    theirs?.write("not yet");
    assert.equal(textOf(await stream.receive()), "not yet");
    assert.equal(isSent, false);
    theirs?.acknowledge();
    await sending;
  });

  it("wait no longer than their sender, or their reader, likes", async () => {
    const bob = await agents.bob();
    const session = await agents.alice(bob.url);
    const other = await bob.nextSession();
    const stream = session.openStream();
    const giveUp = new AbortController();
    const sending = stream.send("nobody reads it", { signal: giveUp.signal });
    const reading = stream.receive({ signal: giveUp.signal });
    const accepting = session.acceptStream({ signal: giveUp.signal });
    const reason = new Error("enough");
    giveUp.abort(reason);
    for (const waiting of [sending, reading, accepting]) {
      await assert.rejects(waiting, (error) => error === reason);
    }
    await assert.rejects(stream.send("x", { signal: giveUp.signal }), (error) => error === reason);
    // It goes on for who has more patience.
    const theirs = await other.acceptStream();
    assert.equal(textOf(await theirs?.receive()), "nobody reads it");
    theirs?.write("but I do");
    assert.equal(textOf(await stream.receive()), "but I do");
  });

  it("of a stream that is given up are decided, on both sides", async () => {
    const bob = await agents.bob();
    const session = await agents.alice(bob.url);
    const other = await bob.nextSession();
    const stream = session.openStream();
    await Promise.all([stream.send("first"), other.acceptStream().then((theirs) => theirs?.receive())]);
    const lost = stream.send("second");
    const theirs = other.openStream();
    theirs.write("elsewhere");
    stream.reset(7);
    await assert.rejects(
      lost,
      (error) => hasCode("M2M_OUTCOME_UNKNOWN")(error) || hasCode("M2M_STREAM_CLOSED")(error),
    );
    await assert.rejects(stream.receive(), hasCode("M2M_STREAM_CLOSED"));
    await assert.rejects(stream.send("third"), hasCode("M2M_STREAM_CLOSED"));
    // The other stream is as it was.
    assert.equal(textOf(await (await session.acceptStream())?.receive()), "elsewhere");
  });

  it("of a loop that is left early are given up, and the last is not told to be taken", async () => {
    const bob = await agents.bob();
    const session = await agents.alice(bob.url);
    const other = await bob.nextSession();
    const stream = session.openStream();
    const [first, second] = [stream.send("first"), stream.send("second")];
    const lost = assert.rejects(second, hasCode("M2M_OUTCOME_UNKNOWN"));
    const theirs = await other.acceptStream();
    assert.ok(theirs);
    for await (const message of theirs) if (textOf(message) === "second") break;
    await first;
    await lost;
    await assert.rejects(theirs.receive(), hasCode("M2M_STREAM_CLOSED"));
    await assert.rejects(stream.receive(), hasCode("M2M_STREAM_CLOSED"));
  });

  it("that were given up by the peer are told so, with its code", async () => {
    const bob = await agents.bob();
    const session = await agents.alice(bob.url);
    const other = await bob.nextSession();
    const stream = session.openStream();
    stream.write("x");
    const theirs = await other.acceptStream();
    assert.ok(theirs);
    const waiting = stream.receive();
    // What is no code is refused, and does nothing.
    for (const code of [Infinity, NaN, -1, 1.5, 2 ** 53, 1n, "x", null]) {
      assert.throws(() => theirs.reset(code as number), hasCode("M2M_USAGE"), String(code));
    }
    theirs.reset(42);
    await assert.rejects(waiting, /42/);
    const last = session.openStream();
    last.write("y");
    (await other.acceptStream())?.reset(2 ** 53 - 1);
    await assert.rejects(last.receive(), /9007199254740991/);
  });

  it("end with the session, in a good end for both", async () => {
    const bob = await agents.bob();
    const session = await agents.alice(bob.url);
    const other = await bob.nextSession();
    const stream = session.openStream();
    await Promise.all([stream.send("x"), other.acceptStream().then((theirs) => theirs?.receive())]);
    const waiting = stream.receive();
    other.close();
    await Promise.all([session.closed, other.closed]);
    assert.equal(await waiting, undefined);
    assert.equal(await session.acceptStream(), undefined);
    assert.throws(() => session.openStream(), hasCode("M2M_PROTOCOL_STATE"));
    await assert.rejects(stream.send("y"), hasCode("M2M_STREAM_CLOSED"));
    assert.equal(session.state, "closed");
    await until(() => bob.server.sessionCount === 0 && bob.server.connectionCount === 0);
  });

  it("that are not acknowledged when the session ends are decided", async () => {
    const bob = await agents.bob();
    const session = await agents.alice(bob.url);
    const other = await bob.nextSession();
    const stream = session.openStream();
    const sending = stream.send("x");
    await other.acceptStream();
    session.close();
    await assert.rejects(sending, hasCode("M2M_OUTCOME_UNKNOWN"));
    assert.equal(session.queuedBytes, 0);
  });

  it("of a server that closes end for all its peers", async () => {
    const bob = await agents.bob();
    const sessions = [await agents.alice(bob.url), await agents.alice(bob.url)];
    await until(() => bob.sessions.length === 2);
    await bob.server.close();
    for (const { closed } of sessions) await closed;
    await until(() => bob.server.connectionCount === 0);
  });
});
