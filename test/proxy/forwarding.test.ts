import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { once } from "node:events";
import { createServer, request, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { BINARY } from "../helpers/scripted-upstream.js";
import { openConnection } from "../http/connection.js";
import { ProxyFixture, sendRaw } from "./fixture.js";

describe("proxy: forwarding", () => {
  let fixture: ProxyFixture;
  before(async () => (fixture = await ProxyFixture.start()));
  after(() => fixture.stop());
  beforeEach(() => fixture.upstream.reset());

  it("passes a request and its answer byte for byte", async () => {
    const body =
      '{ "model" : "gpt-4o",\n "messages":[{"role":"user","content":"Gr\\u00fc\\u00dfe 1.0e3"}], "n":1.0 }';
    const reply = await fixture.call({
      method: "POST",
      path: "/v1/chat/completions?x=%2F&y=%zz",
      headers: { "content-type": "application/json" },
      body,
    });
    expect(reply.status).to.equal(200);
    expect(reply.json.choices[0].message.role).to.equal("assistant");
    expect(fixture.upstream.last.body.toString()).to.equal(body);
    expect(fixture.upstream.last.path).to.equal("/v1/chat/completions?x=%2F&y=%zz");
    expect(reply.headers["x-request-id"]).to.equal("req_openai_1");
    expect(reply.headers["x-ratelimit-remaining-tokens"]).to.equal("1999900");
  });

  it("keeps the headers of a request, but those of the connection and its own", async () => {
    await fixture.call({
      method: "POST",
      path: "/v1/embeddings",
      headers: [
        ...["Host", "evil.example", "Connection", "keep-alive, X-Private", "X-Private", "1"],
        ...["Authorization", "Bearer sk-1", "OpenAI-Organization", "org", "X-Stainless-Retry-Count", "0"],
        ...["Keep-Alive", "timeout=5", "TE", "trailers", "Proxy-Authorization", "Basic x"],
        ...["anthropic-beta", "a", "anthropic-beta", "b", "Content-Type", "application/json"],
        ...["X-M2M-Optimize", "off", "Via", "1.1 edge", "X-Forwarded-For", "10.0.0.1", "Content-Length", "2"],
      ],
      body: "{}",
    });
    const { last } = fixture.upstream;
    expect(last.values("host")).to.deep.equal([`127.0.0.1:${fixture.upstream.port}`]);
    expect(last.header("authorization")).to.equal("Bearer sk-1");
    expect(last.header("openai-organization")).to.equal("org");
    expect(last.header("x-stainless-retry-count")).to.equal("0");
    expect(last.values("anthropic-beta")).to.deep.equal(["a", "b"]);
    expect(last.header("via")).to.equal("1.1 edge, 1.1 m2m");
    expect(last.header("x-forwarded-for")).to.equal("10.0.0.1");
    for (const name of ["x-private", "keep-alive", "te", "proxy-authorization", "x-m2m-optimize"]) {
      expect(last.header(name), name).to.equal(undefined);
    }
    expect(last.values("content-length")).to.deep.equal(["2"]);
  });

  it("streams other bodies untouched, both ways", async () => {
    const reply = await fixture.call({
      method: "POST",
      path: "/v1/files/file-1/content",
      headers: { "content-type": "multipart/form-data; boundary=x", "transfer-encoding": "chunked" },
      body: BINARY,
    });
    expect(fixture.upstream.last.body.equals(BINARY)).to.equal(true);
    expect(reply.body.equals(BINARY)).to.equal(true);
    await fixture.call({
      method: "POST",
      path: "/v1/files",
      headers: { "content-length": "65536" },
      body: BINARY,
    });
    expect(fixture.upstream.last.header("content-length")).to.equal("65536");
    expect(fixture.upstream.last.header("transfer-encoding")).to.equal(undefined);
  });

  it("passes methods, HEAD, 204, 304 and redirects as they are", async () => {
    for (const method of ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
      const { status, json } = await fixture.call({ method, path: "/v1/things/1" });
      expect([status, json.method]).to.deep.equal([200, method]);
    }
    const head = await fixture.call({ method: "HEAD", path: "/v1/models" });
    expect([head.status, head.body.length]).to.deep.equal([200, 0]);
    expect(Number(head.headers["content-length"])).to.be.greaterThan(0);
    fixture.upstream.script("no-content", { status: 304, body: "" }, "redirect");
    const empty = await fixture.call({ method: "DELETE", path: "/v1/things/1" });
    expect([empty.status, empty.body.length]).to.deep.equal([204, 0]);
    expect((await fixture.call({ path: "/v1/things/1" })).status).to.equal(304);
    const moved = await fixture.call({ path: "/v1/things/1" });
    expect([moved.status, moved.headers.location]).to.deep.equal([307, "/v1/followed"]);
  });

  it("passes compressed answers as they are", async () => {
    fixture.upstream.script("gzip");
    const reply = await fixture.chat();
    expect(reply.headers["content-encoding"]).to.equal("gzip");
    expect(reply.body[0]).to.equal(0x1f);
    expect(fixture.upstream.last.header("accept-encoding")).to.equal("identity");
  });

  it("forwards nowhere but below the target's path", async () => {
    const paths = [
      "/v1/../admin",
      "/v1/%2e%2e/admin",
      "/v1/.%2E/admin",
      "/v1/%252e%252e/admin",
      "/v1/a/..%2f..%2fadmin",
      "/v1/a/%2e%2e%5cadmin",
      "/v1/a\\..\\admin",
      "//evil.example/v1/models",
      "http://evil.example/v1/models",
      "/v2/models",
      "/v1",
      "/",
      "/v1/a%00b",
      "/v1/a%0d%0ab",
      "/v1/..;/admin",
      "/v1/a/..;x=1/..%3b/admin",
      "/v1/%c0%ae%c0%ae/admin",
      "/v1/%zz",
    ];
    for (const path of paths) {
      const head = await sendRaw(
        fixture.proxy.port,
        `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`,
      );
      expect(head, path).to.match(/^HTTP\/1\.1 40[04] /);
    }
    expect(fixture.upstream.requests).to.have.length(0);
    for (const path of ["/v1/models/a..b", "/v1/models/org%2Fname", "/v1/models/.x"]) {
      expect((await fixture.call({ path })).status, path).to.equal(200);
      expect(fixture.upstream.last.path).to.equal(path);
    }
  });

  it("refuses CONNECT, TRACE, upgrades and loops", async () => {
    const connect = await sendRaw(fixture.proxy.port, "CONNECT evil.example:443 HTTP/1.1\r\nhost: x\r\n\r\n");
    expect(connect).to.match(/^(HTTP\/1\.1 [45]\d\d |$)/);
    const trace = await sendRaw(
      fixture.proxy.port,
      "TRACE /v1/models HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
    );
    expect(trace)
      .to.match(/^HTTP\/1\.1 405 /)
      .and.match(/allow: GET/i);
    const upgrade = await sendRaw(
      fixture.proxy.port,
      "GET /v1/realtime HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
    );
    expect(upgrade).to.match(/^HTTP\/1\.1 501 /);
    const loop = await fixture.call({
      path: "/v1/models",
      headers: { via: "1.1 m2m, 1.1 m2m, 1.1 other, 1.1 m2m, 1.1 m2m" },
    });
    expect(loop.status).to.equal(400);
    expect(fixture.upstream.requests).to.have.length(0);
  });

  it("says what is wrong in the provider's shape wherever an SDK may have got its path from", async () => {
    const long = `/v1/${"x".repeat(8192)}`;
    for (const [path, reason] of [
      [long, "longer than 8192"],
      ["/v1/models/%zz", "another place"],
      ["//v1/models", "another place"],
      ["/v1/../x", "another place"],
    ]) {
      const { status, json } = await fixture.call({ path });
      expect([status, json.error.code]).to.deep.equal([404, "M2M_NOT_FOUND"]);
      expect(json.error.message).to.contain(reason);
      const headers = { "anthropic-version": "2026-10-21" };
      expect((await fixture.call({ path, headers })).json).to.nested.include({
        type: "error",
        "error.type": "not_found_error",
      });
    }
    const elsewhere = await fixture.call({ path: "/v2/models" });
    expect([elsewhere.status, elsewhere.json.code]).to.deep.equal([404, "M2M_NOT_FOUND"]);
    const upgrade = await sendRaw(
      fixture.proxy.port,
      "GET /v1/realtime HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
    );
    const body = JSON.parse(upgrade.slice(upgrade.indexOf("\r\n\r\n"))) as { error: { message: string } };
    expect(body.error.message).to.contain("WebSockets are not passed on");
  });

  it("refuses an upgrade behind the answers that are under way on its connection, not between their bytes", async () => {
    const upgrade =
      "GET /v1/realtime HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
    const body = JSON.stringify({ model: "gpt-4o", stream: true, messages: [] });
    const call = `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n\r\n${body}`;
    for (const isPipelined of [true, false]) {
      let end: (() => void) | undefined;
      fixture.upstream.script((_, response) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        response.write('data: {"n":1}\n\n');
        end = () => response.end("data: [DONE]\n\n");
      });
      const client = await openConnection(fixture.proxy);
      client.socket.write(isPipelined ? call + upgrade : call);
      await client.until('{"n":1}');
      if (!isPipelined) client.socket.write(upgrade);
      await new Promise((resolve) => setTimeout(resolve, 50));
      end!();
      const text = await client.closed;
      expect(text).to.match(/^HTTP\/1\.1 200 [\s\S]*\[DONE\]\n\n\r\n0\r\n\r\nHTTP\/1\.1 501 /);
      expect(text).to.contain("WebSockets are not passed on");
    }
  });

  it("counts and logs what it refuses", async () => {
    const other = await ProxyFixture.start({ authToken: "a-token" });
    await other.chat();
    await other.call({ path: "/nothing?key=sk-verysecretkey-123456" });
    await other.call({ method: "PROPFIND", path: "/v1/models" });
    await sendRaw(
      other.proxy.port,
      "GET /v1/realtime HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n",
    );
    const { outcomes, statuses } = other.proxy.stats;
    await other.stop();
    expect(outcomes).to.deep.equal({ finished: 4, failed: 0, aborted: 0 });
    expect(Object.fromEntries(statuses)).to.deep.equal({ "4xx": 3, "5xx": 1 });
    const lines = other.log.map((line) => JSON.parse(line) as { status: number; path: string });
    expect(lines.map(({ status, path }) => [status, path])).to.deep.equal([
      [401, "/v1/chat/completions"],
      [404, "/nothing"],
      [405, "/v1/models"],
      [501, "/v1/realtime"],
    ]);
  });

  it("reads on what it refuses, so that the answer reaches who is still sending", async () => {
    const other = await ProxyFixture.start({ maxBodyBytes: 1000, authToken: "a-token" });
    // In a process of its own: in this one it would wait for the proxy, and see nothing of a reset.
    const client = `
      const statuses = [];
      for (let index = 0; index < 8; index++) {
        const headers = index % 2 ? { "x-m2m-token": "a-token" } : {};
        const body = Buffer.alloc(60 * 1024 * 1024, 0x20);
        const reply = await fetch("${other.proxy.url}/v1/chat/completions", { method: "POST", headers, body });
        statuses.push(reply.status, (await reply.json()).error.code);
      }
      console.log(JSON.stringify(statuses));`;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", client]);
    await other.stop();
    const refused = [401, "M2M_UNAUTHORIZED", 413, "M2M_INPUT_TOO_LARGE"];
    expect(JSON.parse(stdout)).to.deep.equal([...refused, ...refused, ...refused, ...refused]);
  });

  it("answers 100-continue itself", async () => {
    const outgoing = request({
      port: fixture.proxy.port,
      method: "POST",
      path: "/v1/chat/completions",
      headers: { expect: "100-continue", "content-type": "application/json" },
    });
    outgoing.flushHeaders();
    await once(outgoing, "continue");
    outgoing.end("{}");
    const [response] = await once(outgoing, "response");
    response.resume();
    expect(response.statusCode).to.equal(200);
    expect(fixture.upstream.last.header("expect")).to.equal(undefined);
  });

  it("refuses bodies over the limit before it has read them", async () => {
    const small = await ProxyFixture.start({ maxBodyBytes: 100 });
    try {
      const reply = await small.chat({ padding: "x".repeat(200) });
      expect(reply.status).to.equal(413);
      expect(reply.json.error.code).to.equal("M2M_INPUT_TOO_LARGE");
      expect(small.upstream.requests).to.have.length(0);
    } finally {
      await small.stop();
    }
  });

  it("appends to the path of a target, with or without /v1", async () => {
    const { parseTarget } = await import("../../src/proxy/index.js");
    for (const path of ["/base", "/base/", "/base/v1", "/base/v1/"]) {
      const target = parseTarget(`${fixture.upstream.url}${path}`, "--target");
      const other = await ProxyFixture.start({ upstreams: [{ name: "x", target }] });
      await other.call({ path: "/v1/models" });
      await other.stop();
      expect(fixture.upstream.last.path).to.equal("/base/v1/models");
    }
    for (const url of ["ftp://x", "x", "http://user:pw@x", "http://x/?a", "http://x/#a", ""]) {
      expect(() => parseTarget(url, "--target"), url).to.throw("--target");
    }
  });

  it("ends an upload whose client goes away, or whose upstream has had enough", async () => {
    const { parseTarget } = await import("../../src/proxy/index.js");
    const upstream = createServer().listen(0, "127.0.0.1");
    await once(upstream, "listening");
    const target = parseTarget(`http://127.0.0.1:${(upstream.address() as AddressInfo).port}`, "--target");
    const other = await ProxyFixture.start({ upstreams: [{ name: "x", target }] });
    const upload = () => {
      const outgoing = request({ port: other.proxy.port, method: "POST", path: "/v1/files" });
      outgoing.setHeader("content-type", "application/octet-stream");
      outgoing.on("error", () => {}).write(BINARY);
      return outgoing;
    };
    const left = upload();
    const [incoming] = (await once(upstream, "request")) as [IncomingMessage];
    const closed = new Promise((resolve) => incoming.on("error", () => {}).on("close", resolve));
    incoming.resume();
    left.destroy();
    await closed;
    expect(incoming.complete).to.equal(false);

    upstream.on("request", (seen: IncomingMessage, response: ServerResponse) => {
      seen.on("error", () => {}).resume();
      response.writeHead(413, { "content-type": "application/json", connection: "close" }).end("{}");
    });
    const refused = upload();
    const [response] = (await once(refused, "response")) as [IncomingMessage];
    const answered = new Promise((resolve) => response.on("error", () => {}).on("close", resolve));
    response.resume();
    expect(response.statusCode).to.equal(413);
    await answered;
    refused.destroy();
    expect((await other.stats()).requests).to.include({ active: 0, finished: 1, aborted: 1 });
    await other.stop();
    upstream.close();
  });

  it("takes count_tokens of Anthropic and its errors' shape", async () => {
    const reply = await fixture.call({
      method: "POST",
      path: "/v1/messages/count_tokens",
      headers: { "anthropic-version": "2026-10-21", "content-type": "application/json" },
      body: '{"model":"claude-sonnet-4-5","messages":[]}',
    });
    expect(reply.json).to.have.property("input_tokens");
    expect(fixture.upstream.last.header("anthropic-version")).to.equal("2026-10-21");
    fixture.upstream.script("status-400");
    const bad = await fixture.call({ method: "POST", path: "/v1/messages", body: "{}" });
    expect(bad.json).to.include({ type: "error" });
  });
});
