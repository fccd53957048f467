import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createTcpServer, type AddressInfo, type Socket } from "node:net";
import { expect } from "chai";
import { M2MClient, TRANSPORTS, type M2MClientOptions } from "../../src/client/index.js";
import { MemoryMailbox } from "../../src/session/index.js";
import { ALGORITHM_NAMES } from "../../src/shared/algorithms.js";
import { SecurityThreat } from "../../src/shared/errors.js";
import { catchM2MError, rejection } from "../helpers/catch-error.js";
import { scannerOf } from "../session/pair.js";
import { memoryStores } from "../server/sessions/fixture.js";
import { clientAt, SessionServer, takeTexts, useClients } from "./fixture.js";

const caught = async (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => "it resolved",
    (error: unknown) => error,
  );

for (const transport of TRANSPORTS) {
  describe(`the client over ${transport}`, () => {
    let server: SessionServer;
    const meet = useClients(transport, () => server);
    beforeEach(async () => {
      server = await SessionServer.start();
    });
    afterEach(() => server.close());

    it("asks, is answered, pings and closes", async () => {
      const client = await meet();
      expect(client.state).to.equal("open");
      expect(client.agreed?.algorithms).to.deep.equal(["dictionary", "token-native", "brotli", "none"]);
      expect((await client.request("Hello")).text).to.equal("Hello");
      const bytes = Uint8Array.of(0, 255, 1, 254);
      expect(Buffer.from((await client.request(bytes)).bytes)).to.deep.equal(Buffer.from(bytes));
      expect((await client.request("as brotli", { algorithm: "brotli" })).text).to.equal("as brotli");
      await client.send("later");
      expect((await client.receive())?.text).to.equal("later");
      expect(await client.ping()).to.be.greaterThan(0);
      expect(client.counters.sent.dataMessages).to.equal(4);
      expect(await server.sessions.describe(client.sessionId!)).to.include({ id: client.sessionId });
      await client.close();
      expect(client.state).to.equal("closed");
      expect(await server.sessions.count()).to.equal(0);
      expect(await client.receive()).to.equal(undefined);
      expect((await rejection(client.send("x"))).code).to.equal("M2M_PROTOCOL_STATE");
      await client.close();
    });

    it("agrees on every algorithm that it asks for", async () => {
      const algorithms = ALGORITHM_NAMES.filter((name) => name !== "dictionary");
      const client = await meet({ capabilities: { compression: { algorithms } }, dictionary: true });
      expect(client.agreed?.algorithms).to.deep.equal(["dictionary", ...algorithms]);
      for (const algorithm of ALGORITHM_NAMES)
        expect((await client.request('{"role":"user"}', { algorithm })).text).to.equal('{"role":"user"}');
    });

    it("keeps the order of many messages at once, with backpressure", async () => {
      const client = await meet({ maxUnacknowledged: 8 });
      const texts = Array.from({ length: 100 }, (_, i) => `message ${i}`);
      const answers = await Promise.all(texts.map((text) => client.request(text)));
      expect(answers.map(({ text }) => text)).to.deep.equal(texts);
    });

    it("talks to another client through a channel, both ways", async () => {
      const ann = await meet({ channel: "room" });
      const bob = await meet({ channel: "room" });
      const texts = Array.from({ length: 60 }, (_, i) => `from ann ${i}`);
      const taking = takeTexts(bob, texts.length);
      for (const text of texts) await ann.send(text);
      expect(await taking).to.deep.equal(texts);
      await Promise.all(["a", "b", "c"].map((text) => bob.send(text)));
      expect(await takeTexts(ann, 3)).to.deep.equal(["a", "b", "c"]);
      expect((await rejection(ann.request("x"))).code).to.equal("M2M_USAGE");
    });

    it("iterates until the session ends, whoever ends it", async () => {
      const ann = await meet({ channel: "room" });
      const bob = await meet({ channel: "room" });
      const texts: string[] = [];
      const iterating = (async () => {
        for await (const { text } of bob) {
          texts.push(text);
          if (texts.length === 2) await server.sessions.close(bob.sessionId!);
        }
      })();
      await ann.send("one");
      await ann.send("two");
      await iterating;
      expect(texts).to.deep.equal(["one", "two"]);
      expect(bob.state).to.equal("closed");
    });

    it("takes no more than it can keep, and loses nothing by that", async () => {
      const ann = await meet({ channel: "room" });
      const bob = await meet({ channel: "room", maxBuffered: 4 });
      const texts = Array.from({ length: 50 }, (_, i) => `${i}`);
      for (const text of texts) await ann.send(text);
      expect(await takeTexts(bob, 50)).to.deep.equal(texts);
      const echo = await meet({ maxBuffered: 2 });
      await echo.send("1");
      await echo.send("2");
      expect((await rejection(echo.send("3"))).code).to.equal("M2M_MAILBOX_FULL");
      expect(await takeTexts(echo, 2)).to.deep.equal(["1", "2"]);
      await echo.send("3");
    });

    it("tells the server what has been taken", async () => {
      const ann = await meet({ channel: "room" });
      const bob = await meet({ channel: "room" });
      for (const text of ["one", "two"]) await ann.send(text);
      await takeTexts(bob, 2);
      await bob.ping();
      for (let tries = 0; ; tries++) {
        const waiting = await server.sessions.take(bob.sessionId!, { peek: true });
        if (waiting.length === 0) break;
        expect(tries).to.be.below(200);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    });

    it("can be told to give up, anywhere", async () => {
      const reason = new Error("enough");
      const client = await meet({ channel: "room" });
      for (const call of [
        (signal: AbortSignal) => client.send("x", { signal }),
        (signal: AbortSignal) => client.ping({ signal }),
        (signal: AbortSignal) => client.receive({ signal }),
      ]) {
        expect(await caught(call(AbortSignal.abort(reason)))).to.equal(reason);
      }
      const controller = new AbortController();
      const receiving = caught(client.receive({ signal: controller.signal }));
      controller.abort(reason);
      expect(await receiving).to.equal(reason);
      expect((await rejection(client.receive({ timeoutMs: 20 }))).code).to.equal("M2M_ANSWER_TIMEOUT");
      // What comes later goes to who asks then.
      const other = await meet({ channel: "room" });
      await other.send("still here");
      expect((await client.receive())?.text).to.equal("still here");

      const sockets: Socket[] = [];
      const silent = createTcpServer((socket) => void sockets.push(socket));
      silent.listen(0, "127.0.0.1");
      await once(silent, "listening");
      const { port } = silent.address() as AddressInfo;
      const connecting = new AbortController();
      const waiting = clientAt(port, transport);
      const connected = caught(waiting.connect({ signal: connecting.signal }));
      connecting.abort(reason);
      expect(await connected).to.equal(reason);
      expect(waiting.state).to.equal("closed");
      const slow = clientAt(port, transport, { answerTimeoutMs: 50 });
      expect((await rejection(slow.connect())).family).to.equal("UpstreamError");
      for (const socket of sockets) socket.destroy();
      silent.close();
    });

    it("connects once, and not at all if its signal says so before", async () => {
      const client = server.client(transport);
      const reason = new Error("not today");
      // What nobody waits for any more must not end the process either: mocha fails for it.
      expect(await caught(client.connect({ signal: AbortSignal.abort(reason) }))).to.equal(reason);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(client.state).to.equal("new");
      const connecting = client.connect();
      const again = await rejection(client.connect());
      expect([again.code, again.message]).to.deep.equal([
        "M2M_PROTOCOL_STATE",
        "The client is connected, or about to be.",
      ]);
      await connecting;
      expect((await rejection(client.connect())).message).to.equal(again.message);
      expect((await client.request("Hello")).text).to.equal("Hello");
      await client.close();
    });

    it("says why it cannot connect", async () => {
      const nobody = clientAt(1, transport);
      expect(await caught(nobody.connect())).to.include({ code: "M2M_CONNECTION_FAILED" });
      expect(nobody.state).to.equal("closed");
      if (transport === "aitcp") return;
      const plain = createServer((_request, response) => response.writeHead(401).end("no"));
      plain.listen(0, "127.0.0.1");
      await once(plain, "listening");
      const url = `http://127.0.0.1:${(plain.address() as AddressInfo).port}`;
      expect(await caught(new M2MClient({ url, transport }).connect())).to.include({
        code: "M2M_CONNECTION_FAILED",
        status: 401,
      });
      plain.close();
      const strict = server.client(transport, { requireSecurity: true, scanner: scannerOf(0) });
      expect((await rejection(strict.connect())).code).to.equal("M2M_SESSION_REJECTED");
      const odd = server.client(transport, { channel: "not a name" });
      expect((await rejection(odd.connect())).code).to.equal("M2M_NOT_NEGOTIATED");
      const early = server.client(transport);
      expect((await rejection(early.send("x"))).code).to.equal("M2M_PROTOCOL_STATE");
      await early.close();
      expect((await rejection(early.connect())).code).to.equal("M2M_PROTOCOL_STATE");
    });

    it("tells refusals apart, and goes on behind them", async () => {
      await server.close();
      const stores = { ...memoryStores(), mailbox: new MemoryMailbox({ maxEntries: 2 }) };
      server = await SessionServer.start({
        stores,
        service: { scanner: { scan: async (content) => verdict(Buffer.from(content as string).toString()) } },
      });
      const ann = await meet({ channel: "room" });
      // It joins, and takes nothing.
      const idle = await meet({ channel: "room", maxBuffered: 1 });
      void idle;
      expect((await rejection(ann.send("an attack"))).code).to.equal("M2M_SECURITY_THREAT");
      await ann.send("1");
      await ann.send("2");
      let code = "";
      for (let i = 0; i < 5 && code === ""; i++) {
        code = await ann.send("more").then(
          () => "",
          (error: { code: string }) => error.code,
        );
      }
      expect(code).to.equal("M2M_MAILBOX_FULL");
      expect(await ann.ping()).to.be.greaterThan(0);

      function verdict(content: string) {
        const isAttack = content.includes("attack");
        return { safe: !isAttack, score: isAttack ? 1 : 0, shouldBlock: isAttack };
      }
    });

    it("scans what it receives", async () => {
      const ann = await meet({ channel: "room" });
      const scanner = {
        scan: async (content: string | Uint8Array) => {
          const isBad = Buffer.from(content as string)
            .toString()
            .includes("bad");
          return { safe: !isBad, score: isBad ? 0.9 : 0, shouldBlock: isBad };
        },
      };
      const bob = await meet({ channel: "room", scanner });
      for (const text of ["good", "bad", "good again"]) await ann.send(text);
      expect((await bob.receive())?.text).to.equal("good");
      expect(await rejection(bob.receive())).to.be.instanceOf(SecurityThreat);
      const next = await bob.receive();
      expect(next?.text).to.equal("good again");
      expect(next?.security).to.include({ scanned: true, safe: true });
      expect((await rejection(bob.send("bad"))).code).to.equal("M2M_SECURITY_THREAT");
    });
  });
}

describe("clients of different transports", () => {
  it("hear each other", async () => {
    const server = await SessionServer.start();
    const [ann, bob] = [
      server.client("http", { channel: "room" }),
      server.client("websocket", { channel: "room", capabilities: { version: "4.0" } }),
    ];
    await Promise.all([ann.connect(), bob.connect()]);
    await ann.send("over HTTP");
    expect((await bob.receive())?.text).to.equal("over HTTP");
    await bob.send("over WebSocket");
    expect((await ann.receive())?.text).to.equal("over WebSocket");
    await Promise.all([ann.close(), bob.close()]);
    await server.close();
  });

  it("say of a server that does not refuse and sends no message that it is another one", async () => {
    const page = createServer((_, response) => response.end("<html></html>")).listen(0, "127.0.0.1");
    await once(page, "listening");
    const { port } = page.address() as AddressInfo;
    for (const transport of ["http", "websocket"] as const) {
      const error = await rejection(clientAt(port, transport).connect());
      expect(error).to.include({ code: "M2M_CONNECTION_FAILED", status: 200 });
      expect(error.message).to.include("is no m2m server");
    }
    page.close();
  });

  it("show their token", async () => {
    const token = "t0ken/+=";
    const server = await SessionServer.start({
      webSocket: { authorize: (authorization) => authorization === `Bearer ${token}` },
    });
    server.onRequest = ({ headers }, response) => {
      if (headers.authorization === `Bearer ${token}`) return false;
      response.writeHead(401).end();
      return true;
    };
    // Over AI-TCP nobody shows one.
    for (const transport of ["http", "websocket"] as const) {
      const client = server.client(transport, { token });
      await client.connect();
      expect((await client.request("let in")).text).to.equal("let in");
      await client.close();
      for (const wrong of [undefined, "other"]) {
        const error = await rejection(server.client(transport, { token: wrong }).connect());
        expect(error).to.include({ code: "M2M_CONNECTION_FAILED", status: 401 });
        expect(JSON.stringify(error) + error.message).not.to.contain("other");
      }
    }
    await server.close();
  });
});

describe("the options of a client", () => {
  it("are checked", () => {
    for (const options of [
      { url: "" },
      { url: "ftp://x" },
      { url: "http://user:secret@x" },
      { url: "http://x", transport: "smoke" },
      { url: "http://x", answerTimeoutMs: 0 },
      { url: "http://x", answerTimeoutMs: "5" },
      { url: "http://x", maxBuffered: NaN },
      { url: "http://x", reconnect: 5 },
      { url: "http://x", reconnect: null },
      { url: "http://x", reconnect: { maxTries: -1 } },
      { url: "http://x", reconnect: { maxTries: NaN } },
      { url: "http://x", reconnect: { firstDelayMs: "1" } },
      { url: "http://x", token: 5 },
      { url: "http://x", channel: 5 },
      { url: "http://x", scanner: {} },
      { url: "http://x", codec: { quality: 99 } },
      null,
      5,
      { url: "http://x", capabilities: { compression: { algorithms: [] } } },
    ]) {
      const error = catchM2MError(() => new M2MClient(options as M2MClientOptions));
      expect(error.code, JSON.stringify(options)).to.equal("M2M_USAGE");
      expect(error.message).not.to.contain("secret");
    }
  });
});

describe("the client and a server that means it ill", () => {
  it("leaves an answer that does not end", async () => {
    // Bounded, so that a client that reads on fails here and not by the memory of the machine.
    let left = 200;
    const block = Buffer.alloc(1024 * 1024, 0x20);
    const server = createServer((request, response) => {
      request.resume();
      const fill = (): void => {
        while (!response.destroyed && left-- > 0 && response.write(block));
      };
      response.on("drain", fill);
      fill();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const client = new M2MClient({ url: `http://127.0.0.1:${port}`, reconnect: { maxTries: 0 } });
    try {
      const error = await rejection(client.connect());
      expect(error).to.include({ code: "M2M_CONNECTION_FAILED" });
      expect(error.message).to.match(/^The answer of the server is over \d+ bytes\.$/);
    } finally {
      server.closeAllConnections();
      server.close();
      await client.close();
    }
  });
});
