import { expect } from "chai";
import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { startQuic, type QuicLimits, type QuicServer } from "../../../src/server/quic/index.js";
import { runPeer } from "./aioquic-peer.js";
import { rejection } from "../../helpers/catch-error.js";
import { requirePeer } from "../../helpers/peers.js";
import { requireCertificate, type TestCertificate } from "../../helpers/certificate.js";
import { TestSessions } from "./test-sessions.js";
import { until } from "./until.js";

describe("a QUIC server", function () {
  this.timeout(60_000);
  let certificate: TestCertificate;
  let server: QuicServer;
  let socket: Socket;

  before(function () {
    requirePeer(this, "quic");
    certificate = requireCertificate(this);
  });
  after(() => certificate?.remove());
  beforeEach(async () => {
    server = await start();
    socket = createSocket("udp4");
    socket.connect(server.port, "127.0.0.1");
    await once(socket, "connect");
  });
  afterEach(async () => {
    socket.close();
    await server.close(0);
  });

  function start(port = 0, limits: Partial<QuicLimits> = {}): Promise<QuicServer> {
    return startQuic({
      host: "127.0.0.1",
      port,
      tls: certificate,
      service: new TestSessions().service,
      limits: { handshakeTimeoutMs: 1000, retryFrom: 20, ...limits },
    });
  }
  /** A datagram of 1200 bytes that begins with an Initial packet's header. */
  function initial(version = "00000001", destinationId = randomBytes(8)): Buffer {
    const head = `c0${version}08${destinationId.toString("hex")}08${"61".repeat(8)}00449e`;
    return Buffer.concat([Buffer.from(head, "hex"), randomBytes(1200)]).subarray(0, 1200);
  }
  async function answer(): Promise<Buffer> {
    return ((await once(socket, "message")) as [Buffer])[0];
  }

  it("says which version it speaks", async () => {
    socket.send(initial("1a2a3a4a", Buffer.from("abcdefgh")));
    const packet = await answer();
    expect(packet.subarray(1, 23).toString("latin1")).to.equal("\0\0\0\0\x08aaaaaaaa\x08abcdefgh");
  });

  it("does not answer more than it was asked, nor what is short, nor a negotiation", async () => {
    const answers: Buffer[] = [];
    socket.on("message", (packet) => answers.push(packet));
    socket.send(initial("1a2a3a4a").subarray(0, 1199));
    socket.send(initial("00000000"));
    socket.send(initial().subarray(0, 1199));
    socket.send(initial("00000001", randomBytes(7)));
    socket.send(Buffer.concat([Buffer.of(0x40), randomBytes(1300)]));
    // Answers come in the order of questions: behind these there is one that has one.
    socket.send(initial("1a2a3a4a"));
    await until(() => answers.length > 0);
    expect(answers).to.have.length(1);
    expect(answers[0].length).to.be.lessThan(1200);
    expect(server.connectionCount).to.equal(0);
  });

  it("asks for proof of the address from 20 unfinished handshakes on, and keeps none for long", async function () {
    const python = requirePeer(this, "python");
    const run = runPeer(python, "unfinished", server.port, certificate.certFile, "30");
    await until(() => server.connectionCount > 0);
    const { retries, flights, amplification } = await run.result;
    expect({ retries, flights }).to.deep.equal({ retries: 10, flights: 20 });
    expect(amplification).to.be.greaterThan(0.5).and.at.most(3);
    await until(() => server.connectionCount === 0);
  });

  it("answers no more connections than it has room for", async function () {
    const python = requirePeer(this, "python");
    await server.close(0);
    server = await start(0, { maxConnections: 5 });
    const { flights } = await runPeer(python, "unfinished", server.port, certificate.certFile, "30").result;
    expect(flights).to.equal(5);
  });

  it("outlives thousands of datagrams of noise", async function () {
    const python = requirePeer(this, "python");
    const template = initial();
    for (let count = 0; count < 6000; count++) {
      const noise = count % 2 === 0 ? Buffer.from(template) : randomBytes(1 + (count % 1400));
      if (count % 2 === 0)
        for (let change = 0; change < count % 7; change++) noise[(count * 31 + change * 7) % 60] = count;
      if (count % 4 === 0) randomBytes(8).copy(noise, 6);
      socket.send(noise);
      if (count % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const run = runPeer(python, "session", server.port, certificate.certFile);
    expect(await run.result).to.include({ echo: "Grüße 🙂" });
    await until(() => server.connectionCount === 0);
  });

  it("says when its port is taken", async () => {
    const error = await rejection(start(server.port));
    expect(error).to.have.property("code", "M2M_LISTEN_FAILED");
    expect(error).to.have.property("message").that.includes(`UDP port ${server.port}: the port is in use`);
  });

  it("says when the certificate is none, or the key is another's", async () => {
    const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
    const options = { host: "127.0.0.1", port: 0, service: new TestSessions().service };
    for (const tls of [
      { cert: "x", key: certificate.key },
      { cert: certificate.cert, key: "x" },
      { cert: certificate.cert, key: other.export({ type: "pkcs8", format: "pem" }) },
    ]) {
      const error = await rejection(startQuic({ ...options, tls }));
      expect(error).to.have.property("code", "M2M_LISTEN_FAILED");
    }
  });

  it("says which package it needs", async () => {
    const options = { host: "127.0.0.1", port: 0, tls: certificate, service: new TestSessions().service };
    const missing = Object.assign(new Error("Cannot find package"), { code: "ERR_MODULE_NOT_FOUND" });
    for (const [cause, message] of [
      [missing, "is not installed"],
      [new Error("Unsupported OS: plan9"), "does not load: Error: Unsupported OS: plan9"],
    ] as const) {
      const error = await rejection(startQuic({ ...options, loadPackage: () => Promise.reject(cause) }));
      expect(error).to.include({
        code: "M2M_PACKAGE_MISSING",
        hint: "Run: npm install @infisical/quic, with -g if m2m is installed so.",
      });
      expect(error).to.have.property("message").that.includes(message);
    }
  });

  it("closes at once if nothing is being done, and only once", async () => {
    await Promise.all([server.close(), server.close()]);
    expect(server.connectionCount).to.equal(0);
  });
});
