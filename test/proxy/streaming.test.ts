import { once } from "node:events";
import { request, type ClientRequest, type IncomingMessage } from "node:http";
import { expect } from "chai";
import { ProxyFixture } from "./fixture.js";

const CHAT = { model: "gpt-4o", stream: true, messages: [{ role: "user", content: "Hello" }] };

function open(port: number, path: string, body: object): ClientRequest {
  const outgoing = request({ port, method: "POST", path, headers: { "content-type": "application/json" } });
  outgoing.end(JSON.stringify(body));
  return outgoing;
}

async function answerOf(outgoing: ClientRequest): Promise<IncomingMessage> {
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  return response;
}

describe("proxy: streaming", () => {
  let fixture: ProxyFixture;
  before(async () => (fixture = await ProxyFixture.start()));
  after(() => fixture.stop());
  beforeEach(() => fixture.upstream.reset());

  it("passes each event as it arrives", async () => {
    const gates: (() => void)[] = [];
    fixture.upstream.script((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.flushHeaders();
      gates.push(
        () => response.write('data: {"n":1}\n\ndata: {"n":'),
        () => response.write("2}\n\n"),
        () => response.end("data: [DONE]\n\n"),
      );
    });
    const response = await answerOf(open(fixture.proxy.port, "/v1/chat/completions", CHAT));
    // The head is there before any event.
    expect(response.headers["content-type"]).to.equal("text/event-stream");
    expect(response.headers["x-accel-buffering"]).to.equal("no");
    const ended = once(response, "end");
    for (const expected of ['data: {"n":1}\n\n', 'data: {"n":2}\n\n', "data: [DONE]\n\n"]) {
      gates.shift()?.();
      const [chunk] = await once(response, "data");
      // An event is never sent in part.
      expect(String(chunk)).to.equal(expected);
    }
    await ended;
  });

  for (const script of ["ok", "split", "joined", "crlf", "cr", "comments"] as const) {
    it(`keeps the bytes of a stream: ${script}`, async () => {
      const direct = await ProxyFixture.start();
      direct.upstream.script(script, script);
      const through = await direct.chat({ stream: true, stream_options: { include_usage: true } });
      const { send } = await import("./fixture.js");
      const plain = await send(direct.upstream.port, {
        method: "POST",
        path: "/v1/chat/completions",
        body: direct.upstream.last.body,
      });
      await direct.stop();
      // The upstream numbers its answers.
      const neutral = (text: string) => text.replace(/chatcmpl-[^"]*/g, "");
      expect(neutral(through.text)).to.equal(neutral(plain.text));
      expect(through.text.length).to.be.greaterThan(500);
    });
  }

  it("counts the usage of streams, of both providers", async () => {
    const other = await ProxyFixture.start();
    await other.chat({ stream: true, stream_options: { include_usage: true } });
    await other.call({
      method: "POST",
      path: "/v1/messages",
      body: JSON.stringify({ model: "claude-sonnet-4-5", stream: true, messages: [] }),
    });
    await other.chat();
    const stats = await other.stats();
    await other.stop();
    expect(stats.models["gpt-4o"]).to.include({ requests: 2, input_tokens: 42, output_tokens: 18 });
    expect(stats.models["claude-sonnet-4-5"].output_tokens).to.be.greaterThan(0);
    expect(stats.cost_usd).to.be.greaterThan(0);
  });

  it("asks for usage only if told so, and keeps it from the client", async () => {
    await fixture.chat({ stream: true });
    expect(fixture.upstream.last.json).not.to.have.property("stream_options");
    const other = await ProxyFixture.start({ includeUsage: true });
    const reply = await other.chat({ stream: true });
    const stats = await other.stats();
    expect(other.upstream.last.json.stream_options).to.deep.equal({ include_usage: true });
    expect(reply.text).not.to.contain("prompt_tokens");
    expect(reply.text).to.match(/data: \[DONE\]\n\n$/);
    expect(stats.models["gpt-4o"].output_tokens).to.equal(9);
    const asked = await other.chat({ stream: true, stream_options: { include_usage: true } });
    expect(asked.text).to.contain("prompt_tokens");
    await other.stop();
  });

  it("cancels the upstream when the client goes away", async () => {
    for (const script of ["stall", "stall-midway", "flood"] as const) {
      fixture.upstream.reset();
      fixture.upstream.script(script);
      const outgoing = open(fixture.proxy.port, "/v1/chat/completions", CHAT);
      outgoing.on("error", () => {});
      const [seen] = await fixture.upstream.waitForRequests(1);
      if (script !== "stall") await once(await answerOf(outgoing), "data");
      outgoing.destroy();
      expect(await seen.ended, script).to.equal("aborted");
    }
    const { requests } = await fixture.stats();
    expect(requests.aborted).to.equal(3);
    expect(requests.active).to.equal(0);
  });

  it("is no faster than the client reads", async () => {
    fixture.upstream.script("flood");
    const outgoing = open(fixture.proxy.port, "/v1/chat/completions", CHAT);
    outgoing.on("error", () => {});
    const response = await answerOf(outgoing);
    response.pause();
    const [seen] = await fixture.upstream.waitForRequests(1);
    // What buffers take has gone when nothing more is sent for a while.
    let sent = -1;
    while (sent !== seen.sentBytes) {
      sent = seen.sentBytes;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    expect(sent).to.be.lessThan(64 * 1024 * 1024);
    let read = 0;
    response.on("data", (chunk: Buffer) => (read += chunk.length)).resume();
    while (read <= sent) await once(response, "data");
    outgoing.destroy();
    await seen.ended;
  });

  for (const script of ["cut-mid-event", "reset-mid-event", "bad-chunking"] as const) {
    it(`tells an OpenAI client of an upstream that fails in mid-stream: ${script}`, async () => {
      fixture.upstream.script(script);
      const reply = await fixture.chat({ stream: true });
      const events = reply.text.split("\n\n");
      expect(events.pop()).to.equal("");
      const last = JSON.parse(events.pop()!.replace("data: ", ""));
      expect(last.error).to.include({ type: "server_error", code: "M2M_UPSTREAM_FAILED" });
      for (const event of events) expect(() => JSON.parse(event.replace("data: ", ""))).not.to.throw();
    });
  }

  it("tells an Anthropic client by an error event", async () => {
    fixture.upstream.script("cut-mid-event");
    const reply = await fixture.call({
      method: "POST",
      path: "/v1/messages",
      body: JSON.stringify({ model: "claude-sonnet-4-5", stream: true, messages: [] }),
    });
    expect(reply.text).to.match(/event: error\ndata: \{"type":"error","error":\{"type":"api_error".*\}\n\n$/);
  });

  it("cuts an answer that is no stream, so that nobody takes it for whole", async () => {
    fixture.upstream.script("cut-mid-event");
    let failure: unknown;
    await fixture.chat().catch((error: unknown) => (failure = error));
    expect(failure).to.have.property("code", "ECONNRESET");
  });
});
