import { expect } from "chai";
import { M2MClient } from "../../src/client/index.js";
import { ServiceProcess } from "../helpers/service-process.js";
import { askServer, readCounter } from "./ask-server.js";
import { tally, type Ending } from "./ending.js";
import { Load } from "./load.js";

const CONTENT = JSON.stringify({
  model: "gpt-4o",
  messages: [{ role: "user", content: "Hello, how are you?" }],
});
const QUESTIONS: readonly (readonly [path: string, body: object])[] = [
  ["/compress", { content: CONTENT, algorithm: "token-native" }],
  ["/compress", { content: CONTENT, algorithm: "brotli" }],
  ["/scan", { content: CONTENT }],
  ["/tokens", { content: CONTENT }],
];
const isWhole = ({ kind }: Ending): boolean => kind === "whole";

describe("a server under load", function () {
  this.timeout(40_000);
  let server: ServiceProcess;

  beforeEach(async () => {
    server = await ServiceProcess.start(["server", "--log-level", "error"]);
  });
  afterEach(() => server.kill());

  const ask = (client: number): Promise<Ending> => {
    const [path, body] = QUESTIONS[client % QUESTIONS.length];
    return askServer(server.url, path, body);
  };

  it("counts what it answered", async () => {
    const load = new Load(8, ask);
    await load.until(60, isWhole);
    const endings = await load.stop();
    expect(tally(endings)).to.deep.equal({ whole: endings.length });
    const counted = await readCounter(
      server.url,
      "m2m_http_requests_total",
      /route="\/(compress|scan|tokens)"/u,
    );
    expect(counted).to.equal(endings.length);
  });

  it("told to stop in full traffic, leaves no request without an end, and ends with 0", async () => {
    const load = new Load(12, ask);
    await load.until(60, isWhole);
    server.signal("SIGTERM");
    await load.until(12, (ending) => !isWhole(ending));
    const { code } = await server.exited;
    const kinds = tally(await load.stop());
    // 503 while it drains, and then nobody at the door.
    expect(kinds).not.to.have.any.keys("hung", "cut", "garbled");
    expect(code, server.output).to.equal(0);
    expect(server.output).not.to.match(/M2M_BUG|\n {4}at /u);
  });

  it("told to stop with sessions open, ends them and then itself", async () => {
    const clients = Array.from(
      { length: 6 },
      (_, index) =>
        new M2MClient({
          url: server.url,
          transport: index % 2 === 0 ? "websocket" : "http",
          reconnect: { maxTries: 0 },
          answerTimeoutMs: 5000,
        }),
    );
    await Promise.all(clients.map((client) => client.connect()));
    let answered = 0;
    const talks = clients.map(async (client) => {
      for (;;) {
        await client.request(CONTENT);
        answered++;
      }
    });
    while (answered < 30) await new Promise((resolve) => setTimeout(resolve, 10));
    server.signal("SIGTERM");
    // Each conversation ends with an error of the taxonomy; none is left waiting.
    const ends = await Promise.allSettled(talks);
    for (const end of ends)
      expect(end.status === "rejected" && (end.reason as { code?: string }).code).to.match(/^M2M_/u);
    expect((await server.exited).code, server.output).to.equal(0);
    await Promise.all(clients.map((client) => client.close()));
  });

  it("outlives what is no HTTP, halves of requests and clients that go away", async () => {
    const { connect } = await import("node:net");
    const { port } = new URL(server.url);
    const pieces = [
      "\x16\x03\x01\x00\xa5\x01\x00",
      "GET / HTTP/1.1\r\nhost: x\r\n",
      "POST /compress HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{",
      "POST /scan HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nZZ\r\n",
      "GET /ws HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
    ];
    await Promise.all(
      Array.from({ length: 50 }, (_, index) => {
        const socket = connect(Number(port), "127.0.0.1");
        socket.on("error", () => {});
        socket.write(pieces[index % pieces.length], "latin1", () => setTimeout(() => socket.destroy(), 30));
        return new Promise((resolve) => socket.once("close", resolve));
      }),
    );
    for (let client = 0; client < QUESTIONS.length; client++)
      expect(isWhole(await ask(client))).to.equal(true);
    expect(await server.stop(), server.output).to.equal(0);
    expect(server.output).not.to.match(/M2M_BUG|\n {4}at /u);
  });
});
