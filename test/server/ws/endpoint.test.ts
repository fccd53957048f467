import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import { json } from "node:stream/consumers";
import { expect } from "chai";
import { WebSocket } from "ws";
import {
  createSessionService,
  SessionClaims,
  type SessionService,
} from "../../../src/server/sessions/index.js";
import { Session, writeBinaryData, writeMessage, type Message } from "../../../src/session/index.js";
import { UpstreamError } from "../../../src/shared/errors.js";
import { memoryStores } from "../sessions/fixture.js";
import { RawPeer, serveWebSocket, type WebSocketServerUnderTest } from "./fixture.js";

const ping = (sessionId: string, delivery?: Message["delivery"]): Message => ({
  type: "PING",
  sessionId,
  timestampMs: 1,
  ...(delivery ? { delivery } : {}),
});

/** Status and code of the answer to a WebSocket request that is refused. */
async function refusal(
  url: string,
  protocols: string[] = [],
  headers: Record<string, string> = {},
): Promise<string> {
  const socket = new WebSocket(url, protocols, { headers });
  socket.on("error", () => {});
  const [, response] = (await once(socket, "unexpected-response")) as [unknown, IncomingMessage];
  expect(response.headers["content-type"]).to.equal("application/problem+json");
  const { code, status } = (await json(response)) as { code: string; status: number };
  expect(status).to.equal(response.statusCode);
  return `${status} ${code}`;
}

/** Sessions that do something before they take a message. */
function before(sessions: SessionService, act: (message: Message) => Promise<void>): SessionService {
  const handle: SessionService["handle"] = async (message, peer) => {
    await act(message as Message);
    return sessions.handle(message, peer);
  };
  return new Proxy(sessions, {
    get(target, name: keyof SessionService) {
      return name === "handle" ? handle : target[name].bind(target);
    },
  });
}

/** Resolves when nothing more is read from a connection. */
function whenStill(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    let last = -1;
    const look = setInterval(() => {
      if (socket.bytesRead === last && last > 0) {
        clearInterval(look);
        resolve();
      }
      last = socket.bytesRead;
    }, 200);
  });
}

describe("sessions over WebSocket", () => {
  let sessions: SessionService;
  let server: WebSocketServerUnderTest;

  beforeEach(async () => {
    sessions = createSessionService(memoryStores());
    server = await serveWebSocket(sessions);
  });
  afterEach(async () => {
    await server.close();
    await sessions.shutdown();
  });

  it("go from HELLO to CLOSE", async () => {
    const peer = await RawPeer.meet(server.url);
    expect(peer.socket.protocol).to.equal("m2m");
    expect(server.endpoint.connectionCount).to.equal(1);
    peer.send(await peer.session!.send("Hello"));
    const { message, isBinary } = await peer.next();
    expect(isBinary).to.equal(true);
    expect((await peer.session!.receive(message)).data?.text).to.equal("Hello");
    peer.send(peer.session!.ping());
    expect((await peer.next()).message.type).to.equal("PONG");
    peer.send(peer.session!.close()!);
    expect((await peer.next()).message.type).to.equal("CLOSE");
    expect(await peer.end()).to.equal(1000);
    expect(await sessions.count()).to.equal(0);
  });

  it("carry DATA as bytes both ways, smaller than as text", async () => {
    const peer = await RawPeer.meet(server.url);
    const content = "the same words again and again ".repeat(200);
    for (const algorithm of ["token-native", "brotli", "none"] as const) {
      const message = { ...(await peer.session!.send(content, { algorithm })), delivery: { sequence: 1 } };
      const frame = writeBinaryData(message);
      expect(frame.length).to.be.below(writeMessage(message).length);
      peer.send(frame);
      const { message: reply, isBinary } = await peer.next();
      expect(isBinary).to.equal(true);
      expect(reply.delivery).to.deep.equal({ ack: 1 });
      expect((await peer.session!.receive(reply)).data?.text).to.equal(content);
    }
  });

  it("are plain text for peers that know nothing else", async () => {
    const ann = await RawPeer.meet(server.url, "room", []);
    const bob = await RawPeer.meet(server.url, "room", []);
    expect(ann.socket.protocol).to.equal("");
    ann.send(await ann.session!.send("one"));
    const { isBinary, text, message } = await bob.next();
    expect(isBinary).to.equal(false);
    expect(text).not.to.contain("cursor");
    expect((await bob.session!.receive(message)).data?.text).to.equal("one");
    // What was sent to it is not kept.
    bob.socket.terminate();
    await bob.end();
    const again = await RawPeer.open(server.url, []);
    again.send(ping(bob.id));
    expect((await again.next()).message.type).to.equal("PONG");
    ann.send(await ann.session!.send("two"));
    const { message: second } = await again.next();
    expect((await bob.session!.receive(second)).data?.text).to.equal("two");
  });

  it("push what others say, with its place, until it is acknowledged", async () => {
    const ann = await RawPeer.meet(server.url, "room");
    const bob = await RawPeer.meet(server.url, "room");
    for (const text of ["one", "two", "three"]) ann.send(await ann.session!.send(text));
    const cursors: string[] = [];
    for (const text of ["one", "two", "three"]) {
      const { message } = await bob.next();
      cursors.push(message.delivery!.cursor!);
      expect((await bob.session!.receive(message)).data?.text).to.equal(text);
    }
    bob.socket.terminate();
    await bob.end();
    const again = await RawPeer.open(server.url);
    again.session = bob.session;
    again.send(ping(bob.id, { cursor: cursors[0] }));
    expect((await again.next()).message.type).to.equal("PONG");
    for (const index of [1, 2])
      expect((await again.next()).message.delivery).to.deep.equal({ cursor: cursors[index] });
    again.send({ type: "PONG", sessionId: bob.id, timestampMs: 1, delivery: { cursor: cursors[2] } });
    again.send(ping(bob.id));
    expect((await again.next()).message.type).to.equal("PONG");
    expect(await sessions.take(bob.id)).to.deep.equal([]);
  });

  it("push no more than the window", async () => {
    const ann = await RawPeer.meet(server.url, "room");
    const bob = await RawPeer.meet(server.url, "room");
    bob.send(ping(bob.id, { window: 2 }));
    expect((await bob.next()).message.type).to.equal("PONG");
    for (let i = 0; i < 5; i++) ann.send(await ann.session!.send(`${i}`));
    ann.send(ping(ann.id));
    expect((await ann.next()).message.type).to.equal("PONG");
    const [, second] = [await bob.next(), await bob.next()];
    // Its answer comes, and no third message before it.
    bob.send(ping(bob.id));
    expect((await bob.next()).message.type).to.equal("PONG");
    bob.send(ping(bob.id, { cursor: second.message.delivery!.cursor }));
    const types = [await bob.next(), await bob.next(), await bob.next()].map(({ message }) => message.type);
    expect(types).to.have.members(["PONG", "DATA", "DATA"]);
  });

  it("are taken over by a connection that resumes them", async () => {
    const peer = await RawPeer.meet(server.url);
    const other = await RawPeer.open(server.url);
    other.session = peer.session;
    other.send(ping(peer.id));
    expect((await other.next()).message.type).to.equal("PONG");
    expect(await peer.end()).to.equal(4409);
    other.send(await peer.session!.send("still mine"));
    expect((await peer.session!.receive((await other.next()).message)).data?.text).to.equal("still mine");
  });

  it("are taken over from another transport that shares the claims", async () => {
    const claims = new SessionClaims();
    const [one, other] = await Promise.all([
      serveWebSocket(sessions, { claims }),
      serveWebSocket(sessions, { claims }),
    ]);
    try {
      const peer = await RawPeer.meet(one.url);
      const next = await RawPeer.open(other.url);
      next.session = peer.session;
      next.send(ping(peer.id));
      expect((await next.next()).message.type).to.equal("PONG");
      expect(await peer.end()).to.equal(4409);
      // The end of the first does not take the session from the second.
      next.send(await peer.session!.send("still mine"));
      expect((await peer.session!.receive((await next.next()).message)).data?.text).to.equal("still mine");
      const last = await RawPeer.open(one.url);
      last.session = peer.session;
      last.send(ping(peer.id));
      expect((await last.next()).message.type).to.equal("PONG");
      expect(await next.end()).to.equal(4409);
    } finally {
      await Promise.all([one.close(), other.close()]);
    }
  });

  it("end when the server ends the session", async () => {
    const peer = await RawPeer.meet(server.url);
    await sessions.close(peer.id);
    expect((await peer.next()).message).to.include({ type: "CLOSE", sessionId: peer.id });
    expect(await peer.end()).to.equal(1000);
  });

  it("end, and can be resumed elsewhere, when the server shuts down", async () => {
    const peer = await RawPeer.meet(server.url);
    const before = server;
    server = await serveWebSocket(sessions);
    await before.close();
    expect(await peer.end()).to.equal(1001);
    const again = await RawPeer.open(server.url);
    again.send(ping(peer.id));
    expect((await again.next()).message.type).to.equal("PONG");
  });

  it("let time do its work", async () => {
    await server.close();
    server = await serveWebSocket(sessions, { handshakeMs: 50 });
    const silent = await RawPeer.open(server.url);
    expect(await silent.end()).to.equal(4408);
    await server.close();
    // The peer has this long to answer, on a slow machine too.
    const timing = { keepAliveMs: 30, pongTimeoutMs: 1000, maxMissedPongs: 1 };
    sessions = createSessionService({ ...memoryStores(), timing });
    server = await serveWebSocket(sessions);
    const peer = await RawPeer.meet(server.url);
    const { message } = await peer.next();
    expect(message).to.include({ type: "PING", sessionId: peer.id });
    peer.send({ type: "PONG", sessionId: peer.id, timestampMs: 1 });
    expect((await peer.next()).message).to.include({ type: "PING" });
    expect((await peer.next()).message).to.include({ type: "CLOSE" });
    expect(await peer.end()).to.equal(4404);
    expect(await sessions.count()).to.equal(0);
  });

  it("are not there for strangers", async () => {
    await server.close();
    server = await serveWebSocket(sessions, {
      authorize: (authorization) => authorization === "Bearer s3cret/+=",
      origins: ["https://app.example"],
      maxConnections: 2,
    });
    const { url } = server;
    const bearer = { authorization: "Bearer s3cret/+=" };
    expect(await refusal(url)).to.equal("401 M2M_UNAUTHORIZED");
    expect(await refusal(url, [], { authorization: "Bearer wrong" })).to.equal("401 M2M_UNAUTHORIZED");
    expect(await refusal(url, ["m2m", "m2m.bearer.d3Jvbmc"])).to.equal("401 M2M_UNAUTHORIZED");
    expect(await refusal(url.replace("/ws", "/other"), [], bearer)).to.equal("404 M2M_NOT_FOUND");
    expect(await refusal(url, [], { ...bearer, origin: "https://evil.example" })).to.equal(
      "403 M2M_ORIGIN_FORBIDDEN",
    );
    expect(await refusal(url, [], { ...bearer, origin: "null" })).to.equal("403 M2M_ORIGIN_FORBIDDEN");
    expect(await refusal(url, ["mqtt"], bearer)).to.equal("400 M2M_REQUEST_INVALID");
    const token = Buffer.from("s3cret/+=").toString("base64url");
    const page = await RawPeer.open(url, ["m2m", `m2m.bearer.${token}`], { origin: "https://app.example" });
    expect(page.socket.protocol).to.equal("m2m");
    const own = await RawPeer.open(url, [], {
      headers: bearer,
      origin: url.replace(/^ws|\/ws$/g, (part) => (part === "ws" ? "http" : "")),
    });
    expect(await refusal(url, [], bearer)).to.equal("503 M2M_BUSY");
    page.socket.close();
    own.socket.close();
    await Promise.all([page.end(), own.end()]);
  });

  it("say nothing of a store that fails but that it may be tried later", async () => {
    await server.close();
    const stores = memoryStores();
    let broken = false;
    const store = {
      get: async (id: string) => {
        if (broken) throw new UpstreamError("M2M_DOWNLOAD_OFFLINE", "secret address");
        return stores.store.get(id);
      },
      put: stores.store.put.bind(stores.store),
      delete: stores.store.delete.bind(stores.store),
      count: stores.store.count.bind(stores.store),
    };
    sessions = createSessionService({ ...stores, store });
    server = await serveWebSocket(sessions);
    const peer = await RawPeer.meet(server.url);
    broken = true;
    peer.send(ping(peer.id));
    expect(await peer.end()).to.equal(1013);
    broken = false;
    const again = await RawPeer.open(server.url);
    again.send(ping(peer.id));
    expect((await again.next()).message.type).to.equal("PONG");
  });

  it("tell of defects and end", async () => {
    await server.close();
    const defects: unknown[] = [];
    const broken: SessionService = { ...sessions, handle: () => Promise.reject(new TypeError("secret")) };
    server = await serveWebSocket(broken, { onDefect: (error) => defects.push(error) });
    const peer = await RawPeer.open(server.url);
    peer.send(new Session({ role: "initiator" }).connect());
    expect(await peer.end()).to.equal(1011);
    expect(defects).to.have.length(1);
  });

  describe("with hostile peers", () => {
    const fatal: [name: string, code: number, send: (peer: RawPeer) => unknown][] = [
      ["rubbish", 4400, (peer) => peer.send("rubbish")],
      ["bytes that are no frame", 4400, (peer) => peer.send(Buffer.from("deadbeef", "hex"))],
      ["an empty binary frame", 4400, (peer) => peer.send(new Uint8Array())],
      ["an empty text frame", 4400, (peer) => peer.send("")],
      ["JSON that is deep", 4400, (peer) => peer.send("[".repeat(60_000))],
      ["another session", 4403, (peer) => peer.send(ping("another"))],
      ["a second HELLO", 4403, (peer) => peer.send(new Session({ role: "initiator" }).connect())],
      [
        "a REJECT",
        1000,
        (peer) => peer.send({ type: "REJECT", rejection: { code: "UNKNOWN", message: "" }, timestampMs: 1 }),
      ],
      ["text that is not UTF-8", 1007, (peer) => peer.socket.send(Buffer.of(0xff, 0xfe), { binary: false })],
      [
        "many fragments",
        1008,
        (peer) => {
          for (let i = 0; i < 2000; i++) peer.socket.send("x", { fin: false });
        },
      ],
    ];
    for (const [name, code, send] of fatal) {
      it(`ends the connection for ${name}, and no other`, async () => {
        const other = await RawPeer.meet(server.url);
        const peer = await RawPeer.meet(server.url);
        await send(peer);
        expect(await peer.end()).to.equal(code);
        other.send(other.session!.ping());
        expect((await other.next()).message.type).to.equal("PONG");
      });
    }

    it("takes no frame that is too large, whole or in fragments", async () => {
      await server.close();
      server = await serveWebSocket(sessions, { maxMessageBytes: 100_000 });
      const peer = await RawPeer.meet(server.url);
      peer.send("x".repeat(100_001));
      expect(await peer.end()).to.equal(1009);
      const slow = await RawPeer.meet(server.url);
      for (let i = 0; i < 20; i++) slow.socket.send("x".repeat(10_000), { fin: false });
      expect(await slow.end()).to.equal(1009);
    });

    it("takes no more than a small message before there is a session", async () => {
      const peer = await RawPeer.open(server.url);
      peer.send(`{"type":"PING","session_id":"x","timestamp":1,"more":"${"x".repeat(70_000)}"}`);
      expect((await peer.next()).message).to.deep.nested.include({
        "rejection.message": "M2M_INPUT_TOO_LARGE",
      });
      expect(await peer.end()).to.equal(4400);
      const early = await RawPeer.open(server.url);
      early.send(
        writeBinaryData({ type: "DATA", sessionId: "x", algorithm: "none", content: "x", timestampMs: 1 }),
      );
      expect(await early.end()).to.equal(4400);
      const unknown = await RawPeer.open(server.url);
      unknown.send(ping("nobody"));
      expect((await unknown.next()).message.type).to.equal("REJECT");
      expect(await unknown.end()).to.equal(4404);
    });

    it("puts together no more than that before there is a session", async () => {
      const peer = await RawPeer.open(server.url);
      const [serverSide] = [...server.sockets];
      for (let i = 0; i < 400; i++) peer.socket.send("x".repeat(10_000), { fin: false });
      expect(await peer.end()).to.equal(1009);
      expect(serverSide.bytesRead).to.be.below(1_000_000);
    });

    it("takes up large messages behind one that resumes a session, however long that takes", async () => {
      await server.close();
      server = await serveWebSocket(
        before(sessions, async () => {
          for (let turns = 0; turns < 50; turns++) await new Promise((resolve) => setImmediate(resolve));
        }),
      );
      const compression = { algorithms: ["none"] } as const;
      const { session } = await RawPeer.meet(server.url, undefined, undefined, { compression });
      const resumed = await RawPeer.open(server.url);
      resumed.session = session;
      resumed.send(session!.ping());
      const content = "x".repeat(2_000_000);
      resumed.send(await session!.send(content));
      expect((await resumed.next()).message.type).to.equal("PONG");
      const { message } = await resumed.next();
      expect(message.type === "DATA" && message.content.length).to.equal(content.length);
    });

    it("is not read from while much waits", async () => {
      await server.close();
      let go = (): void => {};
      const gate = new Promise<void>((resolve) => (go = resolve));
      server = await serveWebSocket(
        before(sessions, async ({ type }) => {
          if (type === "DATA") await gate;
        }),
      );
      const peer = await RawPeer.meet(server.url, undefined, ["m2m"], {
        compression: { algorithms: ["none"] },
      });
      const message = writeMessage(await peer.session!.send("x".repeat(1_000_000), { algorithm: "none" }));
      const [serverSide] = [...server.sockets];
      for (let i = 0; i < 20; i++) peer.send(message);
      await whenStill(serverSide);
      expect(serverSide.bytesRead).to.be.below(4 * message.length);
      go();
      for (let i = 0; i < 20; i++) expect((await peer.next()).message.type).to.equal("DATA");
    });

    it("survives connections that are cut anywhere", async () => {
      const { port } = new URL(server.url);
      const upgrade =
        "GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
      for (const sent of [
        upgrade.slice(0, 60),
        upgrade,
        `${upgrade}\x81`,
        `${upgrade}\x82\xff\x00`,
        `${upgrade}garbage`,
      ]) {
        const socket = connect(Number(port), "127.0.0.1");
        await once(socket, "connect");
        await new Promise<void>((resolve) => socket.write(sent, "latin1", () => resolve()));
        socket.destroy();
        await once(socket, "close");
      }
      const peer = await RawPeer.meet(server.url);
      peer.send(peer.session!.ping());
      expect((await peer.next()).message.type).to.equal("PONG");
    });

    it("is not read from while it does not read", async () => {
      await server.close();
      server = await serveWebSocket(sessions, { maxBufferedBytes: 10_000 });
      const peer = await RawPeer.meet(server.url, undefined, ["m2m"], {
        compression: { algorithms: ["none"] },
      });
      const content = Buffer.alloc(200_000, "incompressible").toString("base64");
      const message = writeMessage(await peer.session!.send(content, { algorithm: "none" }));
      const [serverSide] = [...server.sockets];
      peer.socket.pause();
      for (let i = 0; i < 100; i++) peer.send(message);
      // The server stops to read when its answers find no way.
      await whenStill(serverSide);
      expect(serverSide.bytesRead).to.be.below(100 * message.length);
      expect(serverSide.writableLength).to.be.below(3_000_000);
      peer.socket.resume();
      for (let i = 0; i < 100; i++) expect((await peer.next()).message.type).to.equal("DATA");
    });
  });
});
