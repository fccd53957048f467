import Anthropic from "@anthropic-ai/sdk";
import { expect } from "chai";
import OpenAI from "openai";
import { chatRequest, sendRequest } from "./raw-http.js";
import { describeProxy } from "./routes.js";
import { failureOf } from "./sdk-results.js";

/** What the proxy says by itself, in the words of the provider whose SDK asks. */
describeProxy("errors of the proxy itself", ["--timeout", "1", "--retries", "1"], (route) => {
  const openai = () =>
    new OpenAI({ apiKey: "sk-interop", baseURL: `${route().url}/v1`, maxRetries: 0, logLevel: "off" });
  const anthropic = () =>
    new Anthropic({ apiKey: "sk-ant-interop", baseURL: route().url, maxRetries: 0, logLevel: "off" });
  const chat = (script: string, stream = false) =>
    openai().chat.completions.create(
      { model: "gpt-4o", stream, messages: [{ role: "user", content: "Say hello." }] },
      { headers: { "x-script": script } },
    );
  const message = (script: string) =>
    anthropic().messages.create(
      { model: "claude-sonnet-5", max_tokens: 9, messages: [{ role: "user", content: "Say hello." }] },
      { headers: { "x-script": script } },
    );
  /** A good answer between two failures: an upstream that only fails is given a rest. */
  beforeEach(() => chat("ok"));

  for (const [script, status] of [
    ["close-before-headers", 502],
    ["garbage", 502],
    ["stall", 504],
  ] as const) {
    it(`C3.4: ${script} is an InternalServerError of both SDKs, and says that it is the proxy's`, async () => {
      const first = (await failureOf(chat(script))) as InstanceType<typeof OpenAI.APIError>;
      expect(first).to.be.instanceOf(OpenAI.InternalServerError);
      expect(first.status).to.equal(status);
      expect(first.message).to.contain("m2m proxy");
      expect(first.code).to.match(/^M2M_UPSTREAM_/u);
      await chat("ok");
      const second = (await failureOf(message(script))) as InstanceType<typeof Anthropic.APIError>;
      expect(second).to.be.instanceOf(Anthropic.InternalServerError);
      expect(second.status).to.equal(status);
      expect(second.error).to.have.nested.property("error.type");
    });
  }

  it("C3.6: a stream that is cut ends with an error event that the SDK raises with the proxy's words", async () => {
    const error = await failureOf(
      (async () => {
        for await (const _ of (await chat("cut-mid-event", true)) as AsyncIterable<unknown>);
      })(),
    );
    expect(error).to.be.instanceOf(OpenAI.APIError);
    expect((error as Error).message).to.contain("m2m proxy");
  });

  it("C3.9: a stream of messages that is cut ends with `event: error`", async () => {
    const stream = anthropic().messages.stream(
      { model: "claude-sonnet-5", max_tokens: 9, messages: [{ role: "user", content: "Say hello." }] },
      { headers: { "x-script": "cut-mid-event" } },
    );
    const error = await failureOf(stream.finalMessage());
    expect(error).to.be.instanceOf(Anthropic.APIError);
    expect((error as Error).message).to.contain("m2m proxy");
  });

  it("C3.2: who has tried again already says so", async () => {
    const { status, headers } = await sendRequest(route().url, chatRequest({}, { "x-script": "status-503" }));
    expect(status).to.equal(503);
    expect(route().upstream.requests.filter(({ path }) => path === "/v1/chat/completions")).to.have.length(3);
    expect(headers["x-should-retry"]).to.equal("false");
  });

  it("C3.2: a wait that is longer than a proxy should hold a client is left to the client", async () => {
    route().upstream.script({ status: 429, headers: { "retry-after": "3600" } });
    const { status, headers } = await sendRequest(route().url, chatRequest());
    expect(status).to.equal(429);
    expect(headers["retry-after"]).to.equal("3600");
  });
});
