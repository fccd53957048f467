import { once } from "node:events";
import { expect } from "chai";
import { WebSocket } from "ws";
import { LinkHistories } from "../../src/server/sessions/index.js";
import {
  dictionaryExtensions,
  HISTORY_EXTENSION,
  HISTORY_WINDOW,
  LinkHistory,
  readBinaryData,
  readMessage,
  Session,
  usesHistory,
  writeBinaryData,
  writeMessage,
  type Agreement,
  type DataMessage,
  type Message,
} from "../../src/session/index.js";
import { catchM2MError } from "../helpers/catch-error.js";
import { SessionServer, takeTexts, useClients } from "./fixture.js";

/** A conversation, turn by turn, that sends all turns so far again. */
function turnsOf(count: number): string[] {
  const messages: object[] = [{ role: "system", content: "You are a helpful assistant that books trains." }];
  return Array.from({ length: count }, (_, i) => {
    messages.push({
      role: "user",
      content: `Question ${i}: when does train ${(i * 7919) % 1000} leave for Oslo?`,
    });
    const body = JSON.stringify({ model: "gpt-4o", messages });
    messages.push({
      role: "assistant",
      content: `It leaves at ${(i * 37) % 24}:${10 + ((i * 13) % 50)}, platform ${i}.`,
    });
    return body;
  });
}

const TURNS = turnsOf(12);
const LATER_BYTES = TURNS.slice(1).join("").length;

/** One socket of a peer that is written by hand. */
class HandSocket {
  readonly socket: WebSocket;
  readonly frames: Message[] = [];
  #waiting: (() => void)[] = [];
  closeCode: number | undefined;

  constructor(url: string, session: Session) {
    this.socket = new WebSocket(`${url.replace("http", "ws")}/ws`, ["m2m"]);
    this.socket.on("message", (data: Buffer, isBinary: boolean) => {
      const message = isBinary
        ? readBinaryData(data, session.id as string)
        : readMessage(data, { maxMessageBytes: Infinity });
      this.frames.push(message);
      for (const wake of this.#waiting.splice(0)) wake();
    });
    this.socket.on("close", (code) => {
      this.closeCode = code;
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  async next(): Promise<Message | undefined> {
    while (this.frames.length === 0 && this.closeCode === undefined) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return this.frames.shift();
  }
}

const offering = () =>
  new Session({
    role: "initiator",
    capabilities: { extensions: new Map([...dictionaryExtensions(), [HISTORY_EXTENSION, HISTORY_WINDOW]]) },
  });

describe("the history of a connection", () => {
  let server: SessionServer;
  const meet = useClients("websocket", () => server);
  const overHttp = useClients("http", () => server);
  beforeEach(async () => {
    server = await SessionServer.start();
  });
  afterEach(() => server.close());

  it("costs next to nothing what was sent before, both ways", async () => {
    const client = await meet();
    expect(usesHistory(client.agreed)).to.equal(true);
    expect((await client.request(TURNS[0])).text).to.equal(TURNS[0]);
    const before = [server.receivedBytes, server.sentBytes];
    for (const turn of TURNS.slice(1)) expect((await client.request(turn)).text).to.equal(turn);
    expect(server.receivedBytes - before[0]).to.be.below(0.12 * LATER_BYTES);
    expect(server.sentBytes - before[1]).to.be.below(0.12 * LATER_BYTES);
  });

  it("is not kept over HTTP, nor by who does not want it", async () => {
    expect((await overHttp()).agreed?.extensions.has(HISTORY_EXTENSION)).to.equal(false);
    const client = await meet({ dictionary: false });
    expect(client.agreed?.algorithms).to.deep.equal(["token-native", "brotli", "none"]);
    expect((await client.request(TURNS[3])).text).to.equal(TURNS[3]);
    const listed = await meet({ capabilities: { compression: { algorithms: ["brotli"] } } });
    expect(listed.agreed?.algorithms).to.deep.equal(["brotli"]);
  });

  it("reaches members of a channel that keep one, and those that do not", async () => {
    const [ann, bob, eve] = [
      await meet({ channel: "room" }),
      await meet({ channel: "room" }),
      await overHttp({ channel: "room", dictionary: false }),
    ];
    const taking = Promise.all([takeTexts(bob, TURNS.length), takeTexts(eve, TURNS.length)]);
    for (const turn of TURNS) await ann.send(turn);
    expect(await taking).to.deep.equal([TURNS, TURNS]);
  });

  it("begins anew with another connection, and loses nothing", async () => {
    const client = await meet();
    for (const turn of TURNS) {
      const asking = client.request(turn);
      server.cut();
      expect((await asking).text).to.equal(turn);
    }
  });

  it("goes on with another process, in Redis' stead the same stores", async () => {
    const client = await meet();
    for (const turn of TURNS.slice(0, 4)) await client.request(turn);
    const { stores, port } = server;
    await server.close();
    server = await SessionServer.start({ stores, port });
    for (const turn of TURNS.slice(4)) expect((await client.request(turn)).text).to.equal(turn);
  });

  it("ends a connection on which a message is missing, and not the session", async () => {
    const session = offering();
    const first = new HandSocket(server.url, session);
    await once(first.socket, "open");
    first.socket.send(writeMessage(session.connect()));
    await session.receive((await first.next()) as Message);
    const agreed = session.agreed as Agreement;
    expect(usesHistory(agreed)).to.equal(true);
    const numbered = async (text: string, sequence: number): Promise<DataMessage> => ({
      ...(await session.send(text)),
      delivery: { sequence },
    });
    const lost = new LinkHistory(agreed);
    first.socket.send(writeBinaryData(lost.write(await numbered(TURNS[0], 1))));
    expect(((await first.next()) as DataMessage).delivery?.ack).to.equal(1);
    lost.write(await numbered(TURNS[1], 2));
    first.socket.send(writeBinaryData(lost.write(await numbered(TURNS[2], 2))));
    expect(await first.next()).to.equal(undefined);
    expect(first.closeCode).to.equal(1013);

    const second = new HandSocket(server.url, session);
    await once(second.socket, "open");
    second.socket.send(writeMessage(session.ping()));
    expect((await second.next())?.type).to.equal("PONG");
    const anew = new LinkHistory(agreed);
    second.socket.send(writeBinaryData(anew.write(await numbered(TURNS[2], 2))));
    const echo = anew.read((await second.next()) as DataMessage);
    expect((await session.receive(echo)).data?.text).to.equal(TURNS[2]);
    second.socket.close();
  });

  it("is promised to as many connections as there is room for", async () => {
    await server.close();
    server = await SessionServer.start({ webSocket: { histories: new LinkHistories(1) } });
    const ann = await meet();
    await ann.request(TURNS[0]);
    const bob = await meet();
    expect([usesHistory(ann.agreed), usesHistory(bob.agreed)]).to.deep.equal([true, false]);
    expect((await bob.request(TURNS[1])).text).to.equal(TURNS[1]);
    // What is resumed may be too much: then who has rested longest begins anew.
    server.cut();
    const eve = await meet();
    await eve.request(TURNS[1]);
    for (const turn of TURNS) {
      expect((await ann.request(turn)).text).to.equal(turn);
      expect((await eve.request(turn)).text).to.equal(turn);
    }
  });
});

describe("the windows of a connection", () => {
  const agreed = async (): Promise<{ session: Session; peer: Session }> => {
    const session = offering();
    const peer = new Session({ role: "responder", capabilities: { extensions: session.local.extensions } });
    const { reply } = await peer.receive(session.connect());
    await session.receive(reply as Message);
    return { session, peer };
  };

  it("refuse what is lost, repeated or out of order, and never give wrong bytes", async () => {
    const { session, peer } = await agreed();
    const sender = new LinkHistory(session.agreed as Agreement);
    const sent: DataMessage[] = [];
    for (const turn of TURNS.slice(0, 5)) sent.push(sender.write(await session.send(turn)));
    const read = (...order: number[]): LinkHistory => {
      const receiver = new LinkHistory(session.agreed as Agreement);
      for (const at of order) receiver.read(sent[at]);
      return receiver;
    };
    for (const [order, next] of [
      [[], 1],
      [[0], 2],
      [[0, 1], 1],
      [[0, 1, 2], 4],
    ] as const) {
      expect(catchM2MError(() => read(...order).read(sent[next])).code).to.equal("M2M_CONTEXT_LOST");
    }
    const receiver = new LinkHistory(session.agreed as Agreement);
    for (const [at, message] of sent.entries()) {
      expect((await peer.receive(receiver.read(message))).data?.text).to.equal(TURNS[at]);
    }
  });

  it("leave alone what is in another format, and what stands for itself", async () => {
    const { session, peer } = await agreed();
    const [here, there] = [
      new LinkHistory(session.agreed as Agreement),
      new LinkHistory(peer.agreed as Agreement),
    ];
    const plain = await session.send("Hello", { algorithm: "none" });
    expect(here.write(plain)).to.equal(plain);
    const alone = await session.send(TURNS[0]);
    expect(there.read(alone)).to.equal(alone);
    expect((await peer.receive(there.read(here.write(alone)))).data?.text).to.equal(TURNS[0]);
  });
});
