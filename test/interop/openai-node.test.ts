import { expect } from "chai";
import OpenAI from "openai";
import { BINARY } from "../helpers/scripted-upstream.js";
import { ARGUMENT_PIECES, ARGUMENTS, STRUCTURED, TEXT, TEXT_PIECES } from "../helpers/upstream/answer.js";
import { embeddingVector, OPENAI_USAGE, RESPONSES_USAGE } from "../helpers/upstream/openai.js";
import { describeRoutes } from "./routes.js";
import { failureOf } from "./sdk-results.js";

const QUESTION = [{ role: "user" as const, content: "Say hello." }];
const TOOL = {
  type: "function" as const,
  function: {
    name: "get_weather",
    description: "Weather of a city.",
    parameters: { type: "object", properties: { city: { type: "string" }, unit: { type: "string" } } },
  },
};
const SCHEMA = {
  type: "json_schema" as const,
  json_schema: { name: "answer", schema: { type: "object", properties: { answer: { type: "string" } } } },
};

describeRoutes("openai for Node", [], (route) => {
  const client = (
    options: { maxRetries?: number; timeout?: number; headers?: Record<string, string> } = {},
  ) =>
    new OpenAI({
      apiKey: "sk-interop",
      logLevel: "off",
      baseURL: `${route().url}/v1`,
      maxRetries: options.maxRetries ?? 0,
      timeout: options.timeout,
      defaultHeaders: options.headers,
    });
  const chat = (script = "ok") =>
    client({ headers: { "x-script": script } }).chat.completions.create({
      model: "gpt-4o",
      messages: QUESTION,
    });

  it("chat", async () => {
    const answer = await chat();
    expect(answer.choices[0].message.content).to.equal(TEXT);
    expect(answer.usage).to.deep.equal(OPENAI_USAGE);
    expect(route().upstream.last.json).to.deep.equal({ model: "gpt-4o", messages: QUESTION });
  });

  it("streamed chat, piece by piece", async () => {
    const stream = await client().chat.completions.create({
      model: "gpt-4o",
      messages: QUESTION,
      stream: true,
    });
    const pieces: string[] = [];
    for await (const chunk of stream) {
      expect(chunk.usage).to.equal(undefined);
      const piece = chunk.choices[0].delta.content;
      if (piece) pieces.push(piece);
    }
    expect(pieces).to.deep.equal(TEXT_PIECES);
  });

  it("C3.7: the usage comes once, in a chunk of its own, if it is asked for", async () => {
    const stream = await client().chat.completions.create({
      model: "gpt-4o",
      messages: QUESTION,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    const counted = chunks.filter(({ usage }) => usage);
    expect(counted).to.have.length(1);
    expect(counted[0]).to.equal(chunks.at(-1));
    expect(counted[0].choices).to.deep.equal([]);
    expect(counted[0].usage).to.deep.equal(OPENAI_USAGE);
    expect(chunks.at(-2)!.choices[0].finish_reason).to.equal("stop");
  });

  it("C3.7: without being asked for, no usage comes", async () => {
    const stream = await client().chat.completions.create({
      model: "gpt-4o",
      messages: QUESTION,
      stream: true,
    });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks.filter(({ choices }) => choices.length !== 1)).to.deep.equal([]);
    expect(chunks.filter((chunk) => "usage" in chunk)).to.deep.equal([]);
  });

  it("tools", async () => {
    const answer = await client().chat.completions.create({
      model: "gpt-4o",
      messages: QUESTION,
      tools: [TOOL],
    });
    const [call] = answer.choices[0].message.tool_calls!;
    expect(call.type === "function" && call.function).to.deep.equal({
      name: "get_weather",
      arguments: ARGUMENTS,
    });
    expect(answer.choices[0].finish_reason).to.equal("tool_calls");
  });

  it("C3.8: deltas of tool calls keep their index and their fragments", async () => {
    const stream = await client().chat.completions.create({
      model: "gpt-4o",
      messages: QUESTION,
      tools: [TOOL],
      stream: true,
    });
    const deltas = [];
    for await (const { choices } of stream) deltas.push(...(choices[0]?.delta.tool_calls ?? []));
    for (const index of [0, 1]) {
      const [first, ...others] = deltas.filter((delta) => delta.index === index);
      expect(first.id).to.match(/^call_\d+_\d$/u);
      expect(first.function).to.deep.equal({ name: "get_weather", arguments: "" });
      expect(others.map((delta) => delta.function?.arguments)).to.deep.equal(ARGUMENT_PIECES);
      expect(others.filter((delta) => delta.id !== undefined)).to.deep.equal([]);
    }
    expect(deltas).to.have.length(2 * (1 + ARGUMENT_PIECES.length));
  });

  it("the SDK's own loop runs tools to the end", async () => {
    const seen: unknown[] = [];
    const runner = client().chat.completions.runTools({
      model: "gpt-4o",
      messages: QUESTION,
      tools: [
        {
          type: "function",
          function: {
            name: "get_weather",
            description: "Weather of a city.",
            parameters: TOOL.function.parameters,
            parse: JSON.parse,
            function: (given: unknown) => {
              seen.push(given);
              return "23 °C";
            },
          },
        },
      ],
    });
    expect(await runner.finalContent()).to.equal(TEXT);
    expect(seen).to.deep.equal([JSON.parse(ARGUMENTS)]);
    expect(route().upstream.requests).to.have.length(2);
  });

  it("structured output", async () => {
    const answer = await client().chat.completions.parse({
      model: "gpt-4o",
      messages: QUESTION,
      response_format: SCHEMA,
    });
    expect(answer.choices[0].message.content).to.equal(STRUCTURED);
  });

  it("structured output through the stream helper", async () => {
    const stream = client().chat.completions.stream({
      model: "gpt-4o",
      messages: QUESTION,
      response_format: SCHEMA,
    });
    expect(await stream.finalContent()).to.equal(STRUCTURED);
  });

  it("completions, whole and streamed", async () => {
    const question = { model: "gpt-3.5-turbo-instruct", prompt: "Say hello." };
    expect((await client().completions.create(question)).choices[0].text).to.equal(TEXT);
    const pieces: string[] = [];
    for await (const { choices } of await client().completions.create({ ...question, stream: true }))
      pieces.push(choices[0].text);
    expect(pieces.join("")).to.equal(TEXT);
  });

  it("C3.11: embeddings", async () => {
    const { data } = await client().embeddings.create({ model: "text-embedding-3-small", input: ["a", "b"] });
    expect(data.map(({ embedding }) => embedding)).to.deep.equal([
      [...embeddingVector(0)],
      [...embeddingVector(1)],
    ]);
  });

  it("C3.11: responses", async () => {
    const answer = await client().responses.create({ model: "gpt-4o", input: "Say hello." });
    expect(answer.output_text).to.equal(TEXT);
    expect(answer.usage).to.deep.equal(RESPONSES_USAGE);
  });

  it("C3.11: streamed responses", async () => {
    const stream = await client().responses.create({ model: "gpt-4o", input: "Say hello.", stream: true });
    const events = [];
    for await (const event of stream) events.push(event);
    const deltas = events.flatMap((event) =>
      event.type === "response.output_text.delta" ? [event.delta] : [],
    );
    expect(deltas).to.deep.equal(TEXT_PIECES);
    expect(events.map((event) => "sequence_number" in event && event.sequence_number)).to.deep.equal(
      events.map((_, index) => index),
    );
    expect(events.at(-1)!.type).to.equal("response.completed");
  });

  it("C3.11: responses with tools, streamed", async () => {
    const stream = client().responses.stream({
      model: "gpt-4o",
      input: "What is the weather?",
      tools: [{ type: "function", name: "get_weather", strict: false, parameters: TOOL.function.parameters }],
    });
    const { output } = await stream.finalResponse();
    expect(output.map((item) => item.type === "function_call" && item.arguments)).to.deep.equal([ARGUMENTS]);
  });

  it("C3.10: models", async () => {
    const { data } = await client().models.list();
    expect(data.map(({ id, object }) => [id, object])).to.deep.include(["gpt-4o", "model"]);
  });

  for (const [status, type] of [
    [400, OpenAI.BadRequestError],
    [401, OpenAI.AuthenticationError],
    [403, OpenAI.PermissionDeniedError],
    [404, OpenAI.NotFoundError],
    [409, OpenAI.ConflictError],
    [422, OpenAI.UnprocessableEntityError],
    [429, OpenAI.RateLimitError],
    [500, OpenAI.InternalServerError],
    [503, OpenAI.InternalServerError],
  ] as const) {
    it(`C3.4: ${status} is a ${type.name} with the upstream's own words`, async () => {
      const error = await failureOf(chat(`status-${status}`));
      expect(error).to.be.instanceOf(type);
      const { message, type: kind, requestID } = error as InstanceType<typeof OpenAI.APIError>;
      expect(message).to.match(/^\d{3} (Unsupported|Incorrect|The model|Rate limit|The server)/u);
      expect(kind).to.be.a("string");
      expect(requestID).to.match(/^req_openai_\d+$/u);
    });
  }

  it("C3.2: the SDK waits as long as a 429 says, and succeeds", async () => {
    route().upstream.script({ status: 429, headers: { "retry-after-ms": "30" } });
    const answer = await client({ maxRetries: 2 }).chat.completions.create({
      model: "gpt-4o",
      messages: QUESTION,
    });
    expect(answer.choices[0].message.content).to.equal(TEXT);
    expect(route().upstream.requests).to.have.length(2);
  });

  it("C3.2: a 429 that stays is a RateLimitError in the end", async () => {
    const stays = client({ maxRetries: 1, headers: { "x-script": "status-429" } });
    const error = await failureOf(stays.chat.completions.create({ model: "gpt-4o", messages: QUESTION }));
    expect(error).to.be.instanceOf(OpenAI.RateLimitError);
  });

  it("C3.2: `x-should-retry: false` of the upstream is obeyed", async () => {
    route().upstream.script({ status: 500, headers: { "x-should-retry": "false" } });
    const error = await failureOf(
      client({ maxRetries: 2 }).chat.completions.create({ model: "gpt-4o", messages: QUESTION }),
    );
    expect(error).to.be.instanceOf(OpenAI.InternalServerError);
    expect(route().upstream.requests).to.have.length(1);
  });

  it("C3.3: a client that breaks off in mid-stream cancels the upstream", async () => {
    const stream = await client({ headers: { "x-script": "stall-midway" } }).chat.completions.create({
      model: "gpt-4o",
      messages: QUESTION,
      stream: true,
    });
    for await (const chunk of stream) {
      expect(chunk.object).to.equal("chat.completion.chunk");
      break;
    }
    stream.controller.abort();
    expect(await route().upstream.last.ended).to.equal("aborted");
  });

  it("C3.3: a client that loses patience cancels the upstream", async () => {
    const error = await failureOf(
      client({ timeout: 250, headers: { "x-script": "stall" } }).chat.completions.create({
        model: "gpt-4o",
        messages: QUESTION,
      }),
    );
    expect(error).to.be.instanceOf(OpenAI.APIConnectionTimeoutError);
    expect(await route().upstream.last.ended).to.equal("aborted");
  });

  it("C3.5: the request id is the upstream's", async () => {
    const answer = await chat();
    expect(answer._request_id).to.equal(`req_openai_${route().upstream.last.serial}`);
  });

  it("C3.6: an error in mid-stream is thrown", async () => {
    const stream = await client({ headers: { "x-script": "error-mid-stream" } }).chat.completions.create({
      model: "gpt-4o",
      messages: QUESTION,
      stream: true,
    });
    const error = await failureOf(readAll(stream));
    expect(error).to.be.instanceOf(OpenAI.APIError);
    expect((error as Error).message).to.contain("The server had an error.");
  });

  for (const script of ["cut-mid-event", "reset-mid-event"]) {
    it(`C3.6: a stream that is cut is never taken for a whole one: ${script}`, async () => {
      const stream = await client({ headers: { "x-script": script } }).chat.completions.create({
        model: "gpt-4o",
        messages: QUESTION,
        stream: true,
      });
      expect(await failureOf(readAll(stream))).to.be.instanceOf(Error);
    });
  }

  it("C3.6: data that is no JSON is thrown", async () => {
    const stream = await client({ headers: { "x-script": "garbage-event" } }).chat.completions.create({
      model: "gpt-4o",
      messages: QUESTION,
      stream: true,
    });
    expect(await failureOf(readAll(stream))).to.be.instanceOf(SyntaxError);
  });

  for (const script of ["split", "joined", "crlf", "cr", "comments", "gzip", "slow"]) {
    it(`C3.6: a stream survives: ${script}`, async () => {
      const stream = await client({ headers: { "x-script": script } }).chat.completions.create({
        model: "gpt-4o",
        messages: QUESTION,
        stream: true,
      });
      expect((await readAll(stream)).join("")).to.equal(TEXT);
    });
  }

  it("32 streams at once, each with its own words", async () => {
    const ids = await Promise.all(
      Array.from({ length: 32 }, async (_, index) => {
        const stream = await client({ headers: { "x-script": "slow" } }).chat.completions.create({
          model: `model-${index}`,
          messages: QUESTION,
          stream: true,
        });
        const names = new Set<string>();
        let text = "";
        for await (const { id, model, choices } of stream) {
          expect(model).to.equal(`model-${index}`);
          names.add(id);
          text += choices[0].delta.content ?? "";
        }
        expect(text).to.equal(TEXT);
        expect(names.size).to.equal(1);
        return [...names][0];
      }),
    );
    expect(new Set(ids).size).to.equal(32);
  });

  it("a request of 8 MB and an answer of 24 MiB", async () => {
    const image = `data:image/png;base64,${"iVBORw0KGgo".repeat(730_000)}`;
    const messages = [
      { role: "user" as const, content: [{ type: "image_url" as const, image_url: { url: image } }] },
    ];
    const answer = await client({ headers: { "x-script": "huge" } }).chat.completions.create({
      model: "gpt-4o",
      messages,
    });
    expect(answer.choices[0].message.content).to.equal(TEXT);
    expect((answer as unknown as { padding: string }).padding).to.have.length(24 * 1024 * 1024);
    expect(route().upstream.last.json.messages).to.deep.equal(messages);
  });

  it("C3.11: a multipart upload arrives byte for byte", async () => {
    const file = new File([BINARY], "speech.wav", { type: "audio/wav" });
    const { text } = await client().audio.transcriptions.create({ file, model: "whisper-1" });
    expect(text).to.match(/^sha256 [\da-f]{64}$/u);
    const { last } = route().upstream;
    expect(last.header("content-type")).to.match(/^multipart\/form-data; boundary=/u);
    expect(last.body.includes(BINARY)).to.equal(true);
  });

  it("C3.11: a binary answer arrives byte for byte", async () => {
    const speech = await client().audio.speech.create({ model: "tts-1", voice: "alloy", input: "Hello" });
    expect(Buffer.from(await speech.arrayBuffer()).equals(BINARY)).to.equal(true);
  });

  it("C3.10: an answer without a body", async () => {
    const answer = await client({ headers: { "x-script": "no-content" } })
      .chat.completions.create({ model: "gpt-4o", messages: QUESTION })
      .asResponse();
    expect(answer.status).to.equal(204);
    expect(await answer.text()).to.equal("");
  });
});

async function readAll(stream: AsyncIterable<OpenAI.ChatCompletionChunk>): Promise<string[]> {
  const pieces: string[] = [];
  for await (const { choices } of stream) pieces.push(choices[0]?.delta.content ?? "");
  return pieces;
}
