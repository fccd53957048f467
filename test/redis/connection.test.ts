import { expect } from "chai";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { inspect } from "node:util";
import {
  connectRedis,
  RedisChannelDirectory,
  RedisMailbox,
  RedisRateStore,
  RedisResponseStore,
  RedisSessionStore,
  RedisSpendStore,
} from "../../src/redis/index.js";
import { reconnectDelayMs } from "../../src/redis/link.js";
import { UpstreamError, type M2MError } from "../../src/shared/errors.js";
import { rejection } from "../helpers/catch-error.js";
import { requireCertificate, type TestCertificate } from "../helpers/certificate.js";
import { requirePeer } from "../helpers/peers.js";
import { RedisServer } from "../helpers/redis-server.js";
import { eventually, useRedis } from "./fixture.js";

const PASSWORD = "hunter2:/@%";

/** An error of the store, which shows nothing that must not be seen, however it is looked at. */
function expectUnavailable(error: M2MError): UpstreamError {
  expect(error).to.be.instanceOf(UpstreamError);
  expect(error.code).to.equal("M2M_STORE_UNAVAILABLE");
  expect(inspect(error, { depth: 10, showHidden: true })).not.to.match(/hunter2|secret content/);
  return error as UpstreamError;
}

describe("a connection to Redis", () => {
  const redis = useRedis({ password: PASSWORD });

  it("uses the password and the database of the address", async () => {
    const connection = await connectRedis(`${redis.server.url}/3`, { prefix: "" });
    try {
      await connection.send("SET", ["database", "three"]);
      expect(await connection.send("CLIENT", ["INFO"])).to.match(/ db=3 .*name=m2m |name=m2m .* db=3 /);
      expect(connection.address).to.equal(`redis://127.0.0.1:${redis.server.port}/3`);
      const other = await redis.connect({ prefix: "" });
      expect(await other.send("GET", ["database"])).to.equal(null);
    } finally {
      await connection.close();
    }
  });

  it("says why there is none", async () => {
    const { port } = redis.server;
    const silent = createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    try {
      const silentPort = (silent.address() as AddressInfo).port;
      const user = `:${encodeURIComponent(PASSWORD)}@`;
      for (const [url, reason] of [
        [`redis://127.0.0.1:${port}`, /asks for a password \(NOAUTH\)/],
        [`redis://:hunter2@127.0.0.1:${port}`, /refuses the name or password/],
        [`redis://nobody${user}127.0.0.1:${port}`, /refuses the name or password/],
        [`redis://${user}127.0.0.1:${port}/99`, /no database of that number/],
        [`redis://${user}127.0.0.1:1`, /nothing listens there \(ECONNREFUSED\)/],
        [`redis://${user}127.0.0.1:${silentPort}`, /did not answer within 300 ms|does not answer/],
        [`rediss://${user}127.0.0.1:${port}`, /did not answer within 300 ms|does not answer|lost|TLS/],
      ] as const) {
        const error = await rejection(connectRedis(url, { connectTimeoutMs: 300, timeoutMs: 300 }));
        expect(expectUnavailable(error).message, url).to.match(reason);
        expect(error.hint).not.to.equal(undefined);
      }
    } finally {
      silent.close();
    }
  });

  it("needs no more rights than its page says", async () => {
    const page = readFileSync(new URL("../../docs/redis.md", import.meta.url), "utf8");
    const words = /^ACL SETUSER .*$/m.exec(page)![0].split(" ").slice(1);
    const admin = await redis.connect();
    await admin.send("ACL", words);
    // Nothing else may be used by chance.
    expectUnavailable(await rejection(connectRedis(`redis://m2m:wrong@127.0.0.1:${redis.server.port}`)));
    const connection = await connectRedis(`redis://m2m:password@127.0.0.1:${redis.server.port}/1`);
    try {
      const expiresAtMs = Date.now() + 60_000;
      const sessions = new RedisSessionStore(connection);
      for (const options of [{ expiresAtMs }, { replaces: 1 }]) {
        expect(await sessions.put({ id: "a", revision: 1 } as never, options)).to.equal(true);
      }
      expect([await sessions.get("a"), await sessions.count(), await sessions.delete("a")]).to.have.length(3);
      const mailbox = new RedisMailbox(connection);
      const waiting = mailbox.read("a", { waitMs: 60_000 });
      await mailbox.put("a", "one", { source: { id: "b", sequence: 1 } });
      await mailbox.put("a", "one", { source: { id: "b", sequence: 1 }, expiresAtMs });
      await mailbox.acknowledge("a", (await waiting)[0].id);
      await mailbox.delete("a");
      const channels = new RedisChannelDirectory(connection);
      await channels.join("room", "a", expiresAtMs);
      await channels.join("room", "b");
      expect(await channels.members("room")).to.have.length(2);
      await channels.leave("room", "a");
      const onFailure = (error: M2MError): never => {
        throw error;
      };
      const fallback = { take: () => Promise.reject(new Error("The fallback was asked.")) };
      await new RedisRateStore(connection, { fallback }).take("a", 1, { capacity: 1, refillPerSecond: 1 });
      const ledger = new RedisSpendStore(connection);
      expect(await ledger.add("a", "w", 1, expiresAtMs)).to.equal(await ledger.total("a", "w"));
      const cache = new RedisResponseStore(connection, { onFailure });
      await cache.set("a", new Uint8Array(1), 1_000);
      expect(await cache.get("a")).to.have.length(1);
      const refused = await rejection(connection.send("KEYS", ["*"]));
      expect(expectUnavailable(refused).message).to.include("NOPERM");
    } finally {
      await connection.close();
    }
  });

  it("shows nothing of what was sent when a command fails", async () => {
    const connection = await redis.connect();
    for (const [command, args] of [
      ["AUTH", ["hunter2"]],
      ["NOSUCHCOMMAND", ["secret content", PASSWORD]],
      ["SET", ["key", "secret content", "WRONG"]],
      ["EVAL", ["return redis.call('GET')", 0, "secret content"]],
      ["EVAL", ["secret content", 0]],
    ] as const) {
      expectUnavailable(await rejection(connection.send(command, [...args])));
    }
  });

  it("that breaks is not noticed if it is back at once", async () => {
    const connection = await redis.connect();
    const killer = await redis.connect();
    for (let i = 0; i < 5; i++) {
      await killer.send("CLIENT", ["KILL", "TYPE", "normal", "SKIPME", "yes"]);
      // What is on its way when the connection breaks fails; what comes then waits for it.
      await connection.send("INCR", ["a"]).catch(expectUnavailable);
      expect(await connection.send("PING", [])).to.equal("PONG");
    }
  });

  it("gives scripts to a server that has forgotten them", async () => {
    const connection = await redis.connect();
    const script = "return ARGV[1] .. KEYS[1]";
    for (let i = 0; i < 3; i++) {
      expect(await connection.run(script, ["k"], ["a"])).to.equal("ak");
      if (i === 1) await connection.send("SCRIPT", ["FLUSH"]);
    }
    expectUnavailable(await rejection(connection.run("return nothing.at.all", [], ["secret content"])));
  });

  it("that is closed lets what was sent finish, and takes nothing more", async () => {
    const connection = await redis.connect();
    const sent = Promise.all(Array.from({ length: 50 }, () => connection.send("INCR", ["counter"])));
    await connection.close();
    expect((await sent).at(-1)).to.equal(50);
    expectUnavailable(await rejection(connection.send("PING", [])));
    await connection.close();
  });
});

describe("a Redis that goes away", () => {
  const redis = useRedis({ password: PASSWORD, appendOnly: true });

  it("fails commands in time when it was killed, and serves them when it is back", async () => {
    const connection = await redis.connect({ timeoutMs: 500 });
    const store = new RedisSessionStore(connection);
    const snapshot = { id: "a", revision: 1 } as never;
    await store.put(snapshot);
    await redis.server.kill();
    const startedMs = performance.now();
    for (let i = 0; i < 20; i++) expectUnavailable(await rejection(connection.send("INCR", ["lost"])));
    expectUnavailable(await rejection(store.get("a")));
    expectUnavailable(await rejection(store.put(snapshot)));
    // All of them together: only the first ones wait.
    expect(performance.now() - startedMs).to.be.below(3_000);
    expect(connection.isUp).to.equal(false);
    await redis.server.restart();
    await connection.whenUp();
    expect((await store.get("a"))!.revision).to.equal(1);
    // What has failed was not kept to be done later.
    expect(await connection.send("GET", ["lost"])).to.equal(null);
  });

  it("does not hang callers when it is stopped", async () => {
    const connection = await redis.connect({ timeoutMs: 300 });
    redis.server.pause();
    try {
      const startedMs = performance.now();
      const failures = await Promise.all(
        Array.from({ length: 100 }, () => rejection(connection.send("PING", []))),
      );
      for (const error of failures) expectUnavailable(error);
      // Once it is known to be silent, nobody waits.
      await eventually(async () => expect(connection.isUp).to.equal(false));
      await rejection(connection.send("PING", []));
      expect(performance.now() - startedMs).to.be.below(5_000);
    } finally {
      redis.server.resume();
    }
    await eventually(() => connection.send("PING", []));
  });

  it("is not sent what has failed for its caller meanwhile", async () => {
    const connection = await redis.connect({ timeoutMs: 500, prefix: "" });
    redis.server.pause();
    try {
      await rejection(connection.send("PING", []));
      await eventually(async () => expect(connection.isUp).to.equal(false));
      expectUnavailable(await rejection(connection.send("INCR", ["late"], { timeoutMs: 20 })));
    } finally {
      redis.server.resume();
    }
    await connection.whenUp();
    expect(await connection.send("GET", ["late"])).to.equal(null);
  });

  it("is closed all the same", async () => {
    const connection = await redis.connect({ timeoutMs: 300 });
    redis.server.pause();
    try {
      await connection.close();
    } finally {
      redis.server.resume();
    }
  });

  it("is tried again after times that grow, up to two seconds", () => {
    expect([1, 2, 3, 6, 7, 50].map((attempt) => reconnectDelayMs(attempt, 1))).to.deep.equal([
      50, 100, 200, 1600, 2000, 2000,
    ]);
    expect(reconnectDelayMs(7, 0)).to.equal(1000);
    for (let attempt = 1; attempt < 2000; attempt++) {
      expect(reconnectDelayMs(attempt)).to.be.within(25, 2000);
    }
  });
});

describe("a connection to Redis with TLS", () => {
  let certificate: TestCertificate;
  let server: RedisServer;

  before(async function () {
    const program = requirePeer(this, "redis");
    certificate = requireCertificate(this);
    const { certFile: cert, keyFile: key } = certificate;
    server = await RedisServer.start(program, { password: PASSWORD, tls: { cert, key } });
  });
  after(async () => {
    await server?.stop();
    certificate?.remove();
  });

  it("tells the server's name", async () => {
    const named = createTlsServer({ cert: certificate.cert, key: certificate.key });
    named.listen(0, "localhost");
    await once(named, "listening");
    try {
      const met = once(named, "secureConnection") as Promise<[TLSSocket & { servername: unknown }]>;
      const { port } = named.address() as AddressInfo;
      const options = { ca: certificate.cert, timeoutMs: 200, connectTimeoutMs: 2_000 };
      await rejection(connectRedis(`rediss://localhost:${port}`, options));
      const [socket] = await met;
      expect(socket.servername).to.equal("localhost");
      socket.destroy();
    } finally {
      named.close();
    }
  });

  it("trusts the certificates that it is given, and no others", async () => {
    const connection = await connectRedis(server.url, { ca: certificate.cert });
    expect(await connection.send("PING", [])).to.equal("PONG");
    await connection.close();
    const error = await rejection(connectRedis(server.url));
    expect(expectUnavailable(error).message).to.include("its certificate is not trusted");
  });
});
