import { request, type ServerResponse } from "node:http";
import { brotliCompressSync } from "node:zlib";
import { expect } from "chai";
import type { ProxyOptions } from "../../../src/proxy/index.js";
import { MemorySpendStore } from "../../../src/proxy/budgets/index.js";
import type { SpendStore } from "../../../src/shared/stores.js";
import type { SeenRequest } from "../../helpers/scripted-upstream.js";
import { ProxyFixture } from "../fixture.js";

type Play = (seen: SeenRequest, response: ServerResponse) => void;
const JSON_TYPE = { "content-type": "application/json" };
const EVENTS = { "content-type": "text/event-stream" };

/** The money of the one client there is, in millionths of a dollar. */
class Ledger implements SpendStore {
  readonly #memory = new MemorySpendStore();
  readonly amounts: number[] = [];

  add(...args: Parameters<SpendStore["add"]>): Promise<number> {
    this.amounts.push(args[2]);
    return this.#memory.add(...args);
  }
  total(...args: Parameters<SpendStore["total"]>): Promise<number> {
    return this.#memory.total(...args);
  }
  /** What was held back for the first request. */
  get held(): number {
    return this.amounts[0];
  }
  get sum(): number {
    return this.amounts.reduce((sum, amount) => sum + amount, 0);
  }
}

describe("proxy: what a budget is charged", () => {
  let fixture: ProxyFixture;
  let ledger: Ledger;
  const start = async (options: Partial<ProxyOptions> = {}): Promise<void> => {
    ledger = new Ledger();
    fixture = await ProxyFixture.start({
      retries: 0,
      keyLimits: { limits: { usdPerDay: 100 }, spend: ledger },
      ...options,
    });
  };
  afterEach(() => fixture.stop());
  const whenOver = async (): Promise<void> => {
    while ((await fixture.stats()).requests.active > 0) await new Promise(setImmediate);
  };
  const answering =
    (status: number, headers: object, body: string | Buffer): Play =>
    (_seen, response) =>
      response.writeHead(status, { ...headers }).end(body);
  const post = (path: string, body: object) =>
    fixture.call({
      method: "POST",
      path,
      headers: { ...JSON_TYPE, authorization: "Bearer sk-client" },
      body: JSON.stringify(body),
    });

  it("is what the provider counted, of a stream too whose client does not ask for it", async () => {
    await start();
    const events = [
      { choices: [{ index: 0, delta: { content: "Hi" } }] },
      { choices: [{ index: 0, delta: {}, finish_reason: "stop" }] },
    ];
    const usage = { choices: [], usage: { prompt_tokens: 10, completion_tokens: 90_000 } };
    fixture.upstream.script((seen, response) => {
      const asked = (seen.json as { stream_options?: { include_usage?: boolean } }).stream_options;
      const told = asked?.include_usage ? [...events, usage] : events;
      response.writeHead(200, EVENTS);
      response.end(`${told.map((one) => `data: ${JSON.stringify(one)}\n\n`).join("")}data: [DONE]\n\n`);
    });
    const reply = await fixture.chat({ model: "o3-mini", stream: true });
    expect(reply.text).to.contain("[DONE]").and.not.contain("usage");
    await whenOver();
    // 90,000 tokens of output, nearly all of them thoughts, at $4.40 a million.
    expect(ledger.sum).to.be.within(396_000, 396_100);
  });

  it("does not change a stream for a mere rate of requests", async () => {
    await start({ keyLimits: { limits: { requestsPerMinute: 10 } } });
    await fixture.chat({ stream: true });
    expect(fixture.upstream.last.json).not.to.have.property("stream_options");
  });

  it("is what was held back, where a response goes on at the provider", async () => {
    await start();
    const queued = JSON.stringify({
      id: "r",
      object: "response",
      status: "queued",
      model: "gpt-4o",
      usage: null,
    });
    fixture.upstream.script(answering(200, JSON_TYPE, queued));
    await post("/v1/responses", { model: "gpt-4o", input: "Think.", background: true });
    await whenOver();
    expect(ledger.amounts).to.deep.equal([ledger.held]);
    expect((await fixture.stats()).models["gpt-4o"].unpriced).to.equal(1);
  });

  it("is what was held back, where the client leaves or waits in vain", async () => {
    await start({ headersTimeoutMs: 300 });
    fixture.upstream.script("stall");
    expect((await fixture.chat()).status).to.equal(504);
    await whenOver();
    expect(ledger.amounts).to.deep.equal([ledger.held]);

    fixture.upstream.reset();
    fixture.upstream.script("stall");
    const outgoing = request({ port: fixture.proxy.port, method: "POST", path: "/v1/chat/completions" });
    outgoing.on("error", () => {});
    outgoing.end(JSON.stringify({ model: "gpt-4o", messages: [{ role: "user", content: "Hello" }] }));
    await fixture.upstream.waitForRequests(1);
    outgoing.destroy();
    await whenOver();
    expect(ledger.amounts).to.have.length(2);
  });

  it("is nothing, and the store knows before the proxy is closed, where that cuts a request whose budget is asked", async () => {
    const memory = new MemorySpendStore();
    let [sum, adds] = [0, 0];
    let onAsked: (() => void) | undefined;
    const asked = new Promise<void>((resolve) => (onAsked = resolve));
    const spend: SpendStore = {
      add: async (...args) => {
        onAsked?.();
        await new Promise((resolve) => setTimeout(resolve, 100));
        adds++;
        return (sum = await memory.add(...args));
      },
      total: (...args) => memory.total(...args),
    };
    await start({ keyLimits: { limits: { usdPerDay: 100 }, spend } });
    const cut = fixture.chat().catch((error: NodeJS.ErrnoException) => error.code);
    await asked;
    await fixture.proxy.close(0);
    expect([sum, adds, fixture.upstream.requests.length]).to.deep.equal([0, 2, 0]);
    expect(await cut).to.equal("ECONNRESET");
  });

  it("is what was held back, where the answer cannot be read", async () => {
    await start();
    const answer = Buffer.from(JSON.stringify({ id: "x", choices: [] }));
    for (const [headers, body] of [
      [{ ...JSON_TYPE, "content-encoding": "zstd" }, answer],
      [{ ...EVENTS, "content-encoding": "br" }, brotliCompressSync("data: [DONE]\n\n")],
      [JSON_TYPE, Buffer.from('{"id":"x","choices":[')],
    ] as const) {
      ledger.amounts.length = 0;
      fixture.upstream.script(answering(200, headers, body));
      expect((await fixture.chat()).body.equals(body)).to.equal(true);
      await whenOver();
      expect(ledger.amounts).to.deep.equal([ledger.held]);
    }
  });

  it("is what a coded answer says, where the coding is known", async () => {
    await start();
    const usage = { prompt_tokens: 1000, completion_tokens: 100 };
    const body = brotliCompressSync(JSON.stringify({ id: "x", model: "gpt-4o", choices: [], usage }));
    fixture.upstream.script(answering(200, { ...JSON_TYPE, "content-encoding": "br" }, body));
    expect((await fixture.chat()).body.equals(body)).to.equal(true);
    await whenOver();
    expect(ledger.sum).to.equal(3500);
  });

  it("is nothing, where nothing was done", async () => {
    await start();
    fixture.upstream.script("status-500");
    expect((await fixture.chat()).status).to.equal(500);
    await whenOver();
    expect(ledger.sum).to.equal(0);
    await fixture.upstream.stop();
    expect((await fixture.chat()).status).to.equal(502);
    await whenOver();
    expect(ledger.sum).to.equal(0);
  });

  it("counts what Anthropic's stream has said when it breaks off, though it has told of less", async () => {
    await start();
    const events = [
      {
        type: "message_start",
        message: { model: "claude-sonnet-4-5", usage: { input_tokens: 10, output_tokens: 1 } },
      },
      { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: "A word. ".repeat(500) } },
    ];
    fixture.upstream.script((_seen, response) => {
      response.writeHead(200, EVENTS);
      response.write(events.map((one) => `data: ${JSON.stringify(one)}\n\n`).join(""), () =>
        response.destroy(),
      );
    });
    await post("/v1/messages", { model: "claude-sonnet-4-5", max_tokens: 2000, stream: true, messages: [] });
    await whenOver();
    expect((await fixture.stats()).models["claude-sonnet-4-5"].output_tokens).to.be.greaterThan(900);
  });

  it("holds back the longest answer that the model gives, times the answers", async () => {
    await start();
    const held = async (path: string, body: object): Promise<number> => {
      ledger.amounts.length = 0;
      await post(path, body);
      return ledger.held;
    };
    // 16,384 tokens at $10 a million.
    expect(await held("/v1/chat/completions", { model: "gpt-4o", messages: [] })).to.be.within(
      163_840,
      164_000,
    );
    const instruct = { model: "gpt-3.5-turbo-instruct", prompt: "x", max_tokens: 100 };
    const one = await held("/v1/completions", instruct);
    expect(await held("/v1/completions", { ...instruct, best_of: 5 })).to.be.within(one * 4, one * 6);
    for (const prompt of [
      ["a", 'b"]\\', "c"],
      [[1, 2], [3], [4]],
    ]) {
      expect(await held("/v1/completions", { ...instruct, prompt, n: 2 })).to.be.within(one * 5, one * 7);
    }
  });
});
