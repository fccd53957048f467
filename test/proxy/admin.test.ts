import { expect } from "chai";
import { CodecEngine } from "../../src/codec/index.js";
import { openConnection } from "../http/connection.js";
import { ProxyFixture } from "./fixture.js";

describe("proxy: its own paths", () => {
  let fixture: ProxyFixture;
  before(async () => (fixture = await ProxyFixture.start({ maxBodyBytes: 100_000 })));
  after(() => fixture.stop());

  const post = (path: string, body: unknown) =>
    fixture.call({ method: "POST", path, body: typeof body === "string" ? body : JSON.stringify(body) });

  it("say that it lives", async () => {
    const reply = await fixture.call({ path: "/_m2m/health" });
    expect([reply.status, reply.json]).to.deep.equal([200, { status: "ok" }]);
  });

  it("say that it takes requests, until it shuts down", async () => {
    const ready = await fixture.call({ path: "/_m2m/ready" });
    expect([ready.status, ready.json]).to.deep.equal([200, { status: "ready" }]);
    const other = await ProxyFixture.start();
    // A request that has begun is answered, not cut.
    const { socket, closed, until } = await openConnection(other.proxy);
    socket.write("GET /_m2m/health HTTP/1.1\r\nHost: localhost\r\n\r\nGET /_m2m/ready HTTP/1.1\r\n");
    await until("ok");
    const stopped = other.stop();
    socket.write("Host: localhost\r\n\r\n");
    expect(await closed).to.match(/HTTP\/1\.1 503 [^]*M2M_DRAINING/);
    await stopped;
  });

  it("compress and decompress", async () => {
    const content = "What the agents say, what the agents say. ".repeat(20);
    for (const algorithm of [undefined, "auto", "token-native", "tokennative", "brotli", "m2m"]) {
      const packed = await post("/_m2m/compress", { content, algorithm });
      expect(packed.status, algorithm).to.equal(200);
      expect(packed.json.original_bytes).to.equal(content.length);
      expect(packed.json.compressed_bytes).to.equal(Buffer.byteLength(packed.json.data));
      expect(new CodecEngine().decompress(packed.json.data).text).to.equal(content);
      const opened = await post("/_m2m/decompress", { data: packed.json.data });
      expect(opened.json).to.deep.equal({
        content,
        bytes: content.length,
        algorithm: packed.json.algorithm,
      });
    }
  });

  it("refuse as problems", async () => {
    const cases: [string, unknown, number, string][] = [
      ["/_m2m/compress", "{", 400, "M2M_JSON_INVALID"],
      ["/_m2m/compress", "[]", 400, "M2M_JSON_INVALID"],
      ["/_m2m/compress", {}, 400, "M2M_USAGE"],
      ["/_m2m/compress", { content: "x", algorithm: "zip" }, 400, "M2M_USAGE"],
      ["/_m2m/compress", { content: "x".repeat(200_000) }, 413, "M2M_INPUT_TOO_LARGE"],
      ["/_m2m/decompress", { data: "#TK|C|!!!" }, 400, "M2M_BASE64_INVALID"],
      ["/_m2m/decompress", { data: 7 }, 400, "M2M_USAGE"],
      ["/_m2m/nothing", {}, 404, "M2M_NOT_FOUND"],
      ["/_m2m/__proto__", {}, 404, "M2M_NOT_FOUND"],
      ["/_m2m/stats", {}, 405, "M2M_METHOD_UNSUPPORTED"],
    ];
    for (const [path, body, status, code] of cases) {
      const reply = await post(path, body);
      expect([path, reply.status, reply.json.code]).to.deep.equal([path, status, code]);
      expect(reply.headers["content-type"]).to.equal("application/problem+json");
    }
    expect((await fixture.call({ path: "/_m2m/compress" })).headers.allow).to.equal("POST");
  });

  it("have metrics that Prometheus can read", async () => {
    await fixture.chat({ model: 'a"b\\c\nd' });
    const { text, headers } = await fixture.call({ path: "/_m2m/metrics" });
    expect(headers["content-type"]).to.match(/^text\/plain; version=0\.0\.4/);
    expect(text).to.match(/^m2m_proxy_requests_total\{outcome="finished"\} 1$/m);
    expect(text).to.contain('m2m_proxy_model_requests_total{model="a\\"b\\\\c\\nd"} 1');
    const sample = /^[a-z0-9_:]+(\{([a-z_]+="(\\.|[^"\\\n])*"(,|(?=\})))*\})? -?[\d.e+-]+$/;
    for (const line of text.trimEnd().split("\n")) {
      if (line !== "" && !line.startsWith("#")) expect(line).to.match(sample);
    }
    const names = [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name);
    expect(new Set(names).size).to.equal(names.length);
  });
});
