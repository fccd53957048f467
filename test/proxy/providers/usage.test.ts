import { expect } from "chai";
import fc from "fast-check";
import { ModelRegistry } from "../../../src/models/index.js";
import {
  countUsage,
  outputTextOf,
  PROVIDER_APIS,
  readResponse,
  readUsage,
  usageCostUsd,
  UsageMeter,
  type ProviderApi,
  type StreamMark,
} from "../../../src/proxy/providers/index.js";
import { SseReader, writeSse } from "../../../src/proxy/sse/index.js";
import { FormatError } from "../../../src/shared/errors.js";
import { countTokens, TokenizerCache } from "../../../src/tokenizer/index.js";

const registry = new ModelRegistry();

/** A meter that has seen these events, and what it said of each: data alone, or a name and data. */
function follow(api: ProviderApi, events: readonly unknown[]): { meter: UsageMeter; marks: StreamMark[] } {
  const meter = new UsageMeter(api);
  const marks: StreamMark[] = [];
  const reader = new SseReader();
  for (const item of events) {
    const [event, data] = Array.isArray(item) ? (item as [string, unknown]) : ["", item];
    const text = writeSse({ event, data: typeof data === "string" ? data : JSON.stringify(data) });
    reader.push(Buffer.from(text), (read) => marks.push(meter.observe(read)));
  }
  return { meter, marks };
}

const chunk = (delta: object, finish: string | null = null, index = 0) => ({
  id: "c1",
  model: "gpt-4o-2024-08-06",
  choices: [{ index, delta, finish_reason: finish }],
  usage: null,
});

describe("UsageMeter", () => {
  it("reads the usage chunk of a chat stream, and tells it from the others", () => {
    const usage = {
      prompt_tokens: 100,
      completion_tokens: 20,
      total_tokens: 120,
      prompt_tokens_details: { cached_tokens: 64 },
      completion_tokens_details: { reasoning_tokens: 5 },
    };
    const { meter, marks } = follow("openai-chat", [
      chunk({ role: "assistant", content: "" }),
      chunk({ content: "Hel" }),
      chunk({ content: "lo" }),
      chunk({ tool_calls: [{ index: 0, id: "x", function: { name: "f", arguments: '{"a"' } }] }),
      chunk({ tool_calls: [{ index: 0, function: { arguments: ":1}" } }] }),
      chunk({}, "tool_calls"),
      { id: "c1", model: "gpt-4o-2024-08-06", choices: [], usage },
      "[DONE]",
    ]);
    expect(marks).to.deep.equal([...Array<string>(6).fill("content"), "usage-only", "end"]);
    expect(meter.facts).to.deep.equal({
      id: "c1",
      model: "gpt-4o-2024-08-06",
      usage: {
        inputTokens: 100,
        cachedInputTokens: 64,
        cacheWriteTokens: 0,
        cacheWrite1hTokens: 0,
        outputTokens: 20,
        reasoningTokens: 5,
        source: "provider",
      },
    });
    expect(meter.output).to.equal('Hellof{"a":1}');
    expect(meter.finishReasons).to.deep.equal(["tool_calls"]);
    expect(meter.ended).to.equal(true);
  });

  it("takes a usage that stands in a chunk with choices, which is not stripped", () => {
    const { meter, marks } = follow("openai-chat", [
      { ...chunk({ content: "a" }), usage: { prompt_tokens: 5, completion_tokens: 1 } },
      { ...chunk({ content: "b" }, "stop"), usage: { prompt_tokens: 5, completion_tokens: 2 } },
    ]);
    expect(marks).to.deep.equal(["content", "content"]);
    expect(meter.facts.usage?.outputTokens).to.equal(2);
    expect(meter.ended).to.equal(false);
  });

  it("takes an empty list of choices without usage for content: a filter's chunk is the client's", () => {
    expect(follow("openai-chat", [{ choices: [], prompt_filter_results: [] }]).marks).to.deep.equal([
      "content",
    ]);
  });

  it("reads Anthropic's usage out of two events", () => {
    const { meter, marks } = follow("anthropic-messages", [
      [
        "message_start",
        {
          type: "message_start",
          message: {
            id: "msg_1",
            model: "claude-sonnet-4-5-20250929",
            usage: {
              input_tokens: 10,
              cache_read_input_tokens: 200,
              cache_creation_input_tokens: 30,
              cache_creation: { ephemeral_5m_input_tokens: 20, ephemeral_1h_input_tokens: 10 },
              output_tokens: 1,
            },
          },
        },
      ],
      ["ping", { type: "ping" }],
      ["content_block_start", { type: "content_block_start", content_block: { type: "text", text: "" } }],
      ["content_block_delta", { type: "content_block_delta", delta: { type: "text_delta", text: "Hi" } }],
      [
        "content_block_start",
        { type: "content_block_start", content_block: { type: "tool_use", name: "f", input: {} } },
      ],
      [
        "content_block_delta",
        { type: "content_block_delta", delta: { type: "input_json_delta", partial_json: "{}" } },
      ],
      [
        "message_delta",
        {
          type: "message_delta",
          delta: { stop_reason: "tool_use" },
          usage: { output_tokens: 42, input_tokens: null, output_tokens_details: { thinking_tokens: 7 } },
        },
      ],
      ["message_stop", { type: "message_stop" }],
    ]);
    expect(marks.at(-1)).to.equal("end");
    expect(meter.facts).to.deep.equal({
      id: "msg_1",
      model: "claude-sonnet-4-5-20250929",
      usage: {
        inputTokens: 240,
        cachedInputTokens: 200,
        cacheWriteTokens: 30,
        cacheWrite1hTokens: 10,
        outputTokens: 42,
        reasoningTokens: 7,
        source: "provider",
      },
    });
    expect(meter.output).to.equal("Hif{}");
    expect(meter.finishReasons).to.deep.equal(["tool_use"]);
  });

  it("reads the Responses API's last event, and where it stands in the sequence", () => {
    const { meter, marks } = follow("openai-responses", [
      [
        "response.created",
        { type: "response.created", sequence_number: 0, response: { id: "r", model: "gpt-5", usage: null } },
      ],
      ["response.output_text.delta", { type: "response.output_text.delta", sequence_number: 1, delta: "Hi" }],
      [
        "response.completed",
        {
          type: "response.completed",
          sequence_number: 2,
          response: {
            id: "r",
            model: "gpt-5",
            status: "completed",
            usage: {
              input_tokens: 9,
              input_tokens_details: { cached_tokens: 4 },
              output_tokens: 3,
              output_tokens_details: { reasoning_tokens: 1 },
            },
          },
        },
      ],
    ]);
    expect(marks).to.deep.equal(["content", "content", "end"]);
    expect(meter.facts.usage).to.include({
      inputTokens: 9,
      cachedInputTokens: 4,
      outputTokens: 3,
      reasoningTokens: 1,
    });
    expect(meter.nextSequenceNumber).to.equal(3);
    expect(meter.output).to.equal("Hi");
  });

  it("knows a failure that the provider reports in mid-stream", () => {
    expect(follow("openai-chat", [{ error: { message: "x" } }]).marks).to.deep.equal(["error"]);
    expect(follow("openai-responses", [["error", { type: "error", message: "x" }]]).marks).to.deep.equal([
      "error",
    ]);
    expect(follow("anthropic-messages", [["error", { type: "error", error: {} }]]).marks).to.deep.equal([
      "error",
    ]);
  });

  it("takes anything, and never throws for it", () => {
    const name = fc.constantFrom(
      ...[
        "choices",
        "usage",
        "delta",
        "index",
        "type",
        "message",
        "response",
        "error",
        "finish_reason",
        "content",
      ],
      ...[
        "prompt_tokens",
        "input_tokens",
        "output_tokens",
        "tool_calls",
        "function",
        "__proto__",
        "constructor",
      ],
    );
    const json = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        fc.constantFrom<unknown>(
          null,
          true,
          -1,
          1e308,
          7,
          "message_start",
          "message_delta",
          "response.completed",
          "",
        ),
        fc.array(tie("value"), { maxLength: 3 }),
        fc.array(fc.tuple(name, tie("value")), { maxLength: 5 }).map((pairs) => Object.fromEntries(pairs)),
      ),
    })).value;
    fc.assert(
      fc.property(fc.constantFrom(...PROVIDER_APIS), fc.array(json), (api, events) => {
        const { meter } = follow(api, ["no json", ...events.map((event) => ["", event])]);
        const { usage } = meter.facts;
        if (!usage) return;
        expect(usage.cachedInputTokens + usage.cacheWriteTokens).to.be.at.most(usage.inputTokens);
        expect(usage.reasoningTokens).to.be.at.most(usage.outputTokens);
      }),
    );
  });
});

describe("readUsage", () => {
  it("takes no count that is none", () => {
    expect(readUsage(null)).to.equal(undefined);
    expect(readUsage({ prompt_tokens: "7" })).to.equal(undefined);
    expect(readUsage({ prompt_tokens: -1 })).to.equal(undefined);
    expect(readUsage({ prompt_tokens: 7, completion_tokens: 1.5 })).to.include({
      inputTokens: 7,
      outputTokens: 0,
    });
    // More cached than there is costs no negative money.
    expect(
      readUsage({ prompt_tokens: 7, prompt_tokens_details: { cached_tokens: 9 } })?.cachedInputTokens,
    ).to.equal(7);
  });

  it("reads whole responses, embeddings with them", () => {
    const body = Buffer.from(
      '{"object":"list","data":[{"embedding":[0.1],"usage":{"prompt_tokens":99}}],"model":"text-embedding-3-small","usage":{"prompt_tokens":8,"total_tokens":8}}',
    );
    expect(readResponse(body)).to.deep.include({ id: undefined, model: "text-embedding-3-small" });
    expect(readResponse(body).usage).to.include({ inputTokens: 8, outputTokens: 0 });
    expect(readResponse(Buffer.from("<html>"))).to.deep.equal({
      id: undefined,
      model: undefined,
      usage: undefined,
    });
  });
});

describe("usageCostUsd", () => {
  const cost = (model: string, usage: object) =>
    usageCostUsd(registry, [model], readUsage(usage) as NonNullable<ReturnType<typeof readUsage>>);

  it("is the list price of the parts", () => {
    const price = registry.get("gpt-4o").price;
    if (price?.cachedInputUsdPerMillion === undefined || price.outputUsdPerMillion === undefined)
      throw new Error();
    const usage = {
      prompt_tokens: 1e6,
      prompt_tokens_details: { cached_tokens: 4e5 },
      completion_tokens: 1e6,
    };
    expect(cost("gpt-4o-2024-08-06", usage)).to.be.closeTo(
      0.6 * price.inputUsdPerMillion + 0.4 * price.cachedInputUsdPerMillion + price.outputUsdPerMillion,
      1e-9,
    );
  });

  it("has Anthropic's surcharge for cache writes in it", () => {
    const input = registry.get("claude-sonnet-4-5").price?.inputUsdPerMillion as number;
    expect(
      cost("claude-sonnet-4-5", { input_tokens: 0, output_tokens: 0, cache_creation_input_tokens: 1e6 }),
    ).to.be.closeTo(1.25 * input, 1e-9);
    const cache_creation = { ephemeral_1h_input_tokens: 1e6 };
    expect(
      cost("claude-sonnet-4-5", {
        input_tokens: 0,
        output_tokens: 0,
        cache_creation_input_tokens: 1e6,
        cache_creation,
      }),
    ).to.be.closeTo(2 * input, 1e-9);
  });

  it("goes on to the next name where one is unknown, and says so where all are", () => {
    const usage = readUsage({ prompt_tokens: 1e6, completion_tokens: 0 });
    if (!usage) throw new Error();
    expect(usageCostUsd(registry, ["my-deployment", undefined, "gpt-4o"], usage)).to.be.greaterThan(0);
    expect(usageCostUsd(registry, ["my-deployment"], usage)).to.equal(undefined);
  });
});

describe("countUsage", () => {
  const count = (api: ProviderApi, request: object, output = "", model?: string) =>
    countUsage(registry, { api, body: Buffer.from(JSON.stringify(request)), model }, output);

  it("counts chat requests by the documented rule, and answers exactly", () => {
    const text = "How many roads must a man walk down?";
    const usage = count(
      "openai-chat",
      { model: "gpt-4o", messages: [{ role: "user", content: text }] },
      text,
      "gpt-4o",
    );
    const tokens = countTokens(text, { model: "gpt-4o" });
    expect(usage).to.include({ inputTokens: tokens + 3 + 1 + 3, outputTokens: tokens, source: "counted" });
  });

  it("counts the texts of the other APIs, and no images, ids or marks", () => {
    const words = countTokens("some words here");
    expect(
      count("openai-embeddings", { input: ["some words here", "some words here"] }).inputTokens,
    ).to.equal(2 * words);
    expect(count("openai-embeddings", { input: [[1, 2, 3], [4]] }).inputTokens).to.equal(4);
    expect(count("openai-completions", { prompt: "some words here" }).inputTokens).to.equal(words);
    const anthropic = count("anthropic-messages", {
      system: [{ type: "text", text: "some words here", cache_control: { type: "ephemeral" } }],
      messages: [
        {
          role: "user",
          content: [
            { type: "image", source: { type: "base64", data: "A".repeat(10_000) } },
            { type: "tool_result", tool_use_id: "toolu_123", content: "some words here" },
          ],
        },
      ],
    });
    expect(anthropic.inputTokens).to.be.within(2 * words, 2 * words + 6);
  });

  it("never throws for what it is given", () => {
    expect(
      count("openai-chat", { messages: [{ role: "user", content: "\ud800" }] }, "\udfff", "no-such")
        .inputTokens,
    ).to.be.greaterThan(0);
    for (const api of PROVIDER_APIS) {
      for (const body of ["", "[]", "{", '{"messages":7,"input":null}', '{"messages":[null,[[[[]]]]]}']) {
        const usage = countUsage(registry, { api, body: Buffer.from(body), model: undefined }, "x");
        expect(usage.outputTokens).to.equal(1);
      }
    }
  });

  it("estimates where a table has gone, as behind an update of the package", () => {
    const gone = new TokenizerCache(() => {
      throw new FormatError("M2M_RANK_TABLE_INVALID", "It is missing.");
    });
    for (const api of ["openai-chat", "openai-responses"] as const) {
      const body = JSON.stringify({
        messages: [{ role: "user", content: "How many roads?" }],
        input: "How many roads?",
      });
      const usage = countUsage(
        registry,
        { api, body: Buffer.from(body), model: "gpt-4o" },
        "Seven roads.",
        gone,
      );
      expect(usage.inputTokens).to.be.within(4, 16);
      expect(usage.outputTokens).to.be.within(3, 5);
    }
  });

  it("takes the answer's text out of each kind of response", () => {
    const of = (api: ProviderApi, response: object) =>
      outputTextOf(api, Buffer.from(JSON.stringify(response)));
    expect(
      of("openai-chat", {
        choices: [
          { message: { content: "a", tool_calls: [{ id: "1", function: { name: "f", arguments: "{}" } }] } },
        ],
      }),
    ).to.equal("af{}");
    expect(of("openai-completions", { choices: [{ text: "a" }, { text: "b" }] })).to.equal("ab");
    expect(
      of("openai-responses", {
        output: [
          { type: "message", content: [{ type: "output_text", text: "a" }] },
          { type: "function_call", name: "f", arguments: "{}" },
        ],
      }),
    ).to.equal("af{}");
    expect(
      of("anthropic-messages", {
        content: [
          { type: "text", text: "a" },
          { type: "tool_use", name: "f", input: { x: 1 } },
        ],
      }),
    ).to.equal('af{"x":1}');
    expect(of("other", { content: [{ text: "a" }] })).to.equal("");
  });
});
