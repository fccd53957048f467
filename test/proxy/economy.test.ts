import { expect } from "chai";
import { ProxyFixture, type Reply } from "./fixture.js";

const exact = { temperature: 0 };

describe("proxy: kept answers, limits and smaller requests", () => {
  let fixture: ProxyFixture | undefined;
  afterEach(async () => {
    await fixture?.stop();
    fixture = undefined;
  });

  it("answers equal requests from memory, plain and streamed", async () => {
    fixture = await ProxyFixture.start({ cache: { ttlMs: 60_000 } });
    for (const stream of [false, true]) {
      const first = await fixture.chat({ ...exact, stream });
      const second = await fixture.chat({ ...exact, stream });
      expect(first.headers["x-m2m-cache"]).to.equal("miss");
      expect(second.headers).to.include({ "x-m2m-cache": "hit", age: "0" });
      expect(second.headers["content-type"]).to.equal(first.headers["content-type"]);
      expect(second.text).to.equal(first.text);
    }
    expect(fixture.upstream.requests).to.have.length(2);
    expect((await fixture.stats()).cache).to.deep.equal({ hits: 2, misses: 2 });
  });

  it("keeps clients apart, and what they ask to be left out", async () => {
    fixture = await ProxyFixture.start({ cache: { ttlMs: 60_000 } });
    await fixture.chat(exact);
    const other = await fixture.chat(exact, { authorization: "Bearer sk-other" });
    expect(other.headers["x-m2m-cache"]).to.equal("miss");
    const bypass = await fixture.chat(exact, { "cache-control": "no-store" });
    expect(bypass.headers["x-m2m-cache"]).to.equal("bypass");
    const warm = await fixture.chat({ temperature: 0.7 });
    expect(warm.headers["x-m2m-cache"]).to.equal(undefined);
  });

  it("keeps no answer that is not whole", async () => {
    fixture = await ProxyFixture.start({ cache: { ttlMs: 60_000 }, retries: 0 });
    fixture.upstream.script("cut-mid-event", "error-mid-stream", "status-500", "end-mid-event");
    for (let i = 0; i < 4; i++) await fixture.chat({ ...exact, stream: true });
    const reply = await fixture.chat({ ...exact, stream: true });
    expect(reply.headers["x-m2m-cache"]).to.equal("miss");
    expect(reply.text).to.contain("[DONE]");
  });

  it("keeps no failure that comes with status 200", async () => {
    fixture = await ProxyFixture.start({ cache: { ttlMs: 60_000, scope: "all" } });
    let serial = 0;
    /** Equal requests, of which the first has `body` for an answer. */
    const askThrice = async (path: string, body: string, type = "application/json") => {
      fixture!.upstream.script({ status: 200, headers: { "content-type": type }, body });
      const stream = type === "text/event-stream";
      const asked = JSON.stringify({ model: "gpt-4o", input: "x", stream, user: String(serial++) });
      const replies: Reply[] = [];
      for (let i = 0; i < 3; i++) replies.push(await fixture!.call({ method: "POST", path, body: asked }));
      return replies;
    };
    const event = (type: string, response: object) =>
      `event: ${type}\ndata: ${JSON.stringify({ type, response })}\n\n`;
    const failures: readonly (readonly [path: string, body: string, type?: string])[] = [
      ["/v1/responses", '{"id":"r","status":"failed","error":{"code":"server_error"},"output":[]}'],
      ["/v1/responses", '{"id":"r","status":"failed","error":null,"output":[]}'],
      ["/v1/responses", '{"id":"r","status":"cancelled","output":[]}'],
      ["/v1/responses", '{"id":"r","status":"in_progress","output":[]}'],
      ["/v1/responses", "{}"],
      ["/v1/responses", event("response.failed", { status: "failed" }), "text/event-stream"],
      ["/v1/chat/completions", '{"error":{"message":"overloaded","code":502}}'],
      ["/v1/chat/completions", '{"error":"overloaded"}'],
      ["/v1/chat/completions", "<html>Please log in.</html>", "text/html"],
      ["/v1/chat/completions", '[{"choices":[]}]'],
      ["/v1/chat/completions", '{"choices":['],
      ["/v1/embeddings", '"none"'],
      ["/v1/messages", '{"type":"error","error":{"type":"overloaded_error"}}'],
    ];
    for (const [path, body, type] of failures) {
      const [first, second, third] = await askThrice(path, body, type);
      expect([first.text, second.headers["x-m2m-cache"]], body).to.deep.equal([body, "miss"]);
      // Not that it keeps nothing.
      expect(third.headers["x-m2m-cache"], body).to.equal("hit");
    }
    const answers: readonly (readonly [path: string, body: string, type?: string])[] = [
      ["/v1/responses", '{"id":"r","status":"incomplete","error":null,"output":[]}'],
      ["/v1/responses", event("response.incomplete", { status: "incomplete" }), "text/event-stream"],
      ["/v1/chat/completions", '{"error":null,"choices":[]}'],
    ];
    for (const [path, body, type] of answers) {
      const [, second] = await askThrice(path, body, type);
      expect([second.text, second.headers["x-m2m-cache"]]).to.deep.equal([body, "hit"]);
    }
  });

  it("keeps no stream of another status", async () => {
    fixture = await ProxyFixture.start({ cache: { ttlMs: 60_000 } });
    const headers = { "content-type": "text/event-stream" };
    fixture.upstream.script({ status: 400, headers, body: 'data: {"detail":"no"}\n\ndata: [DONE]\n\n' });
    expect((await fixture.chat({ ...exact, stream: true })).status).to.equal(400);
    const reply = await fixture.chat({ ...exact, stream: true });
    expect([reply.status, reply.headers["x-m2m-cache"]]).to.deep.equal([200, "miss"]);
  });

  it("asks once for equal requests that come together, and again if that one is given up", async () => {
    fixture = await ProxyFixture.start({ cache: { ttlMs: 60_000 } });
    fixture.upstream.script("slow");
    const replies = await Promise.all([1, 2, 3].map(() => fixture!.chat(exact)));
    expect(new Set(replies.map(({ text }) => text)).size).to.equal(1);
    expect(fixture.upstream.requests).to.have.length(1);
  });

  it("limits what it passes on unread too", async () => {
    fixture = await ProxyFixture.start({
      keyLimits: { limits: { requestsPerMinute: 3, tokensPerMinute: 5000, usdPerDay: 1 } },
    });
    const headers = { authorization: "Bearer sk-client" };
    expect((await fixture.call({ path: "/v1/models", headers })).status).to.equal(200);
    const upload = {
      method: "POST",
      path: "/v1/files",
      body: "x",
      headers: { ...headers, "content-type": "audio/wav" },
    };
    expect((await fixture.call(upload)).status).to.equal(200);
    expect((await fixture.chat()).status).to.equal(200);
    const reply = await fixture.call({ path: "/v1/models", headers });
    expect([reply.status, reply.json.error.code]).to.deep.equal([429, "M2M_RATE_LIMITED"]);
    expect(Number(reply.headers["retry-after"])).to.be.greaterThan(0);
    expect(
      (await fixture.call({ path: "/v1/models", headers: { authorization: "Bearer other" } })).status,
    ).to.equal(200);
    const { limited, requests } = await fixture.stats();
    expect([limited, requests.started]).to.deep.equal([1, 5]);
  });

  it("limits the requests of a key, and says when to come again", async () => {
    fixture = await ProxyFixture.start({ keyLimits: { limits: { requestsPerMinute: 2 } } });
    expect((await fixture.chat()).status).to.equal(200);
    expect((await fixture.chat()).status).to.equal(200);
    const reply = await fixture.chat();
    expect(reply.status).to.equal(429);
    expect(reply.json.error).to.include({ code: "M2M_RATE_LIMITED", type: "rate_limit_error" });
    expect(Number(reply.headers["retry-after"])).to.be.within(1, 60);
    expect((await fixture.chat({}, { authorization: "Bearer sk-other" })).status).to.equal(200);
    expect((await fixture.stats()).limited).to.equal(1);
  });

  it("stops a key whose budget is spent, by what the provider counted", async () => {
    // The scripted answer has 21 tokens in and 9 out: $0.0001425 at the price of gpt-4o.
    fixture = await ProxyFixture.start({ keyLimits: { limits: { usdPerDay: 0.0006 } } });
    const statuses: number[] = [];
    for (let i = 0; i < 6; i++) statuses.push((await fixture.chat({ max_tokens: 9 })).status);
    expect(statuses.slice(0, 3)).to.deep.equal([200, 200, 200]);
    expect(statuses.at(-1)).to.equal(429);
  });

  it("says that the money of a key is held back while a request runs, and lets the next one try again", async () => {
    // A request as this one may cost $0.010055, and costs $0.0001425.
    fixture = await ProxyFixture.start({ keyLimits: { limits: { usdPerDay: 0.015 } } });
    let answer = (): void => {};
    const isThere = new Promise<void>((resolve) => {
      fixture!.upstream.script((_seen, response) => {
        answer = () => response.writeHead(200, { "content-type": "application/json" }).end("{}");
        resolve();
      });
    });
    const first = fixture.chat({ max_tokens: 1000 });
    await isThere;
    const refused = await fixture.chat({ max_tokens: 1000 });
    expect([refused.status, refused.json.error.code]).to.deep.equal([429, "M2M_BUDGET_SPENT"]);
    expect(refused.json.error.message).to.contain("held back at present");
    expect(refused.headers["retry-after"]).to.equal("5");
    expect(refused.headers["x-should-retry"]).to.equal(undefined);
    answer();
    expect((await first).status).to.equal(200);
    expect((await fixture.chat({ max_tokens: 1000 })).status).to.equal(200);
    const never = await fixture.chat({ max_tokens: 16_000 });
    expect([never.status, never.headers["retry-after"]]).to.deep.equal([429, undefined]);
    expect(never.json.error.message).to.contain("never let through");
  });

  it("gives the money back, and lets others ask, where a request fails before it is sent", async () => {
    fixture = await ProxyFixture.start({
      keyLimits: { limits: { usdPerDay: 0.015 } },
      cache: { ttlMs: 60_000 },
      includeUsage: true,
      maxBodyBytes: 2000,
      maxHeldBytes: 3000,
    });
    let answer = (): void => {};
    const isThere = new Promise<void>((resolve) => {
      fixture!.upstream.script((_seen, response) => {
        answer = () => response.writeHead(200, { "content-type": "application/json" }).end("{}");
        resolve();
      });
    });
    const first = fixture.chat({ max_tokens: 10 }, { authorization: "Bearer sk-other" });
    await isThere;
    // There is room for it, and none for what is sent in its place. It may cost more than half of the budget.
    const large = { ...exact, stream: true, max_tokens: 1000, user: "x".repeat(1500) };
    const replies = await Promise.all([fixture.chat(large), fixture.chat(large)]);
    expect(replies.map(({ json }) => json.error.code)).to.deep.equal(["M2M_BUSY", "M2M_BUSY"]);
    answer();
    expect((await first).status).to.equal(200);
    expect((await fixture.chat(large)).status).to.equal(200);
  }).timeout(15_000);

  it("spends no budget on paths whose price nobody knows", async () => {
    fixture = await ProxyFixture.start({ keyLimits: { limits: { usdPerDay: 5 } } });
    const headers = { authorization: "Bearer sk-client", "content-type": "application/json" };
    const call = (method: string, path: string) =>
      fixture!.call({ method, path, headers, body: /^P/.test(method) ? "{}" : undefined });
    const costly = ["images/generations", "audio/speech", "batches", "messages/batches", "fine_tuning/jobs"];
    for (const path of [...costly, "moderations/", "Files"]) {
      const reply = await call("POST", `/v1/${path}`);
      expect([reply.status, reply.json.error?.code], path).to.deep.equal([400, "M2M_MODEL_UNKNOWN"]);
    }
    expect((await call("PUT", "/v1/images/generations")).status).to.equal(400);
    expect(fixture.upstream.requests).to.have.length(0);
    const free = ["POST messages/count_tokens?beta=true", "POST moderations", "POST batches/b1/cancel"];
    for (const line of [...free, "DELETE files/f1", "GET batches"]) {
      const [method, path] = line.split(" ");
      const reply = await call(method, `/v1/${path}`);
      expect(reply.text, line).not.to.contain("M2M_");
    }
    expect(fixture.upstream.requests).to.have.length(5);
    expect((await fixture.stats()).limited).to.equal(costly.length + 3);
  });

  it("makes requests smaller if told so, and says what that saved", async () => {
    fixture = await ProxyFixture.start({ optimize: "minify" });
    const rows = JSON.stringify(
      Array.from({ length: 20 }, (_, id) => ({ id, name: `item ${id}` })),
      null,
      4,
    );
    const body = {
      n: 1,
      messages: [
        { role: "user", content: "Which?" },
        {
          role: "assistant",
          tool_calls: [{ id: "1", type: "function", function: { name: "f", arguments: "{}" } }],
        },
        { role: "tool", tool_call_id: "1", content: rows },
      ],
    };
    const reply = await fixture.chat(body);
    expect(reply.headers["x-m2m-saved"]).to.match(/^tokens=\d+; usd=0\.\d{6}; changes=\d+$/);
    const sent = fixture.upstream.last.json as { messages: { content: string }[] };
    expect(sent.messages[2].content).to.equal(JSON.stringify(JSON.parse(rows)));
    const bypass = await fixture.chat(body, { "x-m2m-optimize": "off" });
    expect(bypass.headers["x-m2m-saved"]).to.equal(undefined);
    expect(fixture.upstream.last.json).to.have.property("n", 1);
    const stats = await fixture.stats();
    expect(stats.tokens.saved).to.be.greaterThan(0);
    expect(stats.bytes.request_sent).to.be.lessThan(stats.bytes.request_received);
  });

  it("counts as saved only what is sent", async () => {
    fixture = await ProxyFixture.start({
      optimize: "minify",
      cache: { ttlMs: 60_000 },
      keyLimits: { limits: { requestsPerMinute: 1 } },
    });
    const content = JSON.stringify(
      Array.from({ length: 20 }, (_, id) => ({ id })),
      null,
      4,
    );
    const call = { id: "1", type: "function", function: { name: "f", arguments: "{}" } };
    const messages = [
      { role: "assistant", tool_calls: [call] },
      { role: "tool", tool_call_id: "1", content },
    ];
    expect((await fixture.chat({ ...exact, messages })).status).to.equal(200);
    const { saved } = (await fixture.stats()).tokens;
    expect(saved).to.be.greaterThan(0);
    expect((await fixture.chat({ ...exact, messages })).headers["x-m2m-cache"]).to.equal("hit");
    expect((await fixture.chat({ messages })).status).to.equal(429);
    expect((await fixture.stats()).tokens.saved).to.equal(saved);
  });

  it("counts by itself what the provider does not", async () => {
    fixture = await ProxyFixture.start();
    fixture.upstream.script("no-usage", "no-usage");
    await fixture.chat();
    await fixture.chat({ stream: true });
    const { models } = await fixture.stats();
    expect(models["gpt-4o"].input_tokens).to.equal(2 * 8);
    expect(models["gpt-4o"].output_tokens).to.be.greaterThan(10);
  });
});
