import { expect } from "chai";
import fc from "fast-check";
import { brotliCompressSync, constants } from "node:zlib";
import { openConnection } from "../http/connection.js";
import { CodecEngine } from "../../src/codec/index.js";
import type { Server } from "../../src/server/index.js";
import { ask, startTestServer } from "./start-server.js";

const QUICK = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };

describe("server and requests that are wrong", () => {
  let server: Server;
  const log: string[] = [];
  before(async () => void (server = await startTestServer({}, log)));
  after(() => server.close(0));
  afterEach(async () => {
    // Whatever came, it serves on, and nothing of it was its own fault.
    expect((await ask(server, "GET /health")).status).to.equal(200);
    expect(log.filter((line) => line.includes('"level":"error"'))).to.deep.equal([]);
  });

  it("writes no id of a session to the log, whatever is asked with it", async () => {
    const { session_id: id } = (await ask(server, "POST /session", {})).json as { session_id: string };
    const encoded = `%${id.charCodeAt(0).toString(16)}${id.slice(1)}`;
    await ask(server, `GET /session/${id}`);
    await ask(server, `GET /session/${encoded}/messages?wait=0&limit=7`);
    await ask(server, `GET /Session/${encoded}/?a=1`);
    await ask(server, `GET /nothing/${id}`);
    const other = {
      type: "DATA",
      session_id: id.replace(/.$/, "x"),
      payload: { algorithm: "none", content: "a" },
    };
    expect((await ask(server, "POST /message", other)).text).not.to.include(id.slice(1, -1));
    await ask(server, `DELETE /session/${id}`);
    expect(log.join("")).not.to.include(id.slice(1, -1));
    expect(log.join(""))
      .to.include("/session/[redacted]/messages?wait=0&limit=7")
      .and.to.include("/nothing/");
  });

  const cases: [name: string, line: `${string} /${string}`, body: unknown, status: number, code: string][] = [
    ["an unknown path", "GET /nothing", undefined, 404, "M2M_NOT_FOUND"],
    ["a path with a stray %", "GET /session/%zz", undefined, 404, "M2M_NOT_FOUND"],
    ["a path that climbs", "GET /session/..%2f..%2fetc", undefined, 404, "M2M_SESSION_UNKNOWN"],
    ["a method that the path lacks", "PUT /compress", undefined, 405, "M2M_METHOD_UNSUPPORTED"],
    ["no JSON", "POST /compress", "{", 400, "M2M_JSON_INVALID"],
    ["an empty body", "POST /compress", "", 400, "M2M_JSON_INVALID"],
    ["a body that is a list", "POST /compress", [], 400, "M2M_REQUEST_INVALID"],
    ["null", "POST /compress", null, 400, "M2M_REQUEST_INVALID"],
    ["a missing member", "POST /compress", {}, 400, "M2M_REQUEST_INVALID"],
    ["a member of a wrong type", "POST /compress", { content: 5 }, 400, "M2M_REQUEST_INVALID"],
    ["a member that is not known", "POST /scan", { content: "a", contents: "b" }, 400, "M2M_REQUEST_INVALID"],
    [
      "a level that there is not",
      "POST /compress",
      { content: "a", level: "best" },
      400,
      "M2M_REQUEST_INVALID",
    ],
    ["a quality out of range", "POST /compress", { content: "a", quality: 12 }, 400, "M2M_REQUEST_INVALID"],
    [
      "a model that is not known",
      "POST /compress",
      { content: "a", model: "no-such-model" },
      400,
      "M2M_MODEL_UNKNOWN",
    ],
    [
      "__proto__ as a member",
      "POST /compress",
      '{"content":"a","__proto__":{"algorithm":"none"}}',
      400,
      "M2M_REQUEST_INVALID",
    ],
    [
      "constructor as a member",
      "POST /compress",
      '{"content":"a","constructor":1}',
      400,
      "M2M_REQUEST_INVALID",
    ],
    [
      "__proto__ as an algorithm",
      "POST /compress",
      { content: "a", algorithm: "__proto__" },
      400,
      "M2M_REQUEST_INVALID",
    ],
    [
      "half a character",
      "POST /compress",
      '{"content":"\\ud800","algorithm":"brotli"}',
      400,
      "M2M_TEXT_LONE_SURROGATE",
    ],
    ["a damaged wire", "POST /decompress", { data: "#TK|C|****" }, 400, "M2M_BASE64_INVALID"],
    [
      "deep JSON",
      "POST /scan",
      `{"content":${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
      400,
      "M2M_JSON_TOO_DEEP",
    ],
    ["deep JSON without an end", "POST /scan", "[".repeat(500_000), 400, "M2M_JSON_TOO_DEEP"],
    [
      "a request nested too deep",
      "POST /tokens",
      `{"request":${'{"a":'.repeat(40)}1${"}".repeat(41)}`,
      400,
      "M2M_JSON_TOO_DEEP",
    ],
    ["a body over the limit", "POST /scan", { content: "x".repeat(1024 * 1024) }, 413, "M2M_INPUT_TOO_LARGE"],
    ["capabilities without sense", "POST /session", { capabilities: [] }, 400, "M2M_REQUEST_INVALID"],
  ];
  for (const [name, line, body, status, code] of cases) {
    it(`refuses ${name}`, async () => {
      const answer = await ask(server, line, body);
      expect([answer.status, answer.json.code]).to.deep.equal([status, code]);
      expect(answer.headers.get("content-type")).to.equal("application/problem+json");
      expect(answer.json).to.include({ status, type: `urn:m2m:error:${code}` });
      expect(answer.json.title).to.be.a("string");
      expect(answer.json.detail.length).to.be.within(1, 400);
      if (status === 405) expect(answer.headers.get("allow")).to.equal("POST");
    });
  }

  it("finds brackets and quotation marks in strings to be text", async () => {
    for (const content of ["[".repeat(1000), '"'.repeat(99), '\\"[{'.repeat(100), "\\", '\\\\"', '{"a":"]'])
      expect((await ask(server, "POST /scan", { content })).status, content.slice(0, 20)).to.equal(200);
  });

  it("refuses bytes that are no UTF-8", async () => {
    for (const bytes of [
      [0x22, 0xff, 0x22],
      [0xc0, 0xaf],
      [0xed, 0xa0, 0x80],
    ]) {
      const body = Buffer.concat([Buffer.from('{"content":"'), Buffer.from(bytes), Buffer.from('"}')]);
      const response = await fetch(`${server.url}/compress`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
      });
      expect(response.status).to.be.equal(400);
      expect(((await response.json()) as { code: string }).code).to.match(/^M2M_(UTF8|JSON)_INVALID$/);
    }
  });

  it("refuses other media types, charsets and encodings, and takes spellings of JSON", async () => {
    const types: [headers: Record<string, string>, status: number][] = [
      [{ "content-type": "text/plain" }, 415],
      [{ "content-type": "application/jsonp" }, 415],
      [{ "content-type": "application/json; charset=latin1" }, 415],
      [{ "content-type": "application/json", "content-encoding": "gzip" }, 415],
      [{ "content-type": "Application/JSON ; charset=UTF-8" }, 200],
      [{ "content-type": "application/vnd.api+json" }, 200],
      [{ "content-type": "application/json", "content-encoding": "identity" }, 200],
    ];
    for (const [headers, status] of types)
      expect(
        (await ask(server, "POST /compress", { content: "a" }, headers)).status,
        JSON.stringify(headers),
      ).to.equal(status);
    const bare = await fetch(`${server.url}/compress`, {
      method: "POST",
      body: new Uint8Array([0x7b, 0x7d]),
    });
    expect(bare.status).to.equal(415);
  });

  it("stops a decompression bomb at the limit", async () => {
    const bomb = brotliCompressSync(Buffer.alloc(200 * 1024 * 1024), QUICK);
    const wire = `#M2M[v3.0]|DATA:${bomb.toString("base64")}`;
    const { json, status } = await ask(server, "POST /decompress", { data: wire });
    expect([status, json.code]).to.deep.equal([413, "M2M_OUTPUT_TOO_LARGE"]);
  });

  it("answers any JSON with 2xx or a problem, and never with 500", async () => {
    const paths = [
      "/compress",
      "/compress/auto",
      "/decompress",
      "/scan",
      "/analyze",
      "/tokens",
      "/session",
      "/message",
    ] as const;
    const words = fc.constantFrom(
      "content",
      "data",
      "request",
      "algorithm",
      "model",
      "capabilities",
      "type",
      "messages",
    );
    const body = fc.oneof(
      fc.json(),
      fc.dictionary(words, fc.jsonValue()).map((value) => JSON.stringify(value)),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), body, async (path, text) => {
        const { status } = await ask(server, `POST ${path}`, text);
        expect(status, text).to.be.lessThan(500);
      }),
      { numRuns: 200 },
    );
  });

  it("does not mind a client that goes away while it works or waits", async () => {
    const { json } = await ask(server, "POST /session");
    const head = "HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    const body = JSON.stringify({ content: "x ".repeat(100_000) });
    for (const request of [
      `GET /session/${json.session_id}/messages?wait=60 ${head}\r\n`,
      `POST /analyze ${head}Content-Length: ${body.length}\r\n\r\n${body}`,
    ]) {
      const connection = await openConnection(server);
      await new Promise((resolve) => connection.socket.write(request, resolve));
      const isActive = async () => /requests_active [2-9]/.test((await ask(server, "GET /metrics")).text);
      const wasThere = await isActive();
      connection.socket.destroy();
      while (wasThere && (await isActive())) await new Promise((resolve) => setTimeout(resolve, 5));
    }
  });
});

describe("server and clients that want too much", () => {
  let server: Server;
  afterEach(() => server.close(0));

  it("asks for the token, everywhere but at the probes", async () => {
    server = await startTestServer({ authToken: "s3cret-token" });
    for (const line of [
      "GET /status",
      "GET /metrics",
      "GET /openapi.json",
      "POST /compress",
      "GET /nothing",
      "PUT /compress",
    ] as const) {
      const answer = await ask(server, line, line.startsWith("GET") ? undefined : {});
      expect([answer.status, answer.json.code], line).to.deep.equal([401, "M2M_UNAUTHORIZED"]);
      expect(answer.headers.get("www-authenticate")).to.equal('Bearer realm="m2m"');
      expect(answer.text).not.to.include("s3cret");
    }
    const wrong = await ask(server, "GET /status", undefined, { authorization: "Bearer s3cret-toke" });
    expect(wrong.status).to.equal(401);
    const right = await ask(server, "GET /status", undefined, { authorization: "Bearer s3cret-token" });
    expect(right.status).to.equal(200);
    for (const line of ["GET /health", "GET /ready"] as const)
      expect((await ask(server, line)).status).to.equal(200);
  });

  it("limits the requests of a client in a minute, and says when to come again", async () => {
    server = await startTestServer({ requestsPerMinute: 3 });
    const statuses = [];
    for (let index = 0; index < 4; index++)
      statuses.push((await ask(server, "POST /tokens", { content: "a" })).status);
    expect(statuses).to.deep.equal([200, 200, 200, 429]);
    const { headers, json } = await ask(server, "GET /status");
    expect(json.code).to.equal("M2M_RATE_LIMITED");
    expect(Number(headers.get("retry-after"))).to.be.within(15, 20);
    // Probes do not count.
    for (let index = 0; index < 10; index++) expect((await ask(server, "GET /health")).status).to.equal(200);
  });

  it("limits the sessions that an address may begin, and says when to come again", async () => {
    server = await startTestServer();
    const answers = await Promise.all(Array.from({ length: 200 }, () => ask(server, "POST /session")));
    const refused = answers.filter(({ status }) => status !== 201);
    expect(refused).to.have.length.within(1, 140);
    for (const { headers, json, status } of refused) {
      expect([status, json.code]).to.deep.equal([429, "M2M_RATE_LIMITED"]);
      expect(headers.get("content-type")).to.equal("application/problem+json");
      expect(Number(headers.get("retry-after"))).to.be.at.least(1);
    }
  });

  it("holds so many bytes of all requests at once, those included that it opens", async () => {
    server = await startTestServer({ maxHeldBytes: 5000 });
    const { data } = new CodecEngine().compress("x".repeat(3000), { algorithm: "brotli" });
    const decompress = () => ask(server, "POST /decompress", { data });
    const slow = await openConnection(server);
    const head =
      "POST /tokens HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9000\r\n\r\n";
    slow.socket.write(`${head}{"content":"${"a".repeat(2500)}`);
    let busy = await decompress();
    while (busy.status === 200) busy = await decompress();
    expect([busy.status, busy.json.code]).to.deep.equal([503, "M2M_BUSY"]);
    expect(busy.headers.get("retry-after")).to.equal("1");
    expect((await ask(server, "POST /tokens", { content: "a".repeat(100) })).status).to.equal(200);
    expect((await ask(server, "POST /tokens", { content: "a".repeat(4000) })).json.code).to.equal("M2M_BUSY");
    slow.socket.destroy();
    while (busy.status !== 200) busy = await decompress();
    // All is given back, and who is alone may have what one may.
    const tooLarge = new CodecEngine({ limits: { maxInputBytes: 2 ** 25 } });
    const bomb = tooLarge.compress("x".repeat(2 ** 24 + 1), { algorithm: "brotli" }).data;
    for (let times = 0; times < 3; times++) {
      expect((await decompress()).json.bytes).to.equal(3000);
      expect((await ask(server, "POST /decompress", { data: bomb })).json.code).to.equal(
        "M2M_OUTPUT_TOO_LARGE",
      );
    }
  });

  it("gives back the places of requests that a client has sent in a row, when it leaves", async () => {
    server = await startTestServer({ maxActiveRequests: 4 });
    const { json } = await ask(server, "POST /session");
    const client = await openConnection(server);
    const body = JSON.stringify({ content: "Hello, hello, hello." });
    const head = `POST /compress HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
    client.socket.write(`GET /session/${json.session_id}/messages?wait=30 HTTP/1.1\r\nHost: x\r\n\r\n`);
    client.socket.write(`${head}\r\n\r\n${body}`.repeat(4));
    let { status } = await ask(server, "GET /models");
    while (status !== 503) ({ status } = await ask(server, "GET /models"));
    client.socket.destroy();
    while (status !== 200) ({ status } = await ask(server, "GET /models"));
  });

  it("works on so many requests at once, and on others later; waiting does not count", async () => {
    server = await startTestServer({ maxActiveRequests: 1 });
    const { json } = await ask(server, "POST /session");
    const waiting = ask(server, `GET /session/${json.session_id}/messages?wait=60`);
    const slow = await openConnection(server);
    slow.socket.write(
      "POST /tokens HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{",
    );
    let busy = await ask(server, "GET /models");
    while (busy.status === 200) busy = await ask(server, "GET /models");
    expect([busy.status, busy.json.code]).to.deep.equal([503, "M2M_BUSY"]);
    expect(busy.headers.get("retry-after")).to.equal("1");
    expect((await ask(server, "GET /health")).status).to.equal(200);
    slow.socket.write('"content":"a"}');
    await slow.until('"tokens":1');
    expect((await ask(server, "GET /models")).status).to.equal(200);
    slow.socket.destroy();
    await server.close();
    expect((await waiting).status).to.equal(200);
  });

  it("answers those who are on their way when it stops, and no others", async () => {
    server = await startTestServer();
    const begun = await openConnection(server);
    begun.socket.write(
      "POST /tokens HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{",
    );
    const idle = await openConnection(server);
    idle.socket.write("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
    await idle.until("200 OK");
    const closed = server.close();
    idle.socket.write("GET /models HTTP/1.1\r\nHost: x\r\n\r\n");
    await idle.until("M2M_DRAINING");
    expect(idle.text().toLowerCase()).to.match(/503 service unavailable[\s\S]*retry-after: 1/);
    begun.socket.write('"content":"a"}');
    await begun.until('"tokens":1');
    await closed;
    expect((await begun.closed).toLowerCase()).to.include("connection: close");
  });

  it("is not for pages of other sites that a browser of this machine opens, whatever name they use", async () => {
    server = await startTestServer();
    const page = "Host: evil.example\r\nOrigin: http://evil.example\r\n";
    const hello = `POST /message HTTP/1.1\r\n${page}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`;
    const upgrade =
      `GET /ws HTTP/1.1\r\n${page}Connection: Upgrade\r\nUpgrade: websocket\r\n` +
      "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    for (const bytes of [hello, upgrade]) {
      const connection = await openConnection(server);
      connection.socket.write(bytes);
      await connection.until("M2M_ORIGIN_FORBIDDEN");
      expect(connection.text()).to.match(/^HTTP\/1\.1 403 /);
      connection.socket.destroy();
    }
    const own = { origin: `http://localhost:${server.port}` };
    expect((await ask(server, "POST /tokens", { content: "a" }, own)).status).to.equal(200);
    await server.close();
    // Who shows the token may be anybody's page: no page knows it.
    server = await startTestServer({ authToken: "s3cret" });
    const known = { origin: "http://app.example", authorization: "Bearer s3cret" };
    expect((await ask(server, "POST /tokens", { content: "a" }, known)).status).to.equal(200);
    await server.close();
  });
});
