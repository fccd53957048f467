import { strict as assert } from "node:assert";
import type { AiTcpConnectOptions, AiTcpSession } from "../../../../src/transport/aitcp/index.js";
import { refusalPacket } from "../../../../src/transport/aitcp/handshake/index.js";
import { readPacket, writePacket } from "../../../../src/transport/aitcp/packet/index.js";
import { Agents, bob as bobIdentity, bytesOf, echo, textOf, until, type Bob } from "../agents.js";
import { kindOf, play, Proxy, type Carried, type Middle } from "../middle.js";

const isData = ({ bytes }: Carried): boolean => kindOf(bytes) === "data";

/** What somebody who holds the line between two agents may try. Nothing wrong may be taken for a message, whatever it is. */
describe("AI-TCP with somebody in the middle", () => {
  const agents = new Agents();
  afterEach(() => agents.end());

  interface Stage {
    readonly bob: Bob;
    readonly proxy: Proxy;
    readonly session: AiTcpSession;
    readonly other: AiTcpSession;
  }

  async function stage(options: Partial<AiTcpConnectOptions> = {}): Promise<Stage> {
    // What is dropped is noticed when nothing comes any more.
    const bob = await agents.bob({ settings: { idleMs: 1000 } });
    const proxy = await Proxy.start(bob.server.port);
    agents.onEnd(() => proxy.stop());
    const session = await agents.alice(proxy.url, { settings: { idleMs: 1000 }, ...options });
    // Until the server has said something, a refusal is as good as none: it is what an initiator who is not liked gets.
    await until(() => proxy.last.seen.down.length > 1);
    return { bob, proxy, session, other: await bob.nextSession() };
  }

  /** Sends messages to an echo, and expects each back once and in order, whatever happens meanwhile. */
  async function converse(
    session: AiTcpSession,
    rounds: number,
    attack: (round: number) => void,
  ): Promise<void> {
    const stream = session.openStream();
    for (let round = 0; round < rounds; round++) {
      attack(round);
      stream.write(`message ${round}`);
      assert.equal(textOf(await stream.receive()), `message ${round}`);
    }
    stream.end();
    assert.equal(await stream.receive(), undefined);
  }

  /** What is done to the next DATA packet of a way, once. */
  function once(
    proxy: Proxy,
    way: "up" | "down",
    act: (packet: Carried) => readonly Uint8Array[] | undefined,
  ): void {
    let isDone = false;
    proxy.tamper = (packet) => {
      if (isDone || packet.way !== way || !isData(packet)) return [packet.bytes];
      isDone = true;
      return act(packet);
    };
  }

  it("a refusal that comes after the server's first word is left alone", async () => {
    const { proxy, session, other } = await stage();
    void echo(other);
    const stream = session.openStream();
    const ask = async (): Promise<void> => {
      stream.write("hello");
      assert.equal(textOf(await stream.receive()), "hello");
    };
    await ask();
    const [first] = proxy.last.seen.up;
    const packet = readPacket(first);
    assert.ok(packet.kind === "initiation");
    proxy.last.inject("down", refusalPacket(packet, "untrusted"));
    await ask();
    assert.equal(proxy.connections.length, 1);
  });

  for (const way of ["up", "down"] as const) {
    it(`${way}: whatever bit of a packet is flipped, no message suffers`, async () => {
      const { proxy, session, other, bob } = await stage();
      void echo(other);
      await converse(session, 150, (round) =>
        once(proxy, way, ({ bytes }) => {
          const bit = (round * 13 + 5) % (8 * bytes.length);
          const changed = bytes.slice();
          changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
          return [changed];
        }),
      );
      assert.equal(bob.sessions.length, 1);
    });

    it(`${way}: packets that are dropped, doubled, held back or cut do no harm`, async () => {
      const { proxy, session, other, bob } = await stage();
      void echo(other);
      let held: Uint8Array | undefined;
      const attacks: ((packet: Carried) => readonly Uint8Array[] | undefined)[] = [
        () => undefined,
        ({ bytes }) => [bytes, bytes],
        ({ bytes }) => {
          held = bytes;
          return undefined;
        },
        ({ bytes }) => [...(held ? [held] : []), bytes],
        ({ bytes, connection }) => {
          setTimeout(() => connection.cut(), 5);
          return [bytes.subarray(0, bytes.length >> 1)];
        },
        ({ bytes }) => [bytes.subarray(0, 100), bytes.subarray(100)],
        ({ bytes }) => [new Uint8Array(0), bytes],
      ];
      await converse(session, 3 * attacks.length, (round) => {
        const attack = attacks[round % attacks.length];
        if (attack) once(proxy, way, attack);
      });
      assert.equal(bob.sessions.length, 1);
    });

    it(`${way}: packets in another order are not taken`, async () => {
      const { proxy, session, other } = await stage();
      void echo(other);
      const stream = session.openStream();
      let first: Uint8Array | undefined;
      proxy.tamper = (packet) => {
        if (packet.way !== way || !isData(packet) || packet.connection.seen[way].length < 4)
          return [packet.bytes];
        if (first) {
          const both = [packet.bytes, first];
          proxy.tamper = undefined;
          return both;
        }
        first = packet.bytes;
        return undefined;
      };
      for (let round = 0; round < 20; round++) stream.write(bytesOf(60_000, round));
      for (let round = 0; round < 20; round++) {
        const message = await stream.receive();
        assert.ok(Buffer.from(message ?? []).equals(bytesOf(60_000, round)), `message ${round}`);
      }
    });

    it(`${way}: packets of another session, or of this one's past, are not taken`, async () => {
      const { proxy, session, other, bob } = await stage();
      const second = await Proxy.start(bob.server.port);
      agents.onEnd(() => second.stop());
      const elsewhere = await agents.alice(second.url);
      void echo(other);
      void bob.nextSession().then(echo);
      await converse(elsewhere, 3, () => {});
      await converse(session, 30, (round) =>
        once(proxy, way, ({ bytes, connection }) => {
          const sources = [
            second.last.seen[way],
            connection.seen[way],
            connection.seen[way === "up" ? "down" : "up"],
            proxy.connections[0]?.seen[way] ?? [],
          ];
          const source = sources[round % sources.length] ?? [];
          return [source[(round * 7) % source.length] ?? bytes];
        }),
      );
      assert.equal(bob.sessions.length, 2);
    });

    it(`${way}: what anybody can make is not taken in a session`, async () => {
      const { proxy, session, other, bob } = await stage();
      void echo(other);
      const key = proxy.last.seen.up[0]?.slice(68, 100) ?? new Uint8Array(32);
      const plain = { pattern: 1, ephemeralKey: key, encryptedPayload: new Uint8Array(0) };
      const forged = [
        writePacket({ kind: "refusal", ...plain, payload: Uint8Array.of(3) }),
        writePacket({ kind: "cookie", ...plain, payload: new Uint8Array(16) }),
        writePacket({ kind: "initiation", ...plain, encryptedPayload: new Uint8Array(60) }),
        writePacket({ kind: "response", ...plain, encryptedPayload: new Uint8Array(60) }),
        writePacket({ kind: "finish", ...plain, encryptedPayload: new Uint8Array(60) }),
        new Uint8Array([255, 255, 255, 255]),
        new Uint8Array(300),
        Buffer.from("GET / HTTP/1.1\r\nHost: bob\r\n\r\n"),
      ];
      await converse(session, 3 * forged.length, (round) => {
        once(proxy, way, ({ bytes }) => [forged[round % forged.length] ?? bytes, bytes]);
      });
      assert.equal(bob.sessions.length, 1);
    });
  }

  it("a session goes on though each handshake of its resumption is attacked once", async () => {
    const { proxy, session, other, bob } = await stage();
    void echo(other);
    const key = ({ seen }: Middle): Uint8Array => seen.up[0]?.slice(68, 100) ?? new Uint8Array(32);
    const refusal = (connection: Middle, code: number): Uint8Array => {
      const plain = { pattern: 3, ephemeralKey: key(connection), encryptedPayload: new Uint8Array(0) };
      return writePacket({ kind: "refusal", ...plain, payload: Uint8Array.of(code) });
    };
    const attacks: ((packet: Carried) => readonly Uint8Array[] | undefined)[] = [
      ...[1, 2, 3, 4, 5, 99].map((code) => ({ connection }: Carried) => [refusal(connection, code)]),
      () => undefined,
      () => [new Uint8Array([1, 0, 0, 0])],
      () => [Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")],
      ({ bytes }) => [bytes.map((byte, at) => (at === 240 ? byte ^ 1 : byte))],
      ({ connection }) => {
        connection.cut();
        return undefined;
      },
    ];
    for (const attack of attacks) {
      let isDone = false;
      proxy.tamper = (packet) => {
        if (isDone || packet.way === "up" || kindOf(packet.bytes) !== "response") return [packet.bytes];
        isDone = true;
        // What is dropped is noticed only by the end of the connection.
        setTimeout(() => packet.connection.cut(), 50);
        return attack(packet);
      };
      const before = proxy.connections.length;
      proxy.cut();
      await until(() => proxy.connections.length >= before + 2 && session.state === "open", "a resumption");
      proxy.tamper = undefined;
      await converse(session, 2, () => {});
    }
    assert.equal(bob.sessions.length, 1);
  });

  it("a whole connection that is played to the server again begins nothing", async () => {
    for (const options of [{}, { serverStatic: bobIdentity.staticPair.publicKey }]) {
      const { proxy, session, other, bob } = await stage(options);
      void echo(other);
      await converse(session, 3, () => {});
      const recorded = proxy.last.seen.up;
      for (let times = 0; times < 2; times++) {
        const failed = bob.errors.length;
        const answers = await play(bob.server.port, Buffer.concat(recorded));
        // RESPONSE at most, of other keys; what follows in the recording does not fit them.
        assert.ok(
          answers.every((kind) => kind === "response" || kind === "refusal"),
          answers.join(),
        );
        await until(() => bob.errors.length > failed);
      }
      assert.equal(bob.sessions.length, 1);
      await converse(session, 1, () => {});
    }
  });
});
