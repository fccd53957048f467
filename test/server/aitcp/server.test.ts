import { createServer, type AddressInfo } from "node:net";
import { once } from "node:events";
import { expect } from "chai";
import { startAiTcp } from "../../../src/server/aitcp/index.js";
import { SessionClaims } from "../../../src/server/sessions/index.js";
import type { DataMessage, Message } from "../../../src/session/index.js";
import { formatIdentity } from "../../../src/transport/index.js";
import { rejection } from "../../helpers/catch-error.js";
import { TestSessions } from "../quic/test-sessions.js";
import { until } from "../quic/until.js";
import { newIdentity, RawAgent, ServerUnderTest, sharedStore, trusting } from "./fixture.js";

describe("sessions over AI-TCP", () => {
  let server: ServerUnderTest;
  const start = async (...args: Parameters<typeof ServerUnderTest.start>): Promise<ServerUnderTest> =>
    (server = await ServerUnderTest.start(...args));
  afterEach(() => server.stop());

  it("take HELLO and DATA of one stream, and answer in order, DATA as bytes", async () => {
    await start();
    const agent = await RawAgent.meet(await server.connect());
    const texts = Array.from({ length: 20 }, (_, i) => `message ${i}`);
    for (const [i, text] of texts.entries()) {
      agent.send({ ...(await agent.session.send(text)), delivery: { sequence: i + 1 } });
    }
    for (const [i, text] of texts.entries()) {
      const answer = (await agent.next()) as DataMessage;
      expect(answer.delivery?.ack).to.equal(i + 1);
      expect((await agent.session.receive(answer)).data?.text).to.equal(text);
    }
  });

  it("count limits by the identity, and count themselves", async () => {
    await start();
    await RawAgent.meet(await server.connect());
    expect([...server.sessions.addresses]).to.deep.equal([formatIdentity(server.agent.publicKey)]);
    expect(server.server.identity).to.equal(formatIdentity(server.identity.publicKey));
    expect(server.server.metrics()).to.deep.equal({ connections: 1, sessions: 1, streams: 1, refused: {} });
  });

  it("pad what goes over, since `dictionary` with a window is what is offered", async () => {
    await start();
    expect((await server.connect({ settings: { padding: false } })).agreed.isPadded).to.equal(true);
  });

  it("are several on several streams of a connection", async () => {
    await start();
    const connection = await server.connect();
    const agents = await Promise.all(Array.from({ length: 5 }, () => RawAgent.meet(connection)));
    expect(new Set(agents.map(({ session }) => session.id)).size).to.equal(5);
    for (const { session, stream } of agents)
      expect([session.state, stream.id % 2]).to.deep.equal(["established", 0]);
  });

  it("give up a stream on which is no message, and no other one", async () => {
    await start();
    const connection = await server.connect();
    const agent = await RawAgent.meet(connection);
    for (const [bytes, code] of [
      [[], 1],
      [[9, 1, 2], 1],
    ] as const) {
      const stream = connection.openStream();
      stream.write(Uint8Array.from(bytes));
      const error = await rejection(stream.receive());
      expect(error.message).to.include(`with the code ${code}.`);
    }
    const broken = new RawAgent(connection);
    broken.stream.write(Uint8Array.from([1, 0x7b]));
    expect((await broken.next())?.type).to.equal("REJECT");
    expect(await broken.next()).to.equal(undefined);
    agent.send(agent.session.ping());
    expect((await agent.next())?.type).to.equal("PONG");
    await until(() => server.log.filter(({ message }) => message === "aitcp stream ended").length === 2);
  });

  it("refuse DATA as bytes before there is a session, another session, and a second HELLO", async () => {
    await start();
    const connection = await server.connect();
    const early = new RawAgent(connection);
    early.stream.write(Uint8Array.from([2, 1, 0, 0]));
    expect(await early.next()).to.include({ type: "REJECT" });
    const agent = await RawAgent.meet(connection);
    const other = await RawAgent.meet(connection);
    agent.send(other.session.ping());
    expect(await agent.next()).to.include({ type: "REJECT" });
    expect(await agent.next()).to.equal(undefined);
    const hello = new RawAgent(connection).session.connect();
    other.send(hello);
    expect(await other.next()).to.include({ type: "REJECT" });
  });

  it("end a stream that has no session in time, with a code if the peer does not end it", async () => {
    await start({ limits: { sessionTimeoutMs: 20 } });
    const stream = (await server.connect()).openStream();
    stream.write(Uint8Array.from([1, ...Buffer.from('{"type":"PONG","session_id":"x","timestamp":1}')]));
    expect(Buffer.from((await stream.receive()) ?? []).toString()).to.include("REJECT");
    expect(await stream.receive()).to.equal(undefined);
    stream.end();
    await until(() => server.server.metrics().streams === 0);
  });

  it("are with the stream that named them last", async () => {
    const claims = new SessionClaims();
    await start({ claims });
    const agent = await RawAgent.meet(await server.connect());
    const next = new RawAgent(await server.connect(), agent.session);
    next.send(agent.session.ping());
    expect((await next.next())?.type).to.equal("PONG");
    expect(await agent.next()).to.equal(undefined);
    // What comes for the session comes to the later one.
    await server.sessions.post(agent.session.id as string, "for you");
    const pushed = (await next.next()) as DataMessage;
    expect(pushed.content).to.equal("for you");
    expect(pushed.delivery?.cursor).to.be.a("string");
  });

  it("answer what was taken before the server ends, and take nothing more", async () => {
    let open = (): void => {};
    const sessions = new TestSessions();
    await start({}, sessions);
    const agent = await RawAgent.meet(await server.connect());
    sessions.gate = new Promise((resolve) => (open = resolve));
    agent.send({ ...(await agent.session.send("last words")), delivery: { sequence: 1 } });
    await until(() => sessions.atGate === 1);
    const closing = server.server.close(10_000);
    agent.send({ ...(await agent.session.send("too late")), delivery: { sequence: 2 } });
    open();
    expect((await agent.next())?.delivery?.ack).to.equal(1);
    await closing;
    expect(await agent.next()).to.equal(undefined);
    expect(server.server.metrics()).to.include({ sessions: 0, streams: 0 });
  });

  it("do not wait for ever for a peer that does not take its answers", async () => {
    await start();
    const agent = await RawAgent.meet(await server.connect());
    agent.send(agent.session.ping());
    await until(() => server.sessions.addresses.size > 0);
    await server.server.close(50);
    expect(server.server.metrics().sessions).to.equal(0);
  });

  it("give up a stream on a defect, and say so", async () => {
    const failures: string[] = [];
    await start({ logger: { debug: () => {}, warn: () => {}, error: failsOnce(failures) } });
    const agent = await RawAgent.meet(await server.connect());
    server.sessions.gate = Promise.reject(new Error("broken"));
    server.sessions.gate.catch(() => {});
    agent.send(agent.session.ping());
    expect((await rejection(agent.next())).message).to.include("with the code 10.");
    expect(failures).to.deep.equal(["broken", "the log is broken"]);
    expect(server.server.metrics().streams).to.equal(0);
  });

  it("end with the server, even if what is handled has a defect", async () => {
    await start();
    const other = await ServerUnderTest.start({
      logger: { debug: () => {}, warn: () => {}, error: failsOnce([]) },
    });
    const agent = await RawAgent.meet(await other.connect());
    let fail = (_: Error): void => {};
    other.sessions.gate = new Promise((_, reject) => (fail = reject));
    agent.send(agent.session.ping());
    await until(() => other.sessions.atGate === 1);
    const closing = other.server.close(1000).catch((error: Error) => error.message);
    fail(new Error("broken"));
    expect(await closing).to.equal("the log is broken");
    expect(other.server.metrics()).to.deep.include({ sessions: 0, streams: 0 });
  });

  it("refuse who is not trusted, and name it", async () => {
    await start();
    const stranger = newIdentity();
    const error = await rejection(server.connect({ identity: stranger }));
    expect([error.code, error.message]).to.deep.equal([
      "M2M_PEER_UNTRUSTED",
      "The server does not trust the identity of this side.",
    ]);
    await until(() => server.server.metrics().refused.M2M_PEER_UNTRUSTED === 1);
    const [line] = server.log.filter(({ level }) => level === "warn");
    expect(line.message).to.include(formatIdentity(stranger.publicKey));
    expect(server.sessions.addresses.size).to.equal(0);
  });

  it("are let in by whom the server trusts: anyone, if it says so", async () => {
    await start({ trust: trusting([], { anyone: true }) });
    const agent = await RawAgent.meet(await server.connect({ identity: newIdentity() }));
    expect(agent.session.state).to.equal("established");
  });

  it("give up the streams of another process, on which windows would be missing", async () => {
    const store = sharedStore();
    const first = await start({ store });
    const connection = await server.connect();
    const agent = await RawAgent.meet(connection);
    agent.send({ ...(await agent.session.send("one")), delivery: { sequence: 1 } });
    expect((await agent.next())?.delivery?.ack).to.equal(1);
    const { port } = first.server;
    await first.server.close(1000);
    // What is gone on with elsewhere keeps nothing here.
    expect(first.server.metrics().streams).to.equal(0);
    server = await ServerUnderTest.start(
      { store, port, identity: first.identity, agent: first.agent },
      first.sessions,
    );
    expect((await rejection(agent.stream.receive())).code).to.equal("M2M_STREAM_CLOSED");
    expect(connection.state).to.equal("open");
    const next = new RawAgent(connection, agent.session);
    next.send(agent.session.ping());
    expect((await next.next())?.type).to.equal("PONG");
    const sent: Message = { ...(await agent.session.send("two")), delivery: { sequence: 2 } };
    next.send(sent);
    expect((await next.next())?.delivery?.ack).to.equal(2);
  });

  it("say in one line that the port is in use", async () => {
    await start();
    const blocker = createServer().listen(0, "127.0.0.1");
    await once(blocker, "listening");
    const { port } = blocker.address() as AddressInfo;
    const error = await rejection(
      startAiTcp({
        host: "127.0.0.1",
        port,
        identity: server.identity,
        trust: trusting([]),
        service: server.sessions.service,
      }),
    );
    blocker.close();
    expect(error.message).to.equal(`Cannot listen on 127.0.0.1 port ${port} for AI-TCP: the port is in use.`);
  });
});

/** A log that fails at the first entry. @param failures gets what it is told */
function failsOnce(failures: string[]): (about: object | string) => void {
  return (about) => {
    failures.push((about as { err: Error }).err.message);
    if (failures.length === 1) throw new Error("the log is broken");
  };
}
