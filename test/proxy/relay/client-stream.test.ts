import type { ServerResponse } from "node:http";
import { expect } from "chai";
import { TurnEnd, type Listener } from "../../../src/http/index.js";
import { ClientStream } from "../../../src/proxy/relay/client-stream.js";
import { listenLocally, openConnection, type Connection } from "../../http/connection.js";

const HEAD = ["content-type", "text/plain"];

describe("the answer on its way to the client", () => {
  const turnEnd = new TurnEnd();
  let listener: Listener;
  let client: Connection;
  afterEach(async () => {
    client.socket.destroy();
    await listener.close(0);
  });

  /** Answers one request, whose body is `body` of three bytes. */
  async function answer(
    work: (stream: ClientStream, response: ServerResponse) => void,
    body = "abc",
  ): Promise<void> {
    listener = await listenLocally((request, response) => {
      const stream = new ClientStream(response, turnEnd, () => 5);
      request.on("data", () => {}).once(body.length < 3 ? "data" : "end", () => work(stream, response));
    });
    client = await openConnection(listener);
    client.socket.write(`POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\n\r\n${body}`);
  }

  it("is written at the end of the turn, and counted", async () => {
    const before: unknown[] = [];
    let stream: ClientStream | undefined;
    await answer((made, response) => {
      stream = made;
      made.head(200, [...HEAD, "content-length", "5"]);
      made.write("one");
      made.end(Buffer.from("ab"));
      before.push(made.sentBytes, made.firstByteAtMs, response.headersSent);
    });
    await client.until("\r\n\r\noneab");
    expect(before).to.deep.equal([5, undefined, false]);
    expect([stream?.sentBytes, stream?.firstByteAtMs]).to.deep.equal([5, 5]);
  });

  it("shows its head although nothing follows yet, and its pieces as they come", async () => {
    let stream: ClientStream | undefined;
    await answer((made) => {
      stream = made;
      made.head(200, HEAD);
    });
    await client.until("\r\n\r\n");
    stream?.write("piece");
    await client.until("piece");
    stream?.end();
    await client.until("\r\n0\r\n\r\n");
  });

  it("is cut behind what was said before", async () => {
    await answer((stream) => {
      stream.head(200, HEAD);
      stream.write("said");
      stream.cut();
    });
    expect(await client.closed)
      .to.include("said")
      .and.not.include("\r\n0\r\n");
  });

  it("does not wait where the request is still coming: an upstream may end it, and its connection with it", async () => {
    const hasEnded: boolean[] = [];
    await answer((stream, response) => {
      stream.head(413, [...HEAD, "content-length", "0"]);
      stream.end();
      hasEnded.push(response.writableEnded);
    }, "a");
    await client.until("413");
    expect(hasEnded).to.deep.equal([true]);
  });
});
