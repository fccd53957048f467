import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { WebSocketServer, type WebSocket } from "ws";
import { M2MClient, type M2MClientOptions } from "../../src/client/index.js";
import { ContextCodec } from "../../src/codec/index.js";
import {
  dictionaryExtensions,
  HISTORY_EXTENSION,
  HISTORY_WINDOW,
  LinkHistory,
  readBinaryData,
  readMessage,
  Session,
  writeMessage,
  type Agreement,
  type DataMessage,
  type Message,
} from "../../src/session/index.js";
import { rejection } from "../helpers/catch-error.js";
import { takeTexts } from "./fixture.js";

const TEXT = JSON.stringify({
  model: "gpt-4o",
  messages: [{ role: "user", content: "When does the train leave for Oslo?" }],
});

/** A server that is written by hand: what it does with each DATA, and what it pushes to each connection. */
class HandServer {
  connections = 0;
  readonly #sockets = new WebSocketServer({ noServer: true });
  readonly #http = createServer();
  readonly #clients: M2MClient[] = [];
  readonly #session = new Session({
    role: "responder",
    capabilities: { extensions: new Map([...dictionaryExtensions(), [HISTORY_EXTENSION, HISTORY_WINDOW]]) },
  });

  /** @param play what one connection brings, with the place behind which it goes on */
  constructor(play: (connection: HandConnection) => Promise<void>) {
    this.#http.on("upgrade", (request, socket, head) =>
      this.#sockets.handleUpgrade(request, socket, head, (webSocket) => {
        this.connections++;
        let history: LinkHistory | undefined;
        const link = (): LinkHistory => (history ??= new LinkHistory(this.#session.agreed as Agreement));
        const send = (message: Message): void => webSocket.send(writeMessage(message));
        webSocket.on("message", (data: Buffer, isBinary: boolean) => {
          const message = isBinary
            ? readBinaryData(data, this.#session.id as string)
            : readMessage(data, { maxMessageBytes: Infinity });
          void (async () => {
            if (message.type === "DATA") {
              await play({ session: this.#session, webSocket, send, link: link(), message });
              return;
            }
            const { reply } = await this.#session.receive(message);
            if (reply) send(reply);
            const after = message.delivery?.cursor ?? "0-0";
            if (message.type !== "HELLO" && message.type !== "PING") return;
            await play({ session: this.#session, webSocket, send, link: link(), after });
          })();
        });
      }),
    );
  }

  async client(options: Partial<M2MClientOptions> = {}): Promise<M2MClient> {
    if (!this.#http.listening) {
      this.#http.listen(0, "127.0.0.1");
      await once(this.#http, "listening");
    }
    const url = `ws://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
    const client = new M2MClient({ url, ...options, reconnect: { firstDelayMs: 1, ...options.reconnect } });
    this.#clients.push(client);
    await client.connect();
    return client;
  }

  async close(): Promise<void> {
    for (const client of this.#clients)
      await client.close({ signal: AbortSignal.timeout(50) }).catch(() => {});
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#http.close();
    this.#http.closeAllConnections();
  }
}

interface HandConnection {
  readonly session: Session;
  readonly webSocket: WebSocket;
  readonly send: (message: Message) => void;
  readonly link: LinkHistory;
  /** DATA that came, or … */
  readonly message?: DataMessage;
  /** … the place in the mailbox of a client that has just connected. */
  readonly after?: string;
}

/** A message of a session whose content is not what it was made of. */
function spoil(message: DataMessage): DataMessage {
  const wire = Buffer.from(message.content.slice(message.content.indexOf("|", 5) + 1), "base64");
  wire[wire.length - 3] ^= 1;
  return {
    ...message,
    content: `${message.content.slice(0, message.content.indexOf("|", 5) + 1)}${wire.toString("base64")}`,
  };
}

describe("a message that cannot be read, however often it comes", () => {
  let server: HandServer | undefined;
  afterEach(() => server?.close());

  it("is told to who receives, and acknowledged; those around it are not lost", async () => {
    const texts = ["one", "two", TEXT, "four", "five"];
    server = new HandServer(async ({ session, send, link, after }) => {
      if (after === undefined) return;
      for (const [i, text] of texts.entries()) {
        const cursor = `${i + 1}-0`;
        if (Number(after.split("-")[0]) > i) continue;
        const message = link.write({
          ...(await session.send(text, { algorithm: "dictionary" })),
          delivery: { cursor },
        });
        send(i === 2 ? spoil(message) : message);
      }
    });
    const client = await server.client();
    // Nobody takes anything until it is over.
    while (server.connections < 3) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(await takeTexts(client, 2)).to.deep.equal(["one", "two"]);
    expect((await rejection(client.receive())).code).to.equal("M2M_CHECKSUM_MISMATCH");
    expect(await takeTexts(client, 2)).to.deep.equal(["four", "five"]);
    expect([server.connections, client.state]).to.deep.equal([3, "open"]);
  });

  it("is what a request is rejected with", async () => {
    server = new HandServer(async ({ session, send, link, message }) => {
      if (!message) return;
      const { data } = await session.receive(link.read(message));
      const answer = await session.send(data?.bytes as Uint8Array, { algorithm: "dictionary" });
      send(spoil(link.write({ ...answer, delivery: { ack: message.delivery?.sequence } })));
    });
    const client = await server.client();
    expect((await rejection(client.request(TEXT))).code).to.equal("M2M_CHECKSUM_MISMATCH");
  });

  it("ends the client when it says nowhere to whom it is", async () => {
    server = new HandServer(async ({ session, send, link, after }) => {
      if (after === undefined) return;
      send(spoil(link.write(await session.send(TEXT, { algorithm: "dictionary" }))));
    });
    const client = await server.client({ reconnect: { maxTries: 3 } });
    const error = await rejection(client.receive());
    expect([error.code, (error.cause as { code?: string }).code]).to.deep.equal([
      "M2M_CONNECTION_LOST",
      "M2M_CHECKSUM_MISMATCH",
    ]);
    expect(server.connections).to.equal(4);
  });

  it("stands for itself when this side sends it again", async () => {
    server = new HandServer(async ({ session, webSocket, send, message }) => {
      if (!message) return;
      if (!isSelfContained(message)) return webSocket.close(1013);
      await session.receive(message);
      send({
        type: "PONG",
        sessionId: session.id as string,
        timestampMs: 1,
        delivery: { ack: message.delivery?.sequence },
      });
    });
    const client = await server.client();
    await client.send(TEXT, { algorithm: "dictionary" });
    expect(server.connections).to.equal(2);
  });
});

/** Whether it needs no window. */
function isSelfContained(message: DataMessage): boolean {
  try {
    new ContextCodec().decodeText(message.content);
    return true;
  } catch {
    return false;
  }
}
