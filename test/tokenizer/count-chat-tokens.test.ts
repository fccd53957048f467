import { readFileSync } from "node:fs";
import { expect } from "chai";
import { countChatTokens, countTokens, estimateTokens } from "../../src/tokenizer/index.js";
import { catchM2MError } from "../helpers/catch-error.js";

interface ChatVector {
  name: string;
  request: object;
  model: string;
  expected: Record<string, unknown>;
}
const VECTORS = JSON.parse(
  readFileSync(new URL("../vectors/tokenizer/chat.json", import.meta.url), "utf8"),
) as ChatVector[];
const encoding = "cl100k_base";

describe("countChatTokens", () => {
  for (const { name, request, model, expected } of VECTORS) {
    it(`${name}: as published`, () => {
      expect(countChatTokens(request, { model })).to.include(expected);
      expect(countChatTokens(JSON.stringify(request), { model })).to.include(expected);
      expect(countChatTokens({ ...request, model })).to.include(expected);
    });
  }

  const user = { role: "user", content: "Hello there" };

  it("an encoding that is chosen wins over the request's model, and an unknown model is cl100k_base", () => {
    const request = { model: "gpt-4o", messages: [user] };
    expect(countChatTokens(request).encoding).to.equal("o200k_base");
    expect(countChatTokens(request, { encoding: "llama" }).encoding).to.equal("llama");
    expect(countChatTokens({ ...request, model: "zzz-unheard-of" }).encoding).to.equal("cl100k_base");
  });

  it("names the card of the model that was chosen", () => {
    const request = { model: "openai/gpt-4o-2099-01-01", messages: [user] };
    expect(countChatTokens(request).model).to.equal("gpt-4o");
    expect(countChatTokens(request, { model: "claude-sonnet-4.5" }).model).to.equal("claude-sonnet-4-5");
    expect(countChatTokens(request, { model: { id: "mine", encoding } }).model).to.equal("mine");
    expect(countChatTokens(request, { model: "gpt-4", encoding: "llama" })).to.include({
      model: "gpt-4",
      encoding: "llama",
    });
    for (const count of [
      countChatTokens(request, { encoding }),
      countChatTokens(request, { model: { encoding } }),
      countChatTokens({ ...request, model: "zzz-unheard-of" }),
      countChatTokens({ messages: [user] }),
    ]) {
      expect(count).to.not.have.property("model");
    }
  });

  it("the parts add up", () => {
    const count = countChatTokens({ messages: [user, user] }, { encoding });
    expect(count).to.deep.equal({
      total: 2 * (countTokens("user") + countTokens("Hello there")) + 2 * 3 + 3,
      messages: 2 * (countTokens("user") + countTokens("Hello there")),
      tools: 0,
      overhead: 9,
      replyPriming: 3,
      uncountedParts: 0,
      exact: true,
      encoding,
    });
    expect(countChatTokens({ messages: [] }, { encoding }).total).to.equal(3);
  });

  it("the oldest model frames messages by four and names by minus one", () => {
    const named = { messages: [{ ...user, name: "ann" }] };
    const model = "gpt-3.5-turbo-0301";
    expect(countChatTokens({ ...named, model }, { encoding }).overhead).to.equal(4 - 1 + 3);
    expect(countChatTokens(named, { encoding }).overhead).to.equal(3 + 1 + 3);
  });

  it("parts count their text; images are told apart", () => {
    const parts = [
      { type: "text", text: "What is this?" },
      { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
    ];
    const count = countChatTokens({ messages: [{ role: "user", content: parts }] }, { encoding });
    expect(count.messages).to.equal(countTokens("user") + countTokens("What is this?"));
    expect(count).to.include({ uncountedParts: 1, exact: false });
  });

  it("calls in the history count their names and arguments", () => {
    const call = {
      id: "call_1",
      type: "function",
      function: { name: "get_weather", arguments: '{"city":"Paris"}' },
    };
    const count = countChatTokens(
      { messages: [{ role: "assistant", content: null, tool_calls: [call] }] },
      { encoding },
    );
    expect(count.messages).to.equal(
      countTokens("assistant") + countTokens("get_weather") + countTokens('{"city":"Paris"}'),
    );
    expect(count.exact).to.equal(false);
    const legacy = { messages: [{ role: "assistant", content: null, function_call: call.function }] };
    expect(countChatTokens(legacy, { encoding }).messages).to.equal(count.messages);
  });

  it("functions count as tools, and nested schemas count", () => {
    const schema = (inner: object) => ({ type: "object", properties: { place: inner } });
    const flat = { name: "f", description: "Finds.", parameters: schema({ type: "object" }) };
    const nested = {
      ...flat,
      parameters: schema({ type: "object", properties: { city: { type: "string" } } }),
    };
    const ofTools = (declaration: object) =>
      countChatTokens({ messages: [], tools: [{ type: "function", function: declaration }] }, { encoding })
        .tools;
    expect(countChatTokens({ messages: [], functions: [flat] }, { encoding }).tools).to.equal(ofTools(flat));
    expect(ofTools(flat)).to.equal(10 + countTokens("f:Finds") + 3 + 3 + countTokens("place:object:") + 12);
    expect(ofTools(nested) - ofTools(flat)).to.equal(3 + 3 + countTokens("city:string:"));
  });

  it("tokenizers that are not here are estimated", () => {
    const count = countChatTokens({ messages: [user] }, { model: "claude-sonnet-4-5" });
    expect(count).to.include({ exact: false, encoding: "heuristic" });
    const text = (value: string) => estimateTokens(value, { provider: "anthropic" });
    expect(count.messages).to.equal(text("user") + text("Hello there"));
  });

  it("reads the Responses API as the same chat, and marks it as an estimate", () => {
    const chat = countChatTokens({
      model: "gpt-4o",
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Hello there" },
      ],
    });
    const parts = {
      role: "user",
      content: [{ type: "input_text", text: "Hello there" }],
      id: "msg_1",
      status: "done",
    };
    for (const input of ["Hello there", [parts], [{ type: "message", ...parts }]]) {
      const counted = countChatTokens({ model: "gpt-4o", instructions: "Be brief.", input });
      expect(counted).to.deep.equal({ ...chat, exact: false });
    }
    const tool = {
      name: "get_weather",
      description: "Weather.",
      parameters: { type: "object", properties: { city: { type: "string" } } },
    };
    const call = { name: "get_weather", arguments: '{"city":"Oslo"}' };
    const asChat = countChatTokens({
      messages: [
        { role: "assistant", tool_calls: [{ function: call }] },
        { role: "tool", content: "Rain" },
      ],
      tools: [{ type: "function", function: tool }],
    });
    const asResponses = countChatTokens({
      input: [
        { type: "function_call", call_id: "call_1", ...call },
        { type: "function_call_output", call_id: "call_1", output: "Rain" },
      ],
      tools: [{ type: "function", ...tool }],
    });
    expect(asResponses).to.deep.equal(asChat);
    const image = { role: "user", content: [{ type: "input_image", image_url: "data:," }] };
    const counts = [
      { input: [image] },
      { input: [{ type: "item_reference", id: "msg_1" }] },
      { input: "x", previous_response_id: "resp_1" },
    ].map((request) => countChatTokens(request).uncountedParts);
    expect(counts).to.deep.equal([1, 1, 1]);
  });

  it("reads requests of Anthropic as the same chat, and marks them as estimates", () => {
    const parameters = { type: "object", properties: { city: { type: "string" } } };
    const declared = { name: "weather", description: "Weather." };
    const chat = countChatTokens(
      {
        messages: [
          { role: "system", content: "Be brief." },
          { role: "user", content: "Weather?" },
          {
            role: "assistant",
            tool_calls: [{ function: { name: "weather", arguments: '{"city":"Oslo"}' } }],
          },
          { role: "user", content: "Rain" },
        ],
        tools: [{ type: "function", function: { ...declared, parameters } }],
      },
      { encoding },
    );
    const cached = { type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } };
    for (const [system, content] of [
      ["Be brief.", "Rain"],
      [[cached], [{ type: "text", text: "Rain" }]],
    ]) {
      const counted = countChatTokens(
        {
          max_tokens: 99,
          system,
          messages: [
            { role: "user", content: "Weather?" },
            {
              role: "assistant",
              content: [{ type: "tool_use", id: "t1", name: "weather", input: { city: "Oslo" } }],
            },
            { role: "user", content: [{ type: "tool_result", tool_use_id: "t1", content }] },
          ],
          tools: [{ ...declared, input_schema: parameters }],
        },
        { encoding },
      );
      expect(counted).to.deep.equal(chat);
    }
    const image = { type: "image", source: { type: "base64", data: "" } };
    const plain = { system: "Be brief.", messages: [{ role: "user", content: [image] }] };
    expect(countChatTokens(plain, { encoding })).to.include({ uncountedParts: 1, exact: false });
    const alone = { messages: [{ role: "user", content: "Hi" }] };
    const { total } = countChatTokens(alone, { encoding });
    const count = countChatTokens({ ...alone, system: "Be brief." }, { encoding });
    expect(count.total - total).to.equal(3 + countTokens("system") + countTokens("Be brief."));
    expect(countChatTokens({ ...alone, system: null }, { encoding })).to.include({ total, exact: true });
  });

  it("reads requests of Gemini as the same chat, and marks them as estimates", () => {
    const parameters = { type: "OBJECT", properties: { city: { type: "STRING" } } };
    const chat = countChatTokens(
      {
        messages: [
          { role: "system", content: "Be brief." },
          { role: "user", content: "Weather?" },
          { role: "model", tool_calls: [{ function: { name: "weather", arguments: '{"city":"Oslo"}' } }] },
        ],
        tools: [{ type: "function", function: { name: "weather", description: "Weather.", parameters } }],
      },
      { encoding },
    );
    for (const systemInstruction of [
      "Be brief.",
      { parts: [{ text: "Be brief." }] },
      { parts: { text: "Be brief." } },
    ]) {
      const counted = countChatTokens(
        {
          systemInstruction,
          contents: [
            { role: "user", parts: [{ text: "Weather?" }] },
            { role: "model", parts: [{ functionCall: { name: "weather", args: { city: "Oslo" } } }] },
          ],
          tools: [{ functionDeclarations: [{ name: "weather", description: "Weather.", parameters }] }],
        },
        { encoding },
      );
      expect(counted).to.deep.equal(chat);
    }
    const plain = { contents: [{ parts: [{ text: "Hi" }, { inlineData: { data: "" } }] }] };
    expect(countChatTokens(plain, { encoding })).to.include({ uncountedParts: 1, exact: false });
    expect(countChatTokens({ contents: "Hi" }, { encoding }).exact).to.equal(false);
  });

  it("odd requests of other APIs do not break the count", () => {
    const deep = JSON.parse(`${'{"a":'.repeat(50_000)}1${"}".repeat(50_000)}`) as unknown;
    const functionCall = { name: 1, args: deep };
    for (const request of [
      {
        input: [null, 1, "x", {}, { role: "user", content: [null, deep] }, { type: "reasoning" }],
        tools: [null, 1],
      },
      {
        contents: [
          null,
          1,
          {},
          { parts: [null, 1, { functionCall }, { functionResponse: { response: deep } }] },
        ],
      },
      {
        system: [null, 1, deep],
        messages: [
          null,
          1,
          { content: [null, { type: "tool_use", input: deep }, { type: "tool_result", content: 1 }] },
        ],
        tools: [null, 1, { input_schema: deep }],
      },
      { contents: [], systemInstruction: null, tools: [null, { functionDeclarations: [null, deep] }] },
    ]) {
      expect(countChatTokens(request, { encoding }).total).to.be.above(0);
    }
  });

  it("anything else is refused", () => {
    for (const request of [null, 1, [], {}, { messages: "x" }, "{}", "[]", "{", ""]) {
      expect(catchM2MError(() => countChatTokens(request)).code, JSON.stringify(request)).to.equal(
        "M2M_JSON_INVALID",
      );
    }
  });

  it("odd messages do not break the count", () => {
    const messages = [
      null,
      "x",
      1,
      { role: 1, content: [null, 1, "text", { text: 2 }], tool_calls: [null, {}] },
    ];
    expect(countChatTokens({ messages, tools: [null, 1, {}] }, { encoding }).total).to.be.above(0);
  });

  it("counts schemas whose members are of any type and depth", () => {
    const deep = JSON.parse(`${"[".repeat(50_000)}${"]".repeat(50_000)}`) as unknown;
    const hostile = { toString: 1, valueOf: 1 };
    for (const odd of [
      { enum: [hostile] },
      { type: [hostile] },
      { enum: [deep] },
      { enum: [null, 1.5, true] },
    ]) {
      const tools = [{ function: { name: "a", parameters: { properties: { x: odd } } } }];
      expect(countChatTokens({ messages: [], tools }, { encoding: "cl100k_base" }).tools).to.be.above(0);
    }
  });
});
