import Anthropic from "@anthropic-ai/sdk";
import { expect } from "chai";
import { ARGUMENT_PIECES, ARGUMENTS, TEXT, TEXT_PIECES } from "../helpers/upstream/answer.js";
import { ANTHROPIC_USAGE } from "../helpers/upstream/anthropic.js";
import { describeRoutes } from "./routes.js";
import { failureOf } from "./sdk-results.js";

const QUESTION = {
  model: "claude-sonnet-5",
  max_tokens: 300,
  messages: [{ role: "user" as const, content: "Say hello." }],
};
const TOOL = {
  name: "get_weather",
  input_schema: { type: "object" as const, properties: { city: { type: "string" } } },
};

describeRoutes("@anthropic-ai/sdk for Node", [], (route) => {
  const client = (
    options: { maxRetries?: number; timeout?: number; headers?: Record<string, string> } = {},
  ) =>
    new Anthropic({
      apiKey: "sk-ant-interop",
      baseURL: route().url,
      logLevel: "off",
      maxRetries: options.maxRetries ?? 0,
      timeout: options.timeout,
      defaultHeaders: options.headers,
    });
  const scripted = (script: string) => client({ headers: { "x-script": script } });

  it("messages", async () => {
    const answer = await client().messages.create(QUESTION);
    expect(answer.content).to.deep.equal([{ type: "text", text: TEXT }]);
    expect(answer.usage).to.deep.equal(ANTHROPIC_USAGE);
    expect(route().upstream.last.json).to.deep.equal(QUESTION);
  });

  it("C3.9: streamed messages keep every event, its name and the order", async () => {
    const stream = await client().messages.create({
      ...QUESTION,
      stream: true,
      tools: [TOOL],
      thinking: { type: "enabled", budget_tokens: 1024 },
    });
    const events = [];
    for await (const event of stream) events.push(event);
    const deltas = events.flatMap((event) => (event.type === "content_block_delta" ? [event.delta] : []));
    expect(deltas.flatMap((delta) => (delta.type === "text_delta" ? [delta.text] : []))).to.deep.equal(
      TEXT_PIECES,
    );
    expect(deltas.filter(({ type }) => type === "thinking_delta")).to.have.length(3);
    expect(deltas.filter(({ type }) => type === "signature_delta")).to.have.length(1);
    expect(
      deltas.flatMap((delta) => (delta.type === "input_json_delta" ? [delta.partial_json] : [])),
    ).to.deep.equal(["", ...ARGUMENT_PIECES]);
    expect(events[0].type).to.equal("message_start");
    expect(events.slice(-2).map(({ type }) => type)).to.deep.equal(["message_delta", "message_stop"]);
    const delta = events.at(-2)!;
    expect(delta.type === "message_delta" && delta.usage.output_tokens).to.equal(
      ANTHROPIC_USAGE.output_tokens,
    );
  });

  it("the SDK puts a streamed message together", async () => {
    const message = await client()
      .messages.stream({ ...QUESTION, tools: [TOOL], thinking: { type: "enabled", budget_tokens: 1024 } })
      .finalMessage();
    expect(message.content.map(({ type }) => type)).to.deep.equal(["thinking", "text", "tool_use"]);
    const call = message.content[2];
    expect(call.type === "tool_use" && call.input).to.deep.equal(JSON.parse(ARGUMENTS));
    expect(message.stop_reason).to.equal("tool_use");
    expect(message.usage.input_tokens).to.equal(ANTHROPIC_USAGE.input_tokens);
  });

  it("tools, with their result sent back", async () => {
    const first = await client().messages.create({ ...QUESTION, tools: [TOOL] });
    const call = first.content.find((block) => block.type === "tool_use")!;
    const second = await client().messages.create({
      ...QUESTION,
      tools: [TOOL],
      messages: [
        ...QUESTION.messages,
        { role: "assistant", content: first.content },
        { role: "user", content: [{ type: "tool_result", tool_use_id: call.id, content: "23 °C" }] },
      ],
    });
    expect(second.content).to.deep.equal([{ type: "text", text: TEXT }]);
    expect(JSON.stringify(route().upstream.last.json.messages![1].content)).to.equal(
      JSON.stringify(first.content),
    );
  });

  it("counted tokens", async () => {
    const { model, messages } = QUESTION;
    expect(await client().messages.countTokens({ model, messages })).to.have.property("input_tokens", 25);
  });

  it("models", async () => {
    const { data } = await client().models.list();
    expect(data[0]).to.include({ type: "model", id: "claude-sonnet-5" });
  });

  it("C3.1: the version of the API and the betas are the client's", async () => {
    await client().beta.messages.create({ ...QUESTION, betas: ["one-2025-01-01", "two-2025-02-02"] });
    const { last } = route().upstream;
    expect(last.header("anthropic-version")).to.match(/^20\d\d-\d\d-\d\d$/u);
    expect(last.values("anthropic-beta").join(",").split(/,\s*/u)).to.deep.equal([
      "one-2025-01-01",
      "two-2025-02-02",
    ]);
    expect(last.header("authorization") ?? last.header("x-api-key")).to.match(/^(Bearer )?sk-ant-interop$/u);
  });

  it("C3.1: a token in place of a key", async () => {
    await new Anthropic({ apiKey: null, authToken: "token-interop", baseURL: route().url }).messages.create(
      QUESTION,
    );
    const { last } = route().upstream;
    expect(last.header("authorization")).to.equal("Bearer token-interop");
    expect(last.header("x-api-key")).to.equal(undefined);
  });

  for (const [status, type, kind] of [
    [400, Anthropic.BadRequestError, "invalid_request_error"],
    [401, Anthropic.AuthenticationError, "authentication_error"],
    [403, Anthropic.PermissionDeniedError, "permission_error"],
    [404, Anthropic.NotFoundError, "not_found_error"],
    [429, Anthropic.RateLimitError, "rate_limit_error"],
    [500, Anthropic.InternalServerError, "api_error"],
    [529, Anthropic.InternalServerError, "overloaded_error"],
  ] as const) {
    it(`C3.4: ${status} is a ${type.name} with the upstream's own words`, async () => {
      const error = await failureOf(scripted(`status-${status}`).messages.create(QUESTION));
      expect(error).to.be.instanceOf(type);
      const failure = error as InstanceType<typeof Anthropic.APIError>;
      expect(failure.status).to.equal(status);
      expect(failure.error).to.deep.include({
        type: "error",
        error: { type: kind, message: `Scripted ${kind}.` },
      });
      expect(failure.requestID).to.match(/^req_anthropic_\d+$/u);
    });
  }

  it("C3.2: the SDK tries again where the service is overloaded", async () => {
    route().upstream.script({ status: 529, headers: { "retry-after-ms": "20" } });
    const answer = await client({ maxRetries: 2 }).messages.create(QUESTION);
    expect(answer.content).to.deep.equal([{ type: "text", text: TEXT }]);
    expect(route().upstream.requests).to.have.length(2);
  });

  it("C3.9: an error in mid-stream is thrown", async () => {
    const failure = await failureOf(scripted("error-mid-stream").messages.stream(QUESTION).finalMessage());
    expect(failure).to.be.instanceOf(Anthropic.APIError);
    expect((failure as Error).message).to.contain("overloaded_error");
  });

  for (const script of ["cut-mid-event", "reset-mid-event"]) {
    it(`C3.9: a stream that is cut is never taken for a whole one: ${script}`, async () => {
      expect(await failureOf(scripted(script).messages.stream(QUESTION).finalMessage())).to.be.instanceOf(
        Error,
      );
    });
  }

  for (const script of ["split", "joined", "crlf", "cr", "comments", "gzip", "slow"]) {
    it(`C3.9: a stream survives: ${script}`, async () => {
      const message = await scripted(script).messages.stream(QUESTION).finalMessage();
      expect(message.content).to.have.length(1);
      expect(message.content[0]).to.include({ type: "text", text: TEXT });
    });
  }

  it("C3.3: a client that breaks off in mid-stream cancels the upstream", async () => {
    const stream = await scripted("stall-midway").messages.create({ ...QUESTION, stream: true });
    for await (const event of stream) {
      expect(event.type).to.equal("message_start");
      break;
    }
    expect(await route().upstream.last.ended).to.equal("aborted");
  });

  it("C3.5: the request id is the upstream's", async () => {
    const answer = await client().messages.create(QUESTION);
    expect(answer._request_id).to.equal(`req_anthropic_${route().upstream.last.serial}`);
  });
});
