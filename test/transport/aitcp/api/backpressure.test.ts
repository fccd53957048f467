import { strict as assert } from "node:assert";
import { M2MError } from "../../../../src/shared/errors.js";
import { Agents, bytesOf, echo, textOf, until } from "../agents.js";

const WINDOWS = { streamWindowBytes: 64 * 1024, sessionWindowBytes: 256 * 1024, maxMessageBytes: 1 << 20 };

/** What a session holds of the peer's messages is no part of what it tells; what the peer could send is. */
describe("sessions of AI-TCP: who reads slowly", () => {
  const agents = new Agents();
  afterEach(() => agents.end());

  it("stops who sends, with bounded memory on both sides", async () => {
    const bob = await agents.bob({ settings: WINDOWS });
    const session = await agents.alice(bob.url);
    const other = await bob.nextSession();
    const stream = session.openStream();
    const message = bytesOf(16 * 1024, 1);
    let written = 0;
    let isFull = false;
    for (;;) {
      try {
        stream.write(message);
        written++;
      } catch (error) {
        assert.ok(error instanceof M2MError && error.code === "M2M_QUEUE_FULL");
        isFull = true;
        break;
      }
    }
    assert.ok(isFull);
    // One message over the limit of 4 MiB, with what each costs.
    assert.ok(session.queuedBytes <= 4 * 1024 * 1024 + message.length + 64, `${session.queuedBytes}`);
    const theirs = await other.acceptStream();
    assert.ok(theirs);
    // What can come has come, and that is the window.
    await new Promise((resolve) => setTimeout(resolve, 200));
    let came = 0;
    while (theirs.tryTake()) came++;
    assert.ok(came * message.length <= WINDOWS.streamWindowBytes, `${came} messages came unread`);
    theirs.acknowledge();
    // Whoever reads gets all of it.
    while (came < written) {
      assert.ok(await theirs.receive());
      came++;
    }
    await until(() => session.queuedBytes === 0);
  });

  it("holds no other stream up", async () => {
    const bob = await agents.bob({ settings: WINDOWS });
    const session = await agents.alice(bob.url);
    const other = await bob.nextSession();
    const stalled = session.openStream();
    for (let at = 0; at < 20; at++) stalled.write(bytesOf(16 * 1024, at));
    assert.ok(await other.acceptStream());
    const lively = session.openStream();
    const theirs = (async () => {
      const stream = await other.acceptStream();
      for (let at = 0; at < 100; at++) assert.equal(textOf(await stream?.receive()), `message ${at}`);
    })();
    for (let at = 0; at < 100; at++) await lively.send(`message ${at}`);
    await theirs;
  });

  it("of all its streams at once still gets each message, were it the longest", async () => {
    const bob = await agents.bob({ settings: WINDOWS });
    const session = await agents.alice(bob.url, { settings: WINDOWS });
    void bob.nextSession().then(echo);
    await Promise.all(
      Array.from({ length: 3 }, async (_, seed) => {
        const stream = session.openStream();
        const message = bytesOf(WINDOWS.maxMessageBytes, seed);
        const [received] = await Promise.all([stream.receive(), stream.send(message)]);
        assert.ok(Buffer.from(received ?? []).equals(message));
      }),
    );
  });

  it("is not sent a message that is longer than it takes", async () => {
    const bob = await agents.bob({ settings: WINDOWS });
    const session = await agents.alice(bob.url);
    const stream = session.openStream();
    await assert.rejects(
      stream.send(new Uint8Array(WINDOWS.maxMessageBytes + 1)),
      (error) => error instanceof M2MError && error.code === "M2M_INPUT_TOO_LARGE",
    );
  });

  it("is not opened more streams than it takes, and one more when one is over", async () => {
    const bob = await agents.bob({ settings: { maxStreams: 3 } });
    const session = await agents.alice(bob.url);
    void bob.nextSession().then(echo);
    const streams = Array.from({ length: 3 }, () => session.openStream());
    assert.throws(
      () => session.openStream(),
      (error) => error instanceof M2MError && error.code === "M2M_STREAMS_FULL",
    );
    for (const stream of streams) stream.end();
    for (const stream of streams) assert.equal(await stream.receive(), undefined);
    await until(() => {
      try {
        return session.openStream() !== undefined;
      } catch {
        return false;
      }
    }, "room for a stream");
  });
});
