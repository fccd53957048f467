import { expect } from "chai";
import {
  FrameCodec,
  peekFrame,
  type FrameHeader,
  type FrameOptions,
} from "../../../src/codec/frame/index.js";
import { utf8Length } from "../../../src/shared/utf8.js";
import { estimateCostUsd, shortestFloat32 } from "../../../src/codec/frame/cost.js";
import { thrownBy, toHex, utf8 } from "./vectors.js";

/** The header of the frame of `content`, after a round trip. */
function headerOf(content: unknown, options: FrameOptions = {}): FrameHeader {
  const codec = new FrameCodec(options);
  const bytes = utf8(typeof content === "string" ? content : JSON.stringify(content));
  const wire = codec.encodeBinary(bytes);
  expect(toHex(codec.decodeBinary(wire))).to.equal(toHex(bytes));
  expect(peekFrame(codec.encodeText(bytes))).to.deep.equal(peekFrame(wire));
  return peekFrame(wire);
}

const chat = (fields: object) => ({
  model: "gpt-4o",
  messages: [{ role: "user", content: "hi" }],
  ...fields,
});

describe("frame headers", () => {
  it("labels content by what it is", () => {
    const cases: [string, unknown][] = [
      ["request", chat({})],
      ["request", {}],
      ["request", []],
      ["request", null],
      ["request", "3"],
      ["request", { model: "gpt-4.1", input: "Tell me a story" }],
      ["response", { id: "chatcmpl-1" }],
      ["response", { choices: [] }],
      ["response", { id: "resp_1", object: "response", output: [], error: null }],
      ["response", { id: "msg_1", type: "message", role: "assistant", content: [] }],
      ["request", { type: "message", content: "no id" }],
      ["stream", { id: "chatcmpl-1", object: "chat.completion.chunk", choices: [] }],
      ["embedding-request", { model: "text-embedding-3-small", input: ["a", "b"] }],
      ["embedding-request", { model: "x", input: "a", encoding_format: "float" }],
      ["embedding-response", { object: "list", data: [{ object: "embedding", index: 0, embedding: [0.5] }] }],
      ["error", { error: { message: "no", type: "t", code: null } }],
      ["error", { error: "no" }],
      ["request", { error: null }],
      ["unknown", "not JSON"],
      ["unknown", '{"a":1'],
      ["unknown", "\ufeff{}"],
      ["unknown", ""],
      ["unknown", "data: {}\n\n"],
    ];
    for (const [schema, content] of cases)
      expect(headerOf(content).schema, JSON.stringify(content)).to.equal(schema);
    const notUtf8 = new FrameCodec().encodeBinary(Uint8Array.of(0x22, 0xff, 0x22));
    expect(peekFrame(notUtf8)).to.deep.include({
      schema: "unknown",
      headerBytes: 20,
      flags: [],
      payloadBytes: 3,
    });
  });

  it("takes a forced label, with the header that belongs to it", () => {
    expect(headerOf(chat({}), { schema: "unknown" })).to.include({ schema: "unknown", headerBytes: 20 });
    expect(headerOf(chat({}), { schema: "custom" })).to.include({ schema: "custom", headerBytes: 20 });
    expect(headerOf("no JSON", { schema: "request" }).routing).to.include({ model: "", msgCount: 0 });
    expect(headerOf("no JSON", { schema: "error" }).response).to.include({ id: "", finishReason: "unknown" });
  });

  it("sets a flag for each thing that a request holds", () => {
    const cases: [string, object][] = [
      ["systemPrompt", { messages: [{ role: "developer" }] }],
      ["tools", { tools: [] }],
      ["tools", { functions: null }],
      ["toolChoice", { tool_choice: "auto" }],
      ["toolChoice", { function_call: "auto" }],
      ["images", { messages: [{ role: "user", content: [{ type: "image_url" }] }] }],
      ["stream", { stream: true }],
      ["responseFormat", { response_format: {} }],
      ["maxTokens", { max_tokens: 5 }],
      ["maxTokens", { max_completion_tokens: 5 }],
      ["reasoningEffort", { reasoning_effort: "low" }],
      ["serviceTier", { service_tier: "auto" }],
      ["seed", { seed: 1 }],
      ["logprobs", { logprobs: false }],
      ["user", { user: "u" }],
      ["temperature", { temperature: 1 }],
      ["topP", { top_p: 1 }],
      ["stop", { stop: null }],
    ];
    expect(headerOf(chat({})).flags).to.deep.equal([]);
    expect(headerOf(chat({ stream: false, n: 2 })).flags).to.deep.equal([]);
    for (const [flag, fields] of cases) expect(headerOf(chat(fields)).flags).to.deep.equal([flag]);
  });

  it("sets a flag for each thing that a response holds", () => {
    const choice = (fields: object) => ({ id: "i", choices: [{ index: 0, ...fields }] });
    expect(headerOf(choice({ message: { refusal: null } })).flags).to.deep.equal([]);
    expect(headerOf(choice({ message: { refusal: "no" } })).flags).to.deep.equal(["refusal"]);
    expect(headerOf(choice({ message: { tool_calls: [] } })).flags).to.deep.equal(["toolCalls"]);
    expect(headerOf(choice({ finish_reason: "length" }))).to.deep.include({ flags: ["truncated"] });
    expect(headerOf(choice({ finish_reason: "content_filter" })).flags).to.deep.equal(["contentFiltered"]);
    expect(headerOf({ choices: [], usage: null }).flags).to.deep.equal(["usage", "costEstimate"]);
    const usage = { prompt_tokens: 7, completion_tokens_details: { reasoning_tokens: 0 } };
    const embedding = headerOf({ object: "list", data: [{ object: "embedding" }], model: "e", usage });
    expect(embedding.flags).to.deep.equal(["usage"]);
    expect(embedding.response).to.deep.equal({
      id: "",
      model: "e",
      finishReason: "unknown",
      promptTokens: 7,
      completionTokens: 0,
    });
  });

  it("reads the usage of other APIs' responses", () => {
    const usage = { input_tokens: 12, output_tokens: 5, cache_read_input_tokens: 8 };
    const message = {
      id: "msg_1",
      type: "message",
      model: "claude-3-opus",
      content: [],
      stop_reason: "tool_use",
      usage,
    };
    expect(headerOf(message).response).to.deep.equal({
      id: "msg_1",
      model: "claude-3-opus",
      finishReason: "tool_calls",
      promptTokens: 12,
      completionTokens: 5,
      cachedTokens: 8,
      estCostUsd: 0.000555,
    });
    for (const [stop_reason, reason] of [
      ["end_turn", "stop"],
      ["max_tokens", "length"],
      ["refusal", "content_filter"],
      ["pause_turn", "unknown"],
    ]) {
      expect(headerOf({ ...message, stop_reason }).response).to.include({ finishReason: reason });
    }
    const details = {
      input_tokens: 3,
      input_tokens_details: { cached_tokens: 2 },
      output_tokens_details: { reasoning_tokens: 1 },
    };
    expect(headerOf({ id: "resp_1", object: "response", usage: details }).response).to.include({
      promptTokens: 3,
      cachedTokens: 2,
      reasoningTokens: 1,
    });
  });

  it("promises max_tokens only if it is a number that fits", () => {
    for (const value of [null, "5", -1, 1.5, 4294967296, [], {}]) {
      const { flags, routing } = headerOf(chat({ max_tokens: value }));
      expect(flags).to.deep.equal([]);
      expect(routing).to.have.property("maxTokens", undefined);
    }
    expect(headerOf(chat({ max_tokens: null, max_completion_tokens: 9 })).routing).to.include({
      maxTokens: 9,
    });
    expect(headerOf(chat({ max_tokens: 4294967295 })).routing).to.include({ maxTokens: 4294967295 });
    expect(headerOf(chat({ max_tokens: 0 })).routing).to.include({ maxTokens: 0 });
  });

  it("leaves a model or id empty that does not fit", () => {
    expect(headerOf(chat({ model: "é".repeat(127) })).routing).to.include({ model: "é".repeat(127) });
    for (const model of ["é".repeat(128), "x".repeat(256), 5, null, {}, ["gpt-4o"]]) {
      expect(headerOf(chat({ model })).routing).to.include({ model: "" });
    }
    expect(headerOf('{"model":"\\ud800","messages":[]}').routing).to.include({ model: "" });
    expect(headerOf({ id: 7, model: "x".repeat(255), choices: [] }).response).to.include({ id: "" });
  });

  it("is not fooled by prototypes", () => {
    const polluted =
      '{"__proto__":{"model":"evil","messages":[1],"stream":true},"constructor":{"model":"evil"}}';
    expect(headerOf(polluted)).to.deep.include({ flags: [], schema: "request" });
    expect(headerOf(polluted).routing).to.include({ model: "", msgCount: 0 });
    expect(headerOf('[{"model":"evil"}]').routing).to.include({ model: "" });
    expect(({} as Record<string, unknown>).model).to.equal(undefined);
  });

  it("reads own members only, even where a library has changed Object.prototype", () => {
    Object.defineProperty(Object.prototype, "model", { value: "evil", configurable: true });
    try {
      expect(headerOf("{}").routing).to.include({ model: "" });
    } finally {
      Reflect.deleteProperty(Object.prototype, "model");
    }
  });

  it("gives every message a role, whatever it is", () => {
    const messages = [
      { role: "system" },
      { role: "function" },
      { role: "Assistant" },
      { role: "assistant" },
      {},
      5,
      null,
    ];
    const { routing } = headerOf({ model: "m", messages });
    expect(routing!.roles).to.deep.equal(["system", "tool", "user", "assistant", "user", "user", "user"]);
    expect(routing!.msgCount).to.equal(7);
  });

  it("bounds the header of a request with very many messages", () => {
    const messages = Array.from({ length: 40_000 }, () => ({ role: "assistant", content: "x" }));
    const { routing, headerBytes } = headerOf({ model: "m", messages });
    expect(routing).to.include({ msgCount: 32768, contentHint: 40_000 });
    expect(routing!.roles).to.have.length(32768);
    expect(headerBytes).to.be.at.most(0x2aff);
  });

  it("does not look into JSON nested too deep", () => {
    const nested = (depth: number) =>
      `{"model":"m","messages":[],"x":${"[".repeat(depth - 1)}${"]".repeat(depth - 1)}}`;
    expect(headerOf(nested(32)).schema).to.equal("request");
    expect(headerOf(nested(33)).schema).to.equal("unknown");
    expect(headerOf(nested(100_000)).schema).to.equal("unknown");
    expect(headerOf(nested(40), { limits: { maxJsonDepth: 50 } }).schema).to.equal("request");
  });

  it("counts UTF-8 bytes as an encoder does", () => {
    for (const text of [
      "",
      "abc",
      "é",
      "日本",
      "🚀🧪",
      "\ud800",
      "a\udc00b",
      "\ud83d\ud83d\ude80",
      "\ude80\ud83d",
    ]) {
      expect(utf8Length(text), JSON.stringify(text)).to.equal(new TextEncoder().encode(text).length);
    }
  });

  it("estimates cost in binary32 by the first matching price", () => {
    expect(shortestFloat32(estimateCostUsd("GPT-4o-mini-2024", 10000, 1000))).to.equal(0.0021);
    expect(shortestFloat32(estimateCostUsd("gpt-4o", 1000, 500))).to.equal(0.0075);
    expect(shortestFloat32(estimateCostUsd("", 0, 500))).to.equal(0.0015);
    expect(shortestFloat32(Math.fround(1 / 3))).to.equal(0.33333334);
  });

  it("refuses to peek what is no frame of this version", () => {
    expect(thrownBy(() => peekFrame("{}"))).to.include({ code: "M2M_WIRE_UNKNOWN" });
    expect(thrownBy(() => peekFrame("#M2M|2|AAAA"))).to.include({ code: "M2M_VERSION_UNSUPPORTED" });
    expect(thrownBy(() => peekFrame("#M2M[v3.0]|DATA:AAAA"))).to.include({ code: "M2M_WIRE_UNKNOWN" });
    for (const cut of ["", "#M2M|", "#M2M|1|", "#M2M|1|GwAB"]) {
      expect(
        thrownBy(() => peekFrame(cut)),
        cut,
      ).to.include({ code: "M2M_FRAME_TRUNCATED" });
      expect(
        thrownBy(() => peekFrame(utf8(cut))),
        cut,
      ).to.include({ family: "FormatError" });
    }
  });

  it("peeks the bytes of a text frame", () => {
    const wire = new FrameCodec().encodeText(utf8(JSON.stringify(chat({ tools: [] }))));
    expect(peekFrame(utf8(wire))).to.deep.equal(peekFrame(wire));
  });
});
