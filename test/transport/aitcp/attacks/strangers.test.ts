import { strict as assert } from "node:assert";
import { connect, type Socket } from "node:net";
import { InitiatorHandshake } from "../../../../src/transport/aitcp/handshake/index.js";
import {
  PacketReader,
  readPacket,
  writePacket,
  type HandshakePacket,
} from "../../../../src/transport/aitcp/packet/index.js";
import {
  Agents,
  alice,
  bob as bobIdentity,
  crypto,
  echo,
  mallory,
  textOf,
  until,
  type Bob,
} from "../agents.js";
import { kindOf } from "../middle.js";
import { SETTINGS } from "../handshake/pair.js";

const RATE = { connectionRate: { capacity: 100_000, refillPerSecond: 100_000 } };

/** A connection of somebody that the server does not know. */
class Stranger {
  readonly socket: Socket;
  readonly received: Uint8Array[] = [];
  isOver = false;

  constructor({ server }: Bob) {
    const reader = new PacketReader();
    this.socket = connect(server.port, "127.0.0.1");
    this.socket.on("error", () => {});
    this.socket.on("close", () => (this.isOver = true));
    this.socket.on("data", (chunk) =>
      reader.push(chunk, (packet) => this.received.push(Uint8Array.from(packet))),
    );
  }

  get receivedBytes(): number {
    return this.received.reduce((sum, { length }) => sum + length, 0);
  }
}

function initiation(identity = mallory): { handshake: InitiatorHandshake; packet: Uint8Array } {
  const handshake = new InitiatorHandshake({ crypto, identity, settings: SETTINGS, assertTrusted: () => {} });
  return { handshake, packet: handshake.start() };
}

describe("AI-TCP with strangers", () => {
  const agents = new Agents();
  const strangers: Stranger[] = [];
  const stranger = (bob: Bob): Stranger => {
    const one = new Stranger(bob);
    strangers.push(one);
    return one;
  };
  afterEach(async () => {
    for (const { socket } of strangers.splice(0)) socket.destroy();
    await agents.end();
  });

  async function talks(bob: Bob): Promise<void> {
    const session = await agents.alice(bob.url);
    void bob.nextSession().then(echo);
    const stream = session.openStream();
    stream.write("hello");
    assert.equal(textOf(await stream.receive()), "hello");
    session.close();
    await session.closed;
  }

  it("who say nothing, or a byte now and then, are cut", async () => {
    const bob = await agents.bob({ limits: { ...RATE, handshakeMs: 500 } });
    const silent = stranger(bob);
    const slow = stranger(bob);
    const stuck = stranger(bob);
    const { packet } = initiation();
    let at = 0;
    const drip = setInterval(() => void (slow.isOver || slow.socket.write(packet.subarray(at, ++at))), 50);
    agents.onEnd(() => clearInterval(drip));
    stuck.socket.write(initiation().packet);
    await until(() => silent.isOver && slow.isOver && stuck.isOver, "the end of all three", 5000);
    assert.ok(at < packet.length);
    await until(() => bob.server.connectionCount === 0);
    await talks(bob);
  });

  it("who send garbage get nothing, or a refusal that is no longer than what they sent", async () => {
    const bob = await agents.bob({ limits: RATE });
    const key = new Uint8Array(32).fill(5);
    const plain = { pattern: 1, ephemeralKey: key, encryptedPayload: new Uint8Array(0) };
    const hello = Buffer.from("16030100f8010000f40303", "hex");
    const garbage: Uint8Array[] = [
      new Uint8Array(1),
      new Uint8Array(5000),
      new Uint8Array(5000).fill(255),
      Buffer.from("GET / HTTP/1.1\r\nHost: bob\r\nConnection: keep-alive\r\n\r\n"),
      Buffer.concat([hello, crypto.randomBytes(237)]),
      Buffer.from("SSH-2.0-OpenSSH_9.6\r\n"),
      Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
      Uint8Array.of(255, 255, 255, 127),
      Uint8Array.of(0, 0, 1, 0),
      Uint8Array.of(252, 255, 0, 0, ...crypto.randomBytes(3000)),
      ...Array.from({ length: 30 }, (_, at) => crypto.randomBytes(10 + at * 97)),
      ...(["initiation", "response", "finish", "refusal", "cookie"] as const).map((kind) =>
        writePacket({
          kind,
          ...plain,
          ...(kind === "cookie" && { payload: new Uint8Array(16) }),
          ...(kind === "refusal" && { payload: Uint8Array.of(1) }),
        }),
      ),
      ...[0, 2, 3, 4, 77, 255].map((pattern) => writePacket({ kind: "initiation", ...plain, pattern })),
      writePacket({ kind: "initiation", ...plain, encryptedPayload: crypto.randomBytes(65_000) }),
      initiation().packet.map((byte, at) => (at === 210 ? byte ^ 0xff : byte)),
      Buffer.concat([initiation().packet, initiation().packet]),
    ];
    for (const bytes of garbage) {
      const one = stranger(bob);
      one.socket.end(bytes);
      await until(() => one.isOver, `the end of ${Buffer.from(bytes.subarray(0, 30)).toString("hex")}`);
      if (one.received.some((packet) => kindOf(packet) === "response")) continue;
      assert.ok(one.receivedBytes <= bytes.length, `${one.receivedBytes} bytes for ${bytes.length}`);
    }
    await until(() => bob.server.connectionCount === 0);
    assert.equal(bob.sessions.length, 0);
    await talks(bob);
  });

  it("who do not read are not waited for", async () => {
    const bob = await agents.bob({ limits: { ...RATE, handshakeMs: 500 } });
    const one = stranger(bob);
    one.socket.pause();
    const flood = Buffer.concat(Array.from({ length: 50 }, () => initiation().packet));
    for (let times = 0; times < 20; times++) one.socket.write(flood);
    await until(() => bob.server.connectionCount === 0, "the end", 5000);
  });

  it("are asked for cookies from a number of handshakes on, and go on with a good one", async () => {
    const bob = await agents.bob({ limits: { ...RATE, cookiesFrom: 5 } });
    const waiting = Array.from({ length: 8 }, () => stranger(bob));
    await until(() => bob.server.connectionCount === 8);
    const { handshake, packet } = initiation(alice);
    const one = stranger(bob);
    one.socket.write(packet);
    await until(() => one.received.length === 1);
    const [cookie] = one.received;
    assert.ok(cookie && kindOf(cookie) === "cookie");
    assert.ok(cookie.length <= packet.length, "a cookie is no longer than what it answers");
    const again = await handshake.receive(readPacket(cookie) as HandshakePacket);
    assert.ok(again.packet);
    one.socket.write(again.packet);
    await until(() => one.received.length === 2);
    assert.equal(kindOf(one.received[1] ?? new Uint8Array(0)), "response");
    // Another's cookie is worth nothing, and it is asked for once.
    const other = stranger(bob);
    const theirs = initiation(alice);
    other.socket.write(theirs.packet);
    await until(() => other.received.length === 1);
    const stolen = await theirs.handshake.receive({
      ...(readPacket(cookie) as HandshakePacket),
      ephemeralKey: (readPacket(theirs.packet) as HandshakePacket).ephemeralKey,
    });
    assert.ok(stolen.packet);
    other.socket.write(stolen.packet);
    await until(() => other.isOver);
    assert.equal(kindOf(other.received[1] ?? new Uint8Array(0)), "refusal");
    // An agent that is known comes in meanwhile, through the same door.
    await talks(bob);
    for (const { socket } of waiting) socket.destroy();
  });

  it("in a flood take no memory, keep nobody out for long, and do not disturb a session", async function () {
    this.timeout(60_000);
    const bob = await agents.bob({
      limits: { ...RATE, cookiesFrom: 8, maxHandshakes: 64, handshakeMs: 2000 },
    });
    const session = await agents.alice(bob.url);
    void bob.nextSession().then(echo);
    const stream = session.openStream();
    const before = process.memoryUsage().rss;
    let isOver = false;
    let floods = 0;
    const flood = async (): Promise<void> => {
      while (!isOver) {
        const one = new Stranger(bob);
        one.socket.write(initiation().packet);
        floods++;
        await new Promise((resolve) => setTimeout(resolve, 20));
        // Every second one is left open.
        if (floods % 2 === 0) one.socket.destroy();
        else strangers.push(one);
      }
    };
    const flooding = Array.from({ length: 10 }, flood);
    const times: number[] = [];
    for (let round = 0; round < 100; round++) {
      const start = performance.now();
      stream.write(`${round}`);
      assert.equal(textOf(await stream.receive()), `${round}`);
      times.push(performance.now() - start);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await talks(bob);
    isOver = true;
    await Promise.all(flooding);
    assert.ok(floods > 200, `${floods} strangers`);
    assert.ok(
      (times.sort((a, b) => a - b)[50] ?? Infinity) < 250,
      "half of the answers come in a quarter of a second",
    );
    const grown = process.memoryUsage().rss - before;
    assert.ok(grown < 150 * 1024 * 1024, `${Math.round(grown / 1e6)} MB more`);
    assert.equal(session.state, "open");
  });

  it("of one address may connect so often, and no more", async () => {
    const bob = await agents.bob({ limits: { connectionRate: { capacity: 10, refillPerSecond: 1 } } });
    const many = Array.from({ length: 30 }, () => stranger(bob));
    await until(() => many.filter(({ isOver }) => isOver).length >= 19, "the end of most");
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.ok(many.filter(({ isOver }) => !isOver).length >= 9);
  });

  it("that fill the room for handshakes with silence make way for who speaks", async () => {
    const bob = await agents.bob({ limits: { ...RATE, maxHandshakes: 10, cookiesFrom: 1000 } });
    const silent = Array.from({ length: 10 }, () => stranger(bob));
    await until(() => bob.server.connectionCount === 10);
    await talks(bob);
    assert.equal(silent.filter(({ isOver }) => isOver).length, 1);
  });

  it("have as many connections as there may be, and no more", async () => {
    const bob = await agents.bob({ limits: { ...RATE, maxConnections: 5 } });
    const many = Array.from({ length: 8 }, () => stranger(bob));
    await until(() => many.filter(({ isOver }) => isOver).length === 3, "the end of three");
    assert.equal(bob.server.connectionCount, 5);
  });

  it("who know the server's key get no more out of a handshake that they cannot finish", async () => {
    const bob = await agents.bob({ limits: RATE });
    const handshake = new InitiatorHandshake({
      crypto,
      identity: mallory,
      settings: SETTINGS,
      serverStatic: bobIdentity.staticPair.publicKey,
      assertTrusted: () => {},
    });
    const packet = handshake.start();
    const one = stranger(bob);
    one.socket.write(packet);
    await until(() => one.isOver);
    assert.deepEqual(one.received.map(kindOf), ["refusal"]);
    assert.ok(one.receivedBytes <= packet.length);
  });
});
