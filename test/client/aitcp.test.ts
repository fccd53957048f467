import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, connect as connectSocket, type AddressInfo, type Socket } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { M2MClient, type M2MClientOptions } from "../../src/client/index.js";
import { LinkHistories } from "../../src/server/sessions/index.js";
import { HISTORY_EXTENSION } from "../../src/session/index.js";
import {
  formatIdentity,
  KnownPeers,
  type AiTcpSession,
  type Identity,
  type TrustPolicy,
} from "../../src/transport/index.js";
import { catchM2MError, rejection } from "../helpers/catch-error.js";
import { CliFolder } from "../helpers/run-cli.js";
import { newIdentity, ServerUnderTest, sharedStore, trusting } from "../server/aitcp/fixture.js";
import { takeTexts } from "./fixture.js";

const TURNS = Array.from({ length: 10 }, (_, i) =>
  JSON.stringify({
    model: "gpt-4o",
    messages: Array.from({ length: i + 1 }, (_, j) => ({
      role: "user",
      content: `Question ${j}: when does train ${(j * 7919) % 1000} leave for Oslo?`,
    })),
  }),
);

/** A client, its AI-TCP sessions and its connections. */
interface Agent {
  readonly client: M2MClient;
  readonly sessions: AiTcpSession[];
  readonly sockets: Socket[];
}

describe("a client over AI-TCP", () => {
  let server: ServerUnderTest;
  const clients: M2MClient[] = [];
  beforeEach(async () => {
    server = await ServerUnderTest.start();
  });
  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.close()));
    await server.stop();
  });

  const make = (
    options: Partial<M2MClientOptions> = {},
    {
      identity = server.agent,
      trust = trusting([server.identity]),
    }: { identity?: Identity; trust?: TrustPolicy } = {},
  ): Agent => {
    const sessions: AiTcpSession[] = [];
    const sockets: Socket[] = [];
    const client = new M2MClient({
      url: server.url,
      answerTimeoutMs: 5000,
      reconnect: { maxTries: 20, firstDelayMs: 5, maxDelayMs: 50 },
      ...options,
      aitcp: {
        identity,
        trust,
        onSession: (session) => void sessions.push(session),
        dial: async (address) => {
          const socket = connectSocket({ ...address, noDelay: true });
          sockets.push(socket);
          await once(socket, "connect");
          return socket;
        },
        ...options.aitcp,
      },
    });
    clients.push(client);
    return { client, sessions, sockets };
  };
  const meet = async (...args: Parameters<typeof make>): Promise<Agent> => {
    const agent = make(...args);
    await agent.client.connect();
    return agent;
  };

  it("is answered, and says who it talks to", async () => {
    const { client, sessions } = await meet();
    expect((await client.request("hello")).text).to.equal("hello");
    expect(formatIdentity(sessions[0].peer.identity)).to.equal(server.server.identity);
    expect(await client.ping()).to.be.below(5000);
    await client.close();
    expect([client.state, sessions[0].state]).to.deep.equal(["closed", "closed"]);
  });

  it("talks to others in a channel", async () => {
    const [ann, bob] = [await meet({ channel: "room" }), await meet({ channel: "room" })];
    const taking = takeTexts(bob.client, TURNS.length);
    for (const turn of TURNS) await ann.client.send(turn);
    expect(await taking).to.deep.equal(TURNS);
    const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7919) % 251);
    await bob.client.send(bytes);
    expect(Buffer.from((await ann.client.receive())!.bytes).equals(bytes)).to.equal(true);
  });

  it("keeps windows of what went over, padded, since lengths would tell", async () => {
    const { client, sessions } = await meet();
    expect(client.agreed?.extensions.has(HISTORY_EXTENSION)).to.equal(true);
    for (const turn of TURNS) expect((await client.request(turn)).text).to.equal(turn);
    expect(sessions[0].agreed.isPadded).to.equal(true);
  });

  it("asks for padding itself, unless it offers no `dictionary` or says otherwise", async () => {
    const offers: boolean[] = [];
    const hold = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
    await once(hold, "listening");
    // What a client offers is seen by a server that pads only because it is asked to.
    const { createAiTcpServer } = await import("../../src/transport/index.js");
    const plain = await createAiTcpServer({
      identity: server.identity,
      trust: trusting([server.agent]),
      onSession: (session) => {
        offers.push(session.agreed.isPadded);
        session.close();
      },
    });
    const url = `aitcp://127.0.0.1:${plain.port}`;
    for (const options of [
      {},
      { dictionary: false },
      { capabilities: { compression: { algorithms: ["brotli"] as const } } },
    ]) {
      await rejection(make({ url, reconnect: { maxTries: 0 }, ...options }).client.connect());
    }
    await plain.close();
    hold.close();
    expect(offers).to.deep.equal([true, false, false]);
  });

  it("says what is wrong where onSession throws, and tries no more", async () => {
    let calls = 0;
    const onSession = (): never => {
      calls++;
      throw new Error("the application fails");
    };
    const { client } = make({ aitcp: { onSession } as unknown as M2MClientOptions["aitcp"] });
    const error = await rejection(client.connect());
    expect([error.code, error.message]).to.deep.equal([
      "M2M_USAGE",
      "onSession has thrown an error: the application fails",
    ]);
    expect(calls).to.equal(1);
  });

  it("goes on over other connections, and loses and repeats nothing", async () => {
    const [ann, bob] = [await meet({ channel: "room" }), await meet({ channel: "room" })];
    const taking = takeTexts(bob.client, TURNS.length);
    for (const turn of TURNS) {
      const sending = ann.client.send(turn);
      ann.sockets.at(-1)?.destroy();
      bob.sockets.at(-1)?.destroy();
      await sending;
    }
    expect(await taking).to.deep.equal(TURNS);
    // The AI-TCP sessions have made their connections again.
    expect([ann.sessions.length, bob.sessions.length]).to.deep.equal([1, 1]);
    expect(ann.sockets.length).to.be.above(2);
  });

  it("goes on with another process that shares the stores", async () => {
    await server.stop();
    const store = sharedStore();
    server = await ServerUnderTest.start({ store });
    const { identity, agent, sessions } = server;
    const [ann, bob] = [await meet({ channel: "room" }), await meet({ channel: "room" })];
    const taking = takeTexts(bob.client, TURNS.length);
    for (const [i, turn] of TURNS.entries()) {
      const sending = ann.client.send(turn);
      if (i % 3 === 1) {
        const { port } = server.server;
        await server.server.close(1000);
        server = await ServerUnderTest.start({ store, identity, agent, port }, sessions);
      }
      await sending;
    }
    expect(await taking).to.deep.equal(TURNS);
  });

  it("is told that its session is gone by a server that shares nothing", async () => {
    const { identity, agent } = server;
    const { client } = await meet();
    const { port } = server.server;
    await server.server.close(1000);
    server = await ServerUnderTest.start({ identity, agent, port });
    const error = await rejection(client.receive());
    expect(error.code).to.equal("M2M_SESSION_UNKNOWN");
  });

  it("begins anew there if it renews", async () => {
    const { identity, agent } = server;
    const { client } = await meet({ renew: true });
    const { port } = server.server;
    await server.server.close(1000);
    server = await ServerUnderTest.start({ identity, agent, port });
    expect((await client.request("again")).text).to.equal("again");
  });

  it("gives windows up where there is no room for them, and goes on", async () => {
    await server.stop();
    server = await ServerUnderTest.start({ histories: new LinkHistories(1) });
    const [ann, bob] = [await meet(), await meet()];
    for (const turn of TURNS) {
      expect((await ann.client.request(turn)).text).to.equal(turn);
      expect((await bob.client.request(turn)).text).to.equal(turn);
    }
    expect(bob.client.agreed?.extensions.has(HISTORY_EXTENSION)).to.equal(true);
  });

  it("does not talk to a server that it does not know", async () => {
    const { client, sockets } = make({}, { trust: trusting([newIdentity()]) });
    const error = await rejection(client.connect());
    expect(error.code).to.equal("M2M_PEER_UNTRUSTED");
    expect(error.message).to.include(server.server.identity);
    // It does not try again.
    expect(sockets.length).to.equal(1);
  });

  it("does not talk to another server at the place of one that it knows", async () => {
    const folder = new CliFolder();
    const path = join(folder.path, "known_peers");
    writeFileSync(path, `127.0.0.1:${server.server.port} ${formatIdentity(newIdentity().publicKey)}\n`);
    const trust = trusting([], { knownPeers: new KnownPeers(path), trustOnFirstUse: true });
    const error = await rejection(make({}, { trust }).client.connect());
    folder.remove();
    expect(error.code).to.equal("M2M_PEER_CHANGED");
    expect(error.line).to.equal(1);
  });

  it("is refused by a server that does not know it", async () => {
    const { client, sockets } = make({}, { identity: newIdentity() });
    // The loader of the tests makes two copies of what is imported in both ways, so it is told by its looks.
    const error: unknown = await client.connect().catch((thrown: unknown) => thrown);
    expect(error).to.include({
      code: "M2M_PEER_UNTRUSTED",
      message: "The server does not trust the identity of this side.",
    });
    expect(sockets.length).to.equal(1);
  });

  it("says that nobody is there", async () => {
    const blocker = createServer().listen(0, "127.0.0.1");
    await once(blocker, "listening");
    const { port } = blocker.address() as AddressInfo;
    blocker.close();
    await once(blocker, "close");
    const { client } = make({ url: `aitcp://127.0.0.1:${port}` });
    const error: unknown = await client.connect().catch((thrown: unknown) => thrown);
    expect(error).to.include({ code: "M2M_CONNECTION_FAILED" });
  });

  it("takes only options that go together", () => {
    const wrong: M2MClientOptions[] = [
      { url: "aitcp://127.0.0.1:3001" },
      { url: "aitcp://127.0.0.1:3001", transport: "websocket" },
      { url: "http://127.0.0.1:3000", transport: "aitcp" },
    ];
    for (const options of wrong)
      expect(catchM2MError(() => new M2MClient(options)).code).to.equal("M2M_USAGE");
  });
});
