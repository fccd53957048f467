import { expect } from "chai";
import { TRANSPORTS } from "../../src/client/index.js";
import type { SessionSnapshot, SessionStore } from "../../src/session/index.js";
import { UpstreamError } from "../../src/shared/errors.js";
import { memoryStores } from "../server/sessions/fixture.js";
import { rejection } from "../helpers/catch-error.js";
import { SessionServer, takeTexts, useClients } from "./fixture.js";

const numbered = (count: number, prefix = ""): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}`);

/** A store whose methods can be given away. */
function bound(store: SessionStore): SessionStore {
  return {
    get: (id) => store.get(id),
    put: (snapshot, options) => store.put(snapshot, options),
    delete: (id) => store.delete(id),
    count: () => store.count(),
  };
}

for (const transport of TRANSPORTS) {
  describe(`a client whose connection is cut, over ${transport}`, () => {
    let server: SessionServer;
    const meet = useClients(transport, () => server);
    beforeEach(async () => {
      server = await SessionServer.start();
    });
    afterEach(() => server.close());

    it("goes on with its session, loses nothing and repeats nothing", async () => {
      const [ann, bob] = [await meet({ channel: "room" }), await meet({ channel: "room" })];
      const ids = [ann.sessionId, bob.sessionId];
      const texts = numbered(120);
      const taking = takeTexts(bob, texts.length);
      const sending = (async () => {
        for (const [i, text] of texts.entries()) {
          if (i % 10 === 5) server.cut();
          await ann.send(text);
        }
      })();
      await sending;
      expect(await taking).to.deep.equal(texts);
      expect([ann.sessionId, bob.sessionId]).to.deep.equal(ids);
      // Nothing comes behind it.
      await ann.send("last");
      expect(await takeTexts(bob, 1)).to.deep.equal(["last"]);
    });

    it("sends many at once, cut at any moment", async () => {
      const [ann, bob] = [await meet({ channel: "room" }), await meet({ channel: "room" })];
      const texts = numbered(200);
      const taking = takeTexts(bob, texts.length);
      let isDone = false;
      const cutting = (async () => {
        for (let i = 0; i < 12 && !isDone; i++) {
          await new Promise((resolve) => setTimeout(resolve, 5 + Math.random() * 30));
          server.cut();
        }
      })();
      await Promise.all(texts.map((text) => ann.send(text)));
      isDone = true;
      expect(await taking).to.deep.equal(texts);
      await cutting;
    });

    it("gets every answer once", async () => {
      const client = await meet();
      const texts = numbered(60);
      const asking = Promise.all(texts.map((text) => client.request(text)));
      for (let i = 0; i < 5; i++) {
        await new Promise((resolve) => setTimeout(resolve, 10));
        server.cut();
      }
      expect((await asking).map(({ text }) => text)).to.deep.equal(texts);
      expect((await rejection(client.receive({ timeoutMs: 20 }))).code).to.equal("M2M_ANSWER_TIMEOUT");
    });

    it("finds its session in another process", async () => {
      const [ann, bob] = [await meet({ channel: "room" }), await meet({ channel: "room" })];
      await ann.send("before");
      const { stores, port } = server;
      await server.close();
      const sending = ann.send("while it is away");
      expect(await takeTexts(bob, 1)).to.deep.equal(["before"]);
      server = await SessionServer.start({ stores, port });
      await sending;
      expect(await takeTexts(bob, 1)).to.deep.equal(["while it is away"]);
      expect(await ann.ping()).to.be.greaterThan(0);
    });

    it("says that the session is lost, if the server knows it no more", async () => {
      const client = await meet({ channel: "room" });
      const { port } = server;
      await server.close();
      server = await SessionServer.start({ port });
      expect((await rejection(client.send("x"))).code).to.equal("M2M_SESSION_UNKNOWN");
      expect((await rejection(client.receive())).code).to.equal("M2M_SESSION_UNKNOWN");
      expect(client.state).to.equal("closed");
    });

    it("begins another session if it may", async () => {
      const [ann, bob] = [
        await meet({ channel: "room", renew: true }),
        await meet({ channel: "room", renew: true }),
      ];
      const before = ann.sessionId;
      await ann.send("one");
      expect(await takeTexts(bob, 1)).to.deep.equal(["one"]);
      const { port } = server;
      await server.close();
      server = await SessionServer.start({ port });
      await bob.ping();
      await ann.send("two");
      expect(await takeTexts(bob, 1)).to.deep.equal(["two"]);
      expect(ann.sessionId).not.to.equal(before);
    });

    it("sends again what a store that failed has kept from being taken", async () => {
      const stores = memoryStores();
      let failures = 0;
      const get = async (id: string): Promise<SessionSnapshot | undefined> => {
        if (failures-- > 0) throw new UpstreamError("M2M_STORE_UNAVAILABLE", "It is away.");
        return stores.store.get(id);
      };
      await server.close();
      server = await SessionServer.start({
        stores,
        service: { store: { ...bound(stores.store), get } },
      });
      const client = await meet();
      failures = 2;
      expect((await client.request("x")).text).to.equal("x");
      expect(failures).to.be.below(1);
    });

    it("gives up when it has tried enough", async () => {
      const client = await meet({
        channel: "room",
        reconnect: { maxTries: 3, firstDelayMs: 1, maxDelayMs: 5 },
      });
      const sending = rejection(client.send("x").then(() => client.send("y").then(() => client.send("z"))));
      await server.close();
      const late = await rejection(client.send("late"));
      expect(["M2M_CONNECTION_LOST", "M2M_PROTOCOL_STATE"]).to.include(late.code);
      await sending;
      expect((await rejection(client.receive())).code).to.equal("M2M_CONNECTION_LOST");
      server = await SessionServer.start();
    });

    it("can be closed, and told to give up, while it is away", async () => {
      const client = await meet({ reconnect: { maxTries: 1000, firstDelayMs: 1000, maxDelayMs: 1000 } });
      const { port, stores } = server;
      await server.close();
      const controller = new AbortController();
      const reason = new Error("enough");
      const sending = client.send("x", { signal: controller.signal }).then(
        () => undefined,
        (error: unknown) => error,
      );
      controller.abort(reason);
      expect(await sending).to.equal(reason);
      const pinging = rejection(client.ping());
      await client.close();
      expect((await pinging).code).to.equal("M2M_PROTOCOL_STATE");
      server = await SessionServer.start({ port, stores });
    });

    it("notices a server that says nothing any more", async () => {
      await server.close();
      let isSilent = false;
      server = await SessionServer.start();
      const { sessions } = server;
      const handle = sessions.handle.bind(sessions);
      sessions.handle = async (message, peer) => {
        if (isSilent) {
          isSilent = false;
          await new Promise(() => {});
        }
        return handle(message, peer);
      };
      const client = await meet({ answerTimeoutMs: 200 });
      isSilent = true;
      expect((await client.request("at last")).text).to.equal("at last");
      sessions.handle = handle;
    });

    it("pings when it is idle, and takes the peer's for a sign of life", async () => {
      await server.close();
      const timing = { keepAliveMs: 50, pongTimeoutMs: 50, maxMissedPongs: 1, idleMs: 400 };
      server = await SessionServer.start({ service: { timing } });
      const client = await meet({ timing: { keepAliveMs: 50, idleMs: 10_000 } });
      await new Promise((resolve) => setTimeout(resolve, 900));
      expect(client.state).to.equal("open");
      expect((await client.request("still here")).text).to.equal("still here");
    });
  });
}

describe("a client over HTTP whose answers are lost", () => {
  it("sends again what was taken, and it is taken once", async () => {
    const server = await SessionServer.start();
    const ann = server.client("http", { channel: "room" });
    const bob = server.client("http", { channel: "room" });
    await Promise.all([ann.connect(), bob.connect()]);
    // Every third message is taken, and its answer is not sent.
    let requests = 0;
    server.onRequest = (request, response) => {
      if (request.method === "POST" && ++requests % 3 === 0) {
        const end = response.end.bind(response);
        void end;
        response.end = (() => {
          request.socket.destroy();
          return response;
        }) as typeof response.end;
      }
      return false;
    };
    const texts = numbered(30);
    for (const text of texts) await ann.send(text);
    expect(await takeTexts(bob, 30)).to.deep.equal(texts);
    server.onRequest = undefined;
    await ann.send("last");
    expect(await takeTexts(bob, 1)).to.deep.equal(["last"]);
    await Promise.all([ann.close(), bob.close()]);
    await server.close();
  });

  it("comes again when the server is busy, and not before it says", async () => {
    const server = await SessionServer.start();
    const client = server.client("http");
    await client.connect();
    let busy = 2;
    const times: number[] = [];
    server.onRequest = (_request, response) => {
      times.push(performance.now());
      if (busy-- <= 0) return false;
      response.writeHead(503, { "retry-after": "1" }).end();
      return true;
    };
    expect((await client.request("x")).text).to.equal("x");
    expect(times[1] - times[0]).to.be.greaterThan(900);
    expect(times[2] - times[1]).to.be.greaterThan(900);
    await client.close();
    await server.close();
  });
});
