import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { createServer, type Server } from "node:net";
import type { AddressInfo } from "node:net";
import { setTimeout } from "node:timers/promises";
import { expect } from "chai";
import { CodecEngine } from "../../src/codec/index.js";
import { parseTarget, type ProxyOptions } from "../../src/proxy/index.js";
import { openConnection } from "../http/connection.js";
import { ScriptedUpstream } from "../helpers/scripted-upstream.js";
import { ProxyFixture } from "./fixture.js";

/** No waiting: half of the first delay is left to chance. */
const quick: Partial<ProxyOptions> = { random: () => 0 };

describe("proxy: resilience", () => {
  let fixture: ProxyFixture | undefined;
  afterEach(async () => {
    await fixture?.stop();
    fixture = undefined;
  });

  it("tries again before an answer has begun, and not behind it", async () => {
    fixture = await ProxyFixture.start(quick);
    fixture.upstream.script("status-500", { status: 429, headers: { "retry-after-ms": "5" } });
    const reply = await fixture.chat();
    expect(reply.status).to.equal(200);
    expect(reply.headers["x-should-retry"]).to.equal(undefined);
    expect(fixture.upstream.requests.map(({ body }) => body.toString())).to.satisfy(
      (bodies: string[]) => bodies.length === 3 && new Set(bodies).size === 1,
    );
    expect(await fixture.stats()).to.include({ retries: 2 });
  });

  it("tells the client not to try again when it has itself", async () => {
    fixture = await ProxyFixture.start({ ...quick, retries: 1 });
    fixture.upstream.script("status-500", "status-500");
    const reply = await fixture.chat();
    expect([reply.status, reply.headers["x-should-retry"]]).to.deep.equal([500, "false"]);
    expect(reply.json.error.message).to.equal("The server had an error.");
  });

  it("leaves long waits, and mistakes of the client, to the client", async () => {
    fixture = await ProxyFixture.start(quick);
    fixture.upstream.script({ status: 429, headers: { "retry-after": "60" } }, "status-400", "status-401", {
      status: 500,
      headers: { "x-should-retry": "false" },
    });
    for (const status of [429, 400, 401, 500]) expect((await fixture.chat()).status).to.equal(status);
    expect(fixture.upstream.requests).to.have.length(4);
  });

  it("asks on an upstream that breaks off some requests: others may be in order", async () => {
    fixture = await ProxyFixture.start({ ...quick, retries: 0 });
    fixture.upstream.script("reset", "garbage", "close-before-headers", "reset", "reset", "reset");
    for (let i = 0; i < 6; i++)
      expect((await fixture.chat()).json.error.code).to.equal("M2M_UPSTREAM_FAILED");
    expect((await fixture.chat()).status).to.equal(200);
  });

  it("sends nothing twice that may have been done", async () => {
    fixture = await ProxyFixture.start(quick);
    for (const script of ["reset", "close-before-headers", "garbage"] as const) {
      fixture.upstream.reset();
      fixture.upstream.script(script);
      const reply = await fixture.chat();
      expect([script, reply.status, reply.json.error.code]).to.deep.equal([
        script,
        502,
        "M2M_UPSTREAM_FAILED",
      ]);
      expect(fixture.upstream.requests).to.have.length(1);
      // What only asks may be asked again.
      fixture.upstream.script(script);
      expect((await fixture.call({ path: "/v1/models" })).status).to.equal(200);
    }
    fixture.upstream.reset();
    fixture.upstream.script("status-500");
    const upload = await fixture.call({
      method: "POST",
      path: "/v1/files",
      headers: { "content-length": "1" },
      body: "x",
    });
    expect([upload.status, fixture.upstream.requests.length]).to.deep.equal([500, 1]);
  });

  it("sends what has no body and is no question once", async () => {
    fixture = await ProxyFixture.start(quick);
    for (const method of ["POST", "DELETE", "PUT", "PATCH", "OPTIONS", "GET", "HEAD"]) {
      const onlyAsks = method === "GET" || method === "HEAD";
      for (const status of [500, 429]) {
        fixture.upstream.reset();
        fixture.upstream.script({ status, headers: { "retry-after-ms": "5" } });
        const headers = { "content-length": "0" };
        const reply = await fixture.call({ method, path: "/v1/batches/b1/cancel", headers });
        expect([method, reply.status, fixture.upstream.requests.length]).to.deep.equal(
          onlyAsks ? [method, 200, 2] : [method, status, 1],
        );
      }
    }
  });

  it("says of what may have been done that it is not to be sent again, and heeds that", async () => {
    const far = await ProxyFixture.start({ ...quick, headersTimeoutMs: 300 });
    fixture = await ProxyFixture.start({
      ...quick,
      upstreams: [{ name: "far", target: parseTarget(`http://127.0.0.1:${far.proxy.port}`, "url") }],
    });
    for (const [script, status] of [
      ["reset", 502],
      ["stall", 504],
    ] as const) {
      far.upstream.reset();
      far.upstream.script(script);
      const reply = await fixture.chat();
      expect([reply.status, reply.headers["x-should-retry"]]).to.deep.equal([status, "false"]);
      expect(far.upstream.requests).to.have.length(1);
    }
    // What only asks may be asked again.
    const asked = await ProxyFixture.start({ retries: 0 });
    asked.upstream.script("reset");
    const files = await asked.call({ path: "/v1/files" });
    expect([files.status, files.headers["x-should-retry"]]).to.deep.equal([502, undefined]);
    await asked.stop();
    await far.stop();
    const refused = await fixture.chat();
    expect(refused.status).to.equal(502);
  });

  it("cannot read an answer before which there is 100 Continue, and says so", async () => {
    fixture = await ProxyFixture.start(quick);
    fixture.upstream.script((_, response) => {
      response.writeContinue();
      response.end("{}");
    });
    const reply = await fixture.chat();
    expect([reply.status, reply.json.error.code]).to.deep.equal([502, "M2M_UPSTREAM_FAILED"]);
    expect(reply.json.error.message).to.contain("100 Continue");
    // Other interim answers are no obstacle.
    fixture.upstream.script((_, response) => {
      response.writeProcessing();
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
    expect((await fixture.chat()).status).to.equal(200);
  });

  it("gives up what takes too long, with 504", async () => {
    fixture = await ProxyFixture.start({ headersTimeoutMs: 300, idleTimeoutMs: 300 });
    fixture.upstream.script("stall");
    const reply = await fixture.chat();
    expect([reply.status, reply.json.error.code]).to.deep.equal([504, "M2M_UPSTREAM_TIMEOUT"]);
    fixture.upstream.script("stall-midway");
    const stream = await fixture.chat({ stream: true });
    expect(stream.text).to.match(/M2M_UPSTREAM_TIMEOUT[^\n]*\n\n$/);
  });

  it("falls back to another upstream at once, by model and weight", async () => {
    const [first, second] = [await ScriptedUpstream.start(), await ScriptedUpstream.start()];
    const target = (upstream: ScriptedUpstream) => parseTarget(upstream.url, "url");
    fixture = await ProxyFixture.start({
      ...quick,
      upstreams: [
        { name: "first", target: target(first), models: ["gpt-*"] },
        { name: "second", target: target(second), weight: 0 },
      ],
    });
    first.script("status-500");
    expect((await fixture.chat()).status).to.equal(200);
    expect([first.requests.length, second.requests.length]).to.deep.equal([1, 1]);
    await fixture.chat({ model: "llama-3" });
    expect([first.requests.length, second.requests.length]).to.deep.equal([1, 2]);
    // What is passed on goes by its model too.
    const passed = { method: "POST", path: "/v1/moderations", body: '{"model":"gpt-4o","input":"x"}' };
    await fixture.call(passed);
    expect([first.requests.length, second.requests.length]).to.deep.equal([2, 2]);
    await fixture.chat();
    expect([first.requests.length, second.requests.length]).to.deep.equal([3, 2]);
    await first.stop();
    expect((await fixture.chat()).status).to.equal(200);
    const stats = await fixture.stats();
    expect(stats.fallbacks).to.equal(2);
    await second.stop();
  });

  it("shares requests by weight", async () => {
    const [first, second] = [await ScriptedUpstream.start(), await ScriptedUpstream.start()];
    const values = [0.1, 0.7, 0.76, 0.99];
    fixture = await ProxyFixture.start({
      random: () => values.shift() ?? 0,
      upstreams: [
        { name: "first", target: parseTarget(first.url, "url"), weight: 3 },
        { name: "second", target: parseTarget(second.url, "url"), weight: 1 },
      ],
    });
    for (let i = 0; i < 4; i++) await fixture.chat();
    expect([first.requests.length, second.requests.length]).to.deep.equal([2, 2]);
    await first.stop();
    await second.stop();
  });

  it("writes a line for what found no answer, with all that is known of it but contents", async () => {
    fixture = await ProxyFixture.start({ ...quick, retries: 1 });
    const lines = (message: string) =>
      fixture!.log
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .filter(({ msg }) => msg === message);
    fixture.upstream.script("status-503", "status-503", "cut-mid-event");
    expect((await fixture.chat()).status).to.equal(503);
    const of = { level: "warn", path: "/v1/chat/completions", model: "gpt-4o", upstream: "target" };
    expect(lines("upstream failed")).to.have.length(1);
    expect(lines("upstream failed")[0]).to.include({ ...of, status: 503, attempts: 2 });
    await fixture.chat({ stream: true });
    expect(lines("answer cut")[0])
      .to.include(of)
      .and.to.have.keys(...["time", "msg", "request", "reason"], ...Object.keys(of));
    await fixture.upstream.stop();
    const reply = await fixture.call({
      method: "POST",
      path: "/v1/chat/completions?key=sk-HUSHHUSHHUSH",
      body: '{"model":"gpt-4o","messages":[]}',
    });
    const [line] = lines("no answer");
    expect(line).to.include({ ...of, code: "M2M_UPSTREAM_FAILED", status: 502 });
    expect(line.request).to.equal(reply.headers["x-m2m-request-id"]);
    expect(
      new Set(fixture.log.map((one) => (JSON.parse(one) as { request?: string }).request)).size,
    ).to.equal(3);
    expect(fixture.log.join("")).not.to.contain("HUSH").and.not.contain("Hello");
  });

  it("refuses a model that nobody serves", async () => {
    const target = parseTarget("http://127.0.0.1:9", "url");
    fixture = await ProxyFixture.start({ upstreams: [{ name: "x", target, models: ["gpt-4o"] }] });
    const reply = await fixture.chat({ model: "other\u001b" });
    expect(reply.status).to.equal(404);
    expect(reply.json.error).to.deep.equal({
      message: 'm2m proxy: No upstream serves the model "other\\u{1b}".',
      type: "invalid_request_error",
      param: "model",
      code: "model_not_found",
    });
    const message = await fixture.call({
      method: "POST",
      path: "/v1/messages",
      body: JSON.stringify({ model: "claude-x", max_tokens: 1, messages: [] }),
    });
    expect([message.status, message.json]).to.deep.equal([
      404,
      {
        type: "error",
        error: {
          type: "not_found_error",
          message: 'm2m proxy: No upstream serves the model "claude-x".',
          details: { error_code: "M2M_MODEL_NOT_SERVED" },
        },
      },
    ]);
    const counted = { method: "POST", path: "/v1/messages/count_tokens", body: '{"model":"claude-x"}' };
    expect((await fixture.call(counted)).status).to.equal(404);
    const model = await fixture.call({ path: "/v1/models/claude-x" });
    expect([model.status, model.json.error.code]).to.deep.equal([404, "model_not_found"]);
    const { requests } = await fixture.stats();
    expect(requests).to.include({ started: 4, finished: 4, failed: 0 });
  });

  it("lists the models of all upstreams that answer, and asks for one where it is served", async () => {
    const [first, second] = [await ScriptedUpstream.start(), await ScriptedUpstream.start()];
    const target = (url: string) => parseTarget(url, "url");
    fixture = await ProxyFixture.start({
      ...quick,
      upstreams: [
        { name: "openai", target: target(first.url), models: ["gpt-*"], apiKey: "sk-first" },
        {
          name: "anthropic",
          target: target(second.url),
          models: ["claude-*", "meta/*"],
          apiKey: "sk-second",
        },
        { name: "spare", target: target("http://127.0.0.1:9"), weight: 0 },
      ],
    });
    const call = (path: string, headers = {}, method = "GET") => fixture!.call({ method, path, headers });
    second.script({
      status: 200,
      body: '{"data":[{"id":"claude-x","display_name":"X"},{"id":"gpt-4o"},{"id":5}]}',
    });
    const { status, json } = await call("/v1/models?after_id=a&limit=5");
    expect([status, json.object, json.has_more]).to.deep.equal([200, "list", false]);
    // Only what requests are sent to: no embeddings, and gpt-4o once.
    expect((json.data as { id: string }[]).map(({ id }) => id)).to.deep.equal([
      "gpt-4o",
      "gpt-4o-mini",
      "claude-x",
    ]);
    expect(json.data[2]).to.deep.equal({ id: "claude-x", display_name: "X" });
    expect([first.last.path, first.last.header("authorization")]).to.deep.equal([
      "/v1/models?limit=5",
      "Bearer sk-first",
    ]);
    expect(fixture.log.join("")).to.match(/"upstream":"spare"[^\n]*no list of models/);

    const before = [first.requests.length, second.requests.length];
    await call("/v1/models/gpt-4o");
    await call("/v1/models/meta/llama-3");
    await call("/v1/models/claude%2Dx");
    expect([first.requests.length - before[0], second.requests.length - before[1]]).to.deep.equal([1, 2]);
    for (const path of ["/v1/files", "/v1/batches"]) await call(path);
    expect(first.requests.length - before[0]).to.equal(3);

    // One that says nothing keeps the others waiting no longer than a few seconds; its status alone is no list.
    first.script("status-500");
    second.script("stall");
    const started = performance.now();
    const none = await call("/v1/models");
    expect(none.status).to.equal(500);
    expect(performance.now() - started).to.be.within(4000, 9000);
    await Promise.all([first.stop(), second.stop()]);
    expect((await call("/v1/models")).status).to.equal(502);
  });

  it("sends what names no model to the first upstream that is in order", async () => {
    const [first, second] = [await ScriptedUpstream.start(), await ScriptedUpstream.start()];
    const targets = [first, second].map(({ url }) => parseTarget(url, "url"));
    fixture = await ProxyFixture.start({
      ...quick,
      upstreams: [
        { name: "first", target: targets[0], models: ["gpt-*"] },
        { name: "second", target: targets[1], models: ["gpt-*"] },
      ],
    });
    for (let i = 0; i < 4; i++) await fixture.call({ path: "/v1/files" });
    expect([first.requests.length, second.requests.length]).to.deep.equal([4, 0]);
    await first.stop();
    await fixture.call({ path: "/v1/files" });
    expect(second.requests.length).to.equal(1);
    const chat = await fixture.call({ method: "POST", path: "/v1/chat/completions", body: "{}" });
    expect([chat.status, chat.json.error.code]).to.deep.equal([404, "model_not_found"]);
    await second.stop();
  });

  it("stops asking an upstream that is down, and asks it again when it is back", async function () {
    this.timeout(20_000);
    const sockets: Server = createServer((socket) => socket.resetAndDestroy()).listen(0, "127.0.0.1");
    await once(sockets, "listening");
    let connections = 0;
    sockets.on("connection", () => connections++);
    const { port } = sockets.address() as AddressInfo;
    const target = parseTarget(`http://127.0.0.1:${port}`, "url");
    fixture = await ProxyFixture.start({ upstreams: [{ name: "x", target }], retries: 0 });
    for (let i = 0; i < 5; i++) expect((await fixture.chat()).status).to.equal(502);
    const reply = await fixture.chat();
    expect([reply.status, connections]).to.deep.equal([503, 5]);
    expect(Number(reply.headers["retry-after"])).to.be.within(1, 5);
    expect((await fixture.stats()).upstreams[0].state).to.equal("open");
    const unready = await fixture.call({ path: "/_m2m/ready" });
    expect([unready.status, unready.json.code]).to.deep.equal([503, "M2M_UPSTREAM_UNAVAILABLE"]);
    expect((await fixture.call({ path: "/_m2m/health" })).status).to.equal(200);
    sockets.close();
    await once(sockets, "close");
    const back = await ScriptedUpstream.start(port);
    let status = 503;
    while (status === 503) status = (await fixture.chat()).status;
    expect(status).to.equal(200);
    expect((await fixture.stats()).upstreams[0].state).to.equal("closed");
    expect((await fixture.call({ path: "/_m2m/ready" })).status).to.equal(200);
    await back.stop();
  });

  it("takes an upstream that can be connected to for one that is back, however slowly it answers", async () => {
    const back = await ScriptedUpstream.start();
    await back.kill();
    const target = parseTarget(back.url, "url");
    fixture = await ProxyFixture.start({ upstreams: [{ name: "x", target }], retries: 0 });
    for (let i = 0; i < 5; i++) expect((await fixture.chat()).status).to.equal(502);
    expect((await fixture.chat()).status).to.equal(503);
    await back.restart();
    let answer = (): void => {};
    const hasCome = new Promise<void>((resolve) =>
      back.script((_, response) => {
        answer = () => response.writeHead(200, { "content-type": "application/json" }).end("{}");
        resolve();
      }),
    );
    const isHalfOpen = async () => (await fixture!.stats()).upstreams[0].state === "half-open";
    while (!(await isHalfOpen())) await setTimeout(100);
    const probe = fixture.chat();
    await hasCome;
    expect((await fixture.stats()).upstreams[0].state).to.equal("closed");
    const others = await Promise.all([1, 2, 3].map(() => fixture!.chat()));
    expect(others.map(({ status }) => status)).to.deep.equal([200, 200, 200]);
    answer();
    expect((await probe).status).to.equal(200);
    await back.stop();
  }).timeout(30_000);

  it("waits for the answer of one that others can stand in for", async () => {
    const [first, second] = [await ScriptedUpstream.start(), await ScriptedUpstream.start()];
    fixture = await ProxyFixture.start({
      ...quick,
      retries: 1,
      upstreams: [
        { name: "first", target: parseTarget(first.url, "url") },
        { name: "second", target: parseTarget(second.url, "url"), weight: 0 },
      ],
    });
    const stateOf = async () => (await fixture!.stats()).upstreams[0].state as string;
    first.script(...Array<"status-500">(5).fill("status-500"));
    for (let i = 0; i < 5; i++) expect((await fixture.chat()).status).to.equal(200);
    expect(await stateOf()).to.equal("open");
    while ((await stateOf()) !== "half-open") await setTimeout(100);
    let answer = (): void => {};
    const hasCome = new Promise<void>((resolve) =>
      first.script((_, response) => {
        answer = () => response.writeHead(500).end();
        resolve();
      }),
    );
    const probe = fixture.chat();
    await hasCome;
    expect(await stateOf()).to.equal("open");
    answer();
    expect((await probe).status).to.equal(200);
    expect(await stateOf()).to.equal("open");
    await Promise.all([first.stop(), second.stop()]);
  }).timeout(30_000);

  it("counts requests that fail, not their tries", async () => {
    const target = parseTarget("http://127.0.0.1:9", "url");
    fixture = await ProxyFixture.start({ ...quick, upstreams: [{ name: "x", target }] });
    for (let i = 0; i < 4; i++) expect((await fixture.chat()).status).to.equal(502);
    expect(await fixture.stats()).to.nested.include({ retries: 8, "upstreams[0].state": "closed" });
    // The fifth is the last that is tried, once.
    expect((await fixture.chat()).status).to.equal(503);
    expect(await fixture.stats()).to.nested.include({ retries: 8, "upstreams[0].state": "open" });
  }).timeout(30_000);

  it("does not give up the last upstream for statuses that a client could provoke", async () => {
    const [first, second] = [await ScriptedUpstream.start(), await ScriptedUpstream.start()];
    fixture = await ProxyFixture.start({
      ...quick,
      upstreams: [first, second].map(({ url }, index) => ({
        name: `u${index}`,
        target: parseTarget(url, "url"),
      })),
    });
    for (let i = 0; i < 12; i++)
      expect((await fixture.chat({}, { "x-script": "status-500" })).status).to.equal(500);
    const states = (await fixture.stats()).upstreams.map(({ state }: { state: string }) => state);
    expect(states.sort()).to.deep.equal(["closed", "open"]);
    expect((await fixture.chat()).status).to.equal(200);
    await Promise.all([first.stop(), second.stop()]);
  }).timeout(60_000);

  it("says what is wrong with TLS, and does not try that again", async () => {
    const plain = await ScriptedUpstream.start();
    const target = parseTarget(plain.url.replace("http:", "https:"), "url");
    fixture = await ProxyFixture.start({ upstreams: [{ name: "x", target }] });
    const reply = await fixture.chat();
    expect(reply.status).to.equal(502);
    expect(reply.json.error.message).to.contain("does not speak TLS");
    expect((await fixture.stats()).retries).to.equal(0);
    await plain.stop();
  });

  it("is not ready while budgets cannot be asked for", async () => {
    let isUp = false;
    const isStoreUp = (): boolean => isUp;
    fixture = await ProxyFixture.start({ keyLimits: { limits: { usdPerDay: 1 }, isStoreUp } });
    const unready = await fixture.call({ path: "/_m2m/ready" });
    expect([unready.status, unready.json.code]).to.deep.equal([503, "M2M_STORE_UNAVAILABLE"]);
    isUp = true;
    expect((await fixture.call({ path: "/_m2m/ready" })).status).to.equal(200);
    isUp = false;
    const rated = await ProxyFixture.start({ keyLimits: { limits: { requestsPerMinute: 1 }, isStoreUp } });
    // Rates are kept by the process itself meanwhile.
    expect((await rated.call({ path: "/_m2m/ready" })).status).to.equal(200);
    await rated.stop();
  });

  it("holds only so many bytes of requests at once", async () => {
    fixture = await ProxyFixture.start({ maxBodyBytes: 1000, maxHeldBytes: 1500 });
    let answer: (() => void) | undefined;
    const arrived = new Promise<void>((resolve) =>
      fixture!.upstream.script((_, response) => {
        answer = () => response.end("{}");
        resolve();
      }),
    );
    const large = { user: "x".repeat(800) };
    const first = fixture.chat(large);
    await arrived;
    const refused = await fixture.chat(large);
    expect([refused.status, refused.json.error.code]).to.deep.equal([503, "M2M_BUSY"]);
    expect(refused.headers["retry-after"]).to.equal("1");
    const admin = {
      method: "POST",
      path: "/_m2m/compress",
      body: JSON.stringify({ content: "x".repeat(800) }),
    };
    const problem = await fixture.call(admin);
    expect([problem.status, problem.json.code, problem.headers["retry-after"]]).to.deep.equal([
      503,
      "M2M_BUSY",
      "1",
    ]);
    expect((await fixture.chat()).status).to.equal(200);
    answer!();
    expect((await first).status).to.equal(200);
    // All is given back, by what failed too.
    for (let index = 0; index < 4; index++) expect((await fixture.chat(large)).status).to.equal(200);
    expect((await fixture.call(admin)).status).to.equal(200);
    expect((await fixture.chat({ user: "x".repeat(1000) })).status).to.equal(413);
    expect((await fixture.chat(large)).status).to.equal(200);
  });

  it("ends all that a client has asked for in a row when the client leaves, and gives back what was held", async () => {
    fixture = await ProxyFixture.start({ maxBodyBytes: 1000, maxHeldBytes: 4000 });
    const { upstream, proxy } = fixture;
    let streams = 0;
    const flow = (_: unknown, response: ServerResponse): void => {
      streams++;
      response.writeHead(200, { "content-type": "text/event-stream" });
      const timer = setInterval(() => response.write('data: {"choices":[]}\n\n'), 5);
      response.on("close", () => {
        clearInterval(timer);
        streams--;
      });
    };
    upstream.script(flow, flow, flow);
    const body = JSON.stringify({ model: "gpt-4o", stream: true, user: "x".repeat(800), messages: [] });
    const head = "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    const client = await openConnection(proxy);
    client.socket.write(`${head}Content-Length: ${body.length}\r\n\r\n${body}`.repeat(3));
    await upstream.waitForRequests(3);
    await client.until("data:");
    expect([streams, proxy.stats.active]).to.deep.equal([3, 3]);
    client.socket.destroy();
    while (streams > 0 || proxy.stats.active > 0) await new Promise(setImmediate);
    expect(proxy.stats.outcomes).to.deep.equal({ finished: 0, failed: 0, aborted: 3 });
    const large = { user: "x".repeat(800) };
    const replies = await Promise.all([fixture.chat(large), fixture.chat(large), fixture.chat(large)]);
    expect(replies.map(({ status }) => status)).to.deep.equal([200, 200, 200]);
  });

  it("holds only so many bytes of what it opens", async () => {
    fixture = await ProxyFixture.start({ maxBodyBytes: 4000, maxHeldBytes: 6000 });
    const { upstream } = fixture;
    const wireOf = (sizeBytes: number) => {
      const request = JSON.stringify({ model: "gpt-4o", user: "x".repeat(sizeBytes), messages: [] });
      return new CodecEngine().compress(request, { algorithm: "brotli" }).data as string;
    };
    const headers = { "content-type": "application/vnd.m2m" };
    const post = (sizeBytes: number) =>
      fixture!.call({ method: "POST", path: "/v1/chat/completions", headers, body: wireOf(sizeBytes) });
    const decompress = () =>
      fixture!.call({
        method: "POST",
        path: "/_m2m/decompress",
        body: JSON.stringify({ data: wireOf(3000) }),
      });
    let answer: (() => void) | undefined;
    const arrived = new Promise<void>((resolve) =>
      upstream.script((_, response) => {
        answer = () => response.end("{}");
        resolve();
      }),
    );
    const first = post(3500);
    await arrived;
    const refused = await post(3500);
    expect([refused.status, refused.json.error.code]).to.deep.equal([503, "M2M_BUSY"]);
    expect(refused.headers["retry-after"]).to.equal("1");
    const problem = await decompress();
    expect([problem.status, problem.json.code]).to.deep.equal([503, "M2M_BUSY"]);
    expect((await post(100)).status).to.equal(200);
    answer!();
    expect((await first).status).to.equal(200);
    // All is given back, by what failed too.
    for (let index = 0; index < 4; index++) expect((await post(3500)).status).to.equal(200);
    const tooLarge = await post(4000);
    expect([tooLarge.status, tooLarge.json.error.code]).to.deep.equal([413, "M2M_OUTPUT_TOO_LARGE"]);
    for (let index = 0; index < 4; index++) expect((await decompress()).status).to.equal(200);
  });

  it("holds only so many bytes of what it makes of requests", async () => {
    fixture = await ProxyFixture.start({ maxBodyBytes: 4000, maxHeldBytes: 6000, includeUsage: true });
    let answer: (() => void) | undefined;
    const arrived = new Promise<void>((resolve) =>
      fixture!.upstream.script((_, response) => {
        answer = () => response.end("{}");
        resolve();
      }),
    );
    const first = fixture.chat({ user: "x".repeat(100) });
    await arrived;
    const large = { stream: true, user: "x".repeat(3500) };
    expect((await fixture.chat(large)).status).to.equal(503);
    answer!();
    expect((await first).status).to.equal(200);
    // What one may have always fits.
    expect((await fixture.chat(large)).status).to.equal(200);
  });

  it("counts so that nothing is lost", async () => {
    fixture = await ProxyFixture.start({ ...quick, retries: 0 });
    fixture.upstream.script("ok", "status-500", "reset", "cut-mid-event");
    for (let i = 0; i < 3; i++) await fixture.chat();
    await fixture.chat().catch(() => {});
    const { requests, statuses } = await fixture.stats();
    expect(requests).to.deep.equal({ started: 4, active: 0, finished: 2, failed: 2, aborted: 0 });
    expect(statuses).to.deep.equal({ "2xx": 2, "5xx": 2 });
  });
});
