import { strict as assert } from "node:assert";
import { once } from "node:events";
import { connect } from "node:net";
import { M2MError } from "../../../../src/shared/errors.js";
import { initiate, PacketPipe } from "../../../../src/transport/aitcp/connection/index.js";
import { RecordWriter } from "../../../../src/transport/aitcp/frames/index.js";
import { PacketHead, PacketSealer } from "../../../../src/transport/aitcp/protection/index.js";
import { MAX_TURN_MESSAGES } from "../../../../src/transport/aitcp/turn/index.js";
import { Agents, crypto, type AiTcpSession } from "../agents.js";
import { initiator } from "../handshake/pair.js";

/** A trusted peer that has agreed to sign its turns, and says what it likes. */
describe("AI-TCP with a peer that does not sign", () => {
  const agents = new Agents();
  afterEach(() => agents.end());

  async function unsigned(...write: ((writer: RecordWriter) => void)[]): Promise<AiTcpSession> {
    const bob = await agents.bob();
    const socket = connect(bob.server.port, "127.0.0.1");
    agents.onEnd(() => socket.destroy());
    await once(socket, "connect");
    const pipe = new PacketPipe(socket);
    const established = await initiate(pipe, initiator());
    assert.equal(established.agreed.signatures, "turn");
    const sealer = new PacketSealer({
      trafficSecret: established.secrets.initiatorTraffic,
      ephemeralKey: established.localEphemeral,
      crypto,
      head: new PacketHead(),
    });
    const say = (one: (writer: RecordWriter) => void): void => {
      const writer = new RecordWriter(new Uint8Array(300));
      one(writer);
      pipe.write(sealer.seal(writer.record, 0));
    };
    say((writer) => writer.ping(new Uint8Array(8)));
    const session = await bob.nextSession();
    for (const one of write) say(one);
    return session;
  }

  const isUnsigned = (error: unknown): boolean =>
    error instanceof M2MError && error.code === "M2M_TURN_UNSIGNED";

  it("closes, and is found out", async () => {
    const session = await unsigned(
      (writer) => writer.message(0, 0, 0, Uint8Array.of(1), true),
      (writer) => writer.close(0, ""),
    );
    await assert.rejects(session.closed, isUnsigned);
  });

  it("sends more messages than a turn may have, and is found out", async () => {
    const messages = Array.from(
      { length: MAX_TURN_MESSAGES + 1 },
      (_, number) => (writer: RecordWriter) => writer.message(0, number, 0, Uint8Array.of(1), true),
    );
    const session = await unsigned(...messages);
    await assert.rejects(session.closed, isUnsigned);
  });
});
