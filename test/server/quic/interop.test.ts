import { expect } from "chai";
import { networkInterfaces } from "node:os";
import { startQuic, type QuicOptions, type QuicServer } from "../../../src/server/quic/index.js";
import { requirePeer } from "../../helpers/peers.js";
import { runPeer, type PeerRun } from "./aioquic-peer.js";
import { requireCertificate, type TestCertificate } from "../../helpers/certificate.js";
import { TestSessions } from "./test-sessions.js";
import { until } from "./until.js";

describe("QUIC, with a client on aioquic", function () {
  this.timeout(60_000);
  let python: string;
  let certificate: TestCertificate;
  let sessions: TestSessions;
  let server: QuicServer;

  before(function () {
    requirePeer(this, "quic");
    python = requirePeer(this, "python");
    certificate = requireCertificate(this);
  });
  after(() => certificate?.remove());

  beforeEach(async () => {
    sessions = new TestSessions();
    server = await start();
  });
  afterEach(() => server.close(0));

  function start(options: Partial<QuicOptions> = {}): Promise<QuicServer> {
    return startQuic({ host: "127.0.0.1", port: 0, tls: certificate, service: sessions.service, ...options });
  }
  async function restart(options: Partial<QuicOptions>): Promise<void> {
    await server.close(0);
    server = await start(options);
  }
  function peer(scenario: string, argument?: string): PeerRun {
    return runPeer(python, scenario, server.port, certificate.certFile, argument);
  }

  it("verifies the certificate, agrees on m2m/1, and has a session from HELLO to CLOSE", async () => {
    expect(await peer("session").result).to.deep.equal({
      ended: 0,
      alpn: "m2m/1",
      types: ["ACCEPT", "DATA", "PONG", "CLOSE"],
      echo: "Grüße 🙂",
      end: 0,
      retries: 0,
    });
    expect([...sessions.addresses]).to.deep.equal(["127.0.0.1"]);
  });

  it("listens on all addresses of both families", async function () {
    const addresses = Object.values(networkInterfaces()).flatMap((of) => of ?? []);
    if (!addresses.some(({ family }) => family === "IPv6")) this.skip();
    await restart({ host: "::" });
    expect(await peer("session").result).to.include({ echo: "Grüße 🙂" });
    expect([...sessions.addresses]).to.deep.equal(["127.0.0.1"]);
  });

  it("is not taken for another by a client that does not trust its certificate", async () => {
    // 0x100 and the TLS alert bad_certificate (RFC 9001 section 4.8).
    expect(await peer("untrusted").result).to.include({ connected: false, code: 0x12a });
  });

  it("refuses another application protocol", async () => {
    expect(await peer("alpn").result).to.include({ connected: false, code: 0x178 });
  });

  it("refuses TLS below 1.3", async () => {
    expect(await peer("tls12").result).to.include({ connected: false, code: 0x146 });
  });

  it("resumes without taking early data", async () => {
    expect(await peer("early").result).to.deep.equal({
      offered: null,
      accepted: false,
      resumed: true,
      type: "ACCEPT",
    });
  });

  it("answers 300 messages in order", async () => {
    expect(await peer("many", "300").result).to.deep.equal({ inOrder: true });
  });

  it("carries a content of 4 MiB there and back", async () => {
    expect(await peer("large", String(4 * 2 ** 20)).result).to.deep.equal({ same: true });
  });

  it("has as many sessions as streams on one connection", async () => {
    expect(await peer("streams", "12").result).to.deep.equal({ sessions: 12, right: true });
    expect(sessions.ids).to.have.length(12);
  });

  it("lets streams that are done make room for others", async () => {
    await restart({ limits: { maxStreams: 3 } });
    expect(await peer("sequence", "12").result).to.deep.equal({ done: true });
  });

  it("reads and writes DATA as bytes, and says which has been dealt with", async () => {
    expect(await peer("numbered").result).to.deep.equal({
      kind: 2,
      acks: [1, 2],
      echoes: ["number 1", "number 2"],
    });
  });

  it("relays between the members of a channel", async () => {
    expect(await peer("channel").result).to.deep.equal({ heard: ["from two", "from one"] });
  });

  it("pushes what comes for the session, and its end", async () => {
    const run = peer("push");
    const id = (await run.first).id as string;
    for (const content of ["one", "two", "three"]) await sessions.post(id, content);
    await sessions.service.close(id);
    expect(await run.result).to.deep.equal({ pushed: ["one", "two", "three"], last: "CLOSE", ended: 0 });
  });

  it("pushes no more than the peer's window", async () => {
    const run = peer("window");
    const id = (await run.first).id as string;
    for (const content of ["a", "b", "c", "d"]) await sessions.post(id, content);
    expect(await run.result).to.deep.equal({ before: 2, contents: ["a", "b", "c", "d"] });
  });

  it("gives a session to the connection that goes on with it", async () => {
    const run = peer("resume");
    await sessions.post((await run.first).id as string, "welcome back");
    expect(await run.result).to.deep.equal({ type: "PONG", pushed: "welcome back" });
  });

  it("pushes again what did not arrive", async () => {
    const run = peer("again");
    const id = (await run.first).id as string;
    for (const content of ["a", "b", "c"]) await sessions.post(id, content);
    expect(await run.result).to.deep.equal({ first: ["a", "b", "c"], second: ["b", "c"] });
  });

  it("gives a session to the stream that asked last", async () => {
    expect(await peer("takeover").result).to.deep.equal({ type: "PONG", resets: [7], echo: "mine now" });
  });

  it("proves addresses by Retry packets when many handshakes are under way", async () => {
    await restart({ limits: { retryFrom: 0 } });
    expect(await peer("session").result).to.include({ retries: 1, echo: "Grüße 🙂" });
  });

  describe("on a stream that breaks the rules", () => {
    const cases: readonly (readonly [name: string, argument: string, code: number])[] = [
      ["a frame without a type", "00", 1],
      ["a type that there is not", "0209ff", 1],
      ["a length with two spellings", "810001", 1],
      ["a length over 32 bits", "ffffffffff01", 1],
      ["a large message before a session", "8180080178", 2],
      ["a frame over the limit", `session:${"8180808008"}01`, 2],
    ];
    for (const [name, argument, code] of cases) {
      it(`resets it: ${name}`, async () => {
        expect(await peer("raw", argument).result).to.deep.equal({ reset: code, echo: "still here" });
      });
    }

    for (const [argument, ended] of [
      ["json", 1],
      ["binary", 1],
      ["session:hello", 4],
      ["session:other", 4],
      ["unknown", 5],
    ] as const) {
      it(`says why, and ends it: ${argument}`, async () => {
        expect(await peer("refusal", argument).result).to.deep.equal({ type: "REJECT", rest: 0, ended });
      });
    }

    it("ends it: no session in time", async () => {
      await restart({ limits: { sessionTimeoutMs: 200 } });
      expect(await peer("raw", "0a").result).to.include({ reset: 6 });
    });

    it("resets it: unfinished frames over the limit of the connection", async () => {
      await restart({ limits: { maxPartialBytes: 100_000 } });
      const unfinished = `80897a01${"20".repeat(50_000)}`;
      expect(await peer("raw", `session:repeat:3:${unfinished}`).result).to.deep.equal({
        reset: 2,
        echo: "still here",
      });
    });

    it("ends the connection: a unidirectional one", async () => {
      // STREAM_LIMIT_ERROR.
      expect(await peer("unidirectional").result).to.include({ code: 0x4 });
    });

    it("survives streams that are reset in the middle", async () => {
      expect(await peer("abandon").result).to.deep.equal({ type: "ACCEPT" });
    });
  });

  describe("with a token", () => {
    beforeEach(() => restart({ authorize: (authorization) => authorization === "Bearer s3cret" }));

    it("lets in who has it", async () => {
      expect(await peer("token", "s3cret").result).to.deep.equal({ type: "ACCEPT" });
    });
    it("resets the stream of who has another", async () => {
      expect(await peer("token", "s3crets").result).to.deep.equal({ reset: 3 });
      expect(sessions.ids).to.have.length(0);
    });
    it("resets the stream of who has none", async () => {
      expect(await peer("token").result).to.deep.equal({ reset: 3 });
      expect(sessions.ids).to.have.length(0);
    });
  });

  describe("at the end", () => {
    it("answers what it has, then says that it closes", async () => {
      let release = () => {};
      sessions.gate = new Promise((resolve) => (release = resolve));
      const run = peer("linger");
      await until(() => sessions.atGate === 1);
      const closed = server.close(10_000);
      release();
      await closed;
      expect(await run.result).to.include({ echo: "last words", code: 0 });
    });

    it("forgets a connection that is idle", async () => {
      await restart({ limits: { idleTimeoutMs: 300 } });
      const run = peer("wait");
      await run.first;
      expect(server.connectionCount).to.equal(1);
      expect(await run.result).to.include({ reason: "Idle timeout" });
      await until(() => server.connectionCount === 0);
    });

    it("forgets a connection whose peer has vanished", async () => {
      await restart({ limits: { idleTimeoutMs: 500 } });
      const run = peer("wait");
      await run.first;
      run.process.kill("SIGKILL");
      await until(() => server.connectionCount === 0);
    });

    it("forgets a connection that the peer closes", async () => {
      await peer("session").result;
      await until(() => server.connectionCount === 0);
    });
  });

  it("keeps a connection into which others mix what is not its own", async () => {
    expect(await peer("garbage", "3000").result).to.deep.equal({ echo: "still here" });
  });

  it("ends a connection that lives by packets without content", async () => {
    expect(await peer("flood").result).to.include({ code: 9 });
  });
});
