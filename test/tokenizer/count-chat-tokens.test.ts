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
      exact: false,
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

  describe("texts that are no plain message", () => {
    const LONG = " word".repeat(1000);
    const tokens = countTokens(LONG, { encoding: "o200k_base" });
    const count = (request: object) => countChatTokens({ model: "gpt-4o", ...request });
    const inMessage = (content: unknown[]) => ({
      system: "Be brief.",
      messages: [{ role: "user", content }],
    });
    const requests: Record<string, object> = {
      "a call of a custom tool": {
        messages: [
          { role: "assistant", tool_calls: [{ type: "custom", custom: { name: "f", input: LONG } }] },
        ],
      },
      "arguments that are no text": {
        messages: [{ role: "assistant", tool_calls: [{ function: { name: "f", arguments: { a: LONG } } }] }],
      },
      "a custom tool": {
        messages: [],
        tools: [{ type: "custom", custom: { name: "f", description: LONG } }],
      },
      "the grammar of a custom tool": {
        messages: [],
        tools: [
          {
            type: "custom",
            custom: { name: "f", format: { type: "grammar", grammar: { definition: LONG } } },
          },
        ],
      },
      "Responses: the grammar of a custom tool": {
        input: "x",
        tools: [{ type: "custom", name: "f", format: { type: "grammar", definition: LONG } }],
      },
      "Responses: custom_tool_call": { input: [{ type: "custom_tool_call", name: "f", input: LONG }] },
      "Responses: custom_tool_call_output": { input: [{ type: "custom_tool_call_output", output: LONG }] },
      "Responses: local_shell_call": { input: [{ type: "local_shell_call", action: { command: [LONG] } }] },
      "Responses: local_shell_call_output": { input: [{ type: "local_shell_call_output", output: LONG }] },
      "Responses: the output of mcp_call": {
        input: [{ type: "mcp_call", name: "f", arguments: "{}", output: LONG }],
      },
      "Responses: the arguments of mcp_call": { input: [{ type: "mcp_call", name: "f", arguments: LONG }] },
      "Responses: the error of mcp_call": {
        input: [{ type: "mcp_call", name: "f", error: { message: LONG } }],
      },
      "Responses: reasoning in the open": {
        input: [{ type: "reasoning", summary: [], content: [{ type: "reasoning_text", text: LONG }] }],
      },
      "Anthropic: thinking": inMessage([{ type: "thinking", thinking: LONG, signature: "s" }]),
      "Anthropic: a document of text": inMessage([
        { type: "document", source: { type: "text", data: LONG } },
      ]),
      "Anthropic: a document of parts": inMessage([
        { type: "document", source: { type: "content", content: [{ type: "text", text: LONG }] } },
      ]),
      "Anthropic: the title of a document": inMessage([
        { type: "document", title: LONG, source: { type: "text", data: "x" } },
      ]),
      "Anthropic: search_result": inMessage([
        { type: "search_result", source: "s", title: "t", content: [{ type: "text", text: LONG }] },
      ]),
      "Anthropic: mcp_tool_use": inMessage([{ type: "mcp_tool_use", name: "f", input: { a: LONG } }]),
      "Anthropic: mcp_tool_result": inMessage([
        { type: "mcp_tool_result", content: [{ type: "text", text: LONG }] },
      ]),
      "Anthropic: a document in a result": {
        messages: [
          {
            role: "user",
            content: [
              { type: "tool_result", content: [{ type: "document", source: { type: "text", data: LONG } }] },
            ],
          },
        ],
      },
      "Gemini: executableCode": {
        contents: [{ parts: [{ executableCode: { language: "PYTHON", code: LONG } }] }],
      },
      "Gemini: codeExecutionResult": { contents: [{ parts: [{ codeExecutionResult: { output: LONG } }] }] },
      "Gemini: function_call": {
        contents: [{ parts: [{ function_call: { name: "f", args: { a: LONG } } }] }],
      },
    };
    for (const [what, request] of Object.entries(requests)) {
      it(`${what}: counted, as an estimate`, () => {
        const counted = count(request);
        expect(counted).to.include({ uncountedParts: 0, exact: false });
        expect(counted.total).to.be.within(tokens, tokens + 60);
      });
    }

    it("variables of a stored prompt count, its text is not there", () => {
      const prompt = { id: "pmpt_1", variables: { a: LONG, b: { type: "input_text", text: LONG } } };
      for (const request of [{ prompt }, { prompt, input: "Hi" }]) {
        const counted = count(request);
        expect(counted).to.include({ uncountedParts: 1, exact: false });
        expect(counted.total).to.be.within(2 * tokens, 2 * tokens + 20);
      }
      const image = { id: "pmpt_1", variables: { a: { type: "input_image", file_id: "f" } } };
      expect(count({ prompt: image }).uncountedParts).to.equal(2);
    });

    it("what cannot be counted is reported", () => {
      const document = { type: "document", source: { type: "base64", data: "" } };
      for (const request of [
        inMessage([document]),
        inMessage([{ type: "tool_result", content: [document] }]),
        inMessage([{ type: "redacted_thinking", data: "x" }]),
        inMessage([{ type: "tool_result", content: [{ type: "tool_use", name: "f", input: { a: LONG } }] }]),
        { messages: [{ role: "assistant", content: "x", audio: { id: "audio_1" } }] },
        { messages: [{ role: "assistant", tool_calls: [{ type: "unheard_of", id: "x" }] }] },
        { messages: [{ role: "user", content: { text: LONG } }] },
      ])
        expect(count(request), JSON.stringify(request).slice(0, 80)).to.include({
          uncountedParts: 1,
          exact: false,
        });
    });

    it("parts within parts do not break the count, however deep", () => {
      let deep: object = { type: "text", text: LONG };
      for (let depth = 0; depth < 20_000; depth++) deep = { type: "tool_result", content: [deep] };
      expect(count(inMessage([deep]))).to.include({ uncountedParts: 1 });
    });
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
    const given = { ...alone, system: null, model: "gpt-4" };
    expect(countChatTokens(given)).to.include({ total, exact: true });
  });

  it("reads requests of Bedrock's Converse as the same chat, and marks them as estimates", () => {
    const schema = { type: "object", properties: { city: { type: "string" } } };
    const declared = { name: "weather", description: "Weather." };
    const model = "llama-3-70b";
    const chat = countChatTokens({
      model,
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Weather?" },
        { role: "assistant", tool_calls: [{ function: { name: "weather", arguments: '{"city":"Oslo"}' } }] },
        { role: "user", content: [{ text: "Rain" }, { text: '{"at":1}' }] },
      ],
      tools: [{ type: "function", function: { ...declared, parameters: schema } }],
    });
    const request = {
      modelId: `meta.llama3-70b-instruct-v1:0`,
      system: [{ text: "Be brief." }, { cachePoint: { type: "default" } }],
      messages: [
        { role: "user", content: [{ text: "Weather?" }] },
        {
          role: "assistant",
          content: [{ toolUse: { toolUseId: "t1", name: "weather", input: { city: "Oslo" } } }],
        },
        {
          role: "user",
          content: [{ toolResult: { toolUseId: "t1", content: [{ text: "Rain" }, { json: { at: 1 } }] } }],
        },
      ],
      toolConfig: {
        tools: [
          { toolSpec: { ...declared, inputSchema: { json: schema } } },
          { cachePoint: { type: "default" } },
        ],
      },
    };
    expect(countChatTokens(request)).to.deep.equal(chat);
    expect(chat).to.include({ exact: false, uncountedParts: 0, model });
    const odd = {
      toolConfig: {},
      messages: [{ role: "user", content: [{ image: {} }, null, { guardContent: 1 }] }],
    };
    expect(countChatTokens(odd)).to.include({ uncountedParts: 2, exact: false });
  });

  it("counts Llama 3 as its prompt format spells it", () => {
    // What the format is made of, each special token as the model has it.
    const spelled = (messages: readonly (readonly [string, string])[]) =>
      countTokens(
        `<|begin_of_text|>${messages
          .map(([role, text]) => `<|start_header_id|>${role}<|end_header_id|>\n\n${text}<|eot_id|>`)
          .join("")}<|start_header_id|>assistant<|end_header_id|>\n\n`,
        { encoding: "llama" },
      );
    for (const texts of [
      [["user", "hello"]],
      [
        ["system", "Be brief."],
        ["user", "\n What now? "],
        ["assistant", ""],
        ["user", "…"],
      ],
      [["user", "1 + 1\n\n"]],
    ] as const) {
      const messages = texts.map(([role, content]) => ({ role, content }));
      const counted = countChatTokens({ model: "meta-llama/Llama-3-8B-Instruct", messages });
      const total = spelled(texts.map(([role, content]) => [role, content.trim()] as const));
      expect(counted).to.include({ total, replyPriming: 4, overhead: 5 + 4 * texts.length, exact: true });
      expect(countChatTokens({ model: "llama-3.1-8b", messages })).to.include({ total, exact: false });
    }
    const hello = { role: "user", content: "hello" };
    expect(countChatTokens({ model: "llama-3-8b", messages: [hello] }).total).to.equal(11);
    const named = { messages: [{ ...hello, name: "ann" }] };
    expect(countChatTokens(named, { model: "llama-3-8b" }).total).to.equal(11);
    expect(countChatTokens(named, { encoding: "llama" })).to.include({ total: 11, exact: false });
  });

  it("is exact only where the framing of the model is published", () => {
    const messages = [user];
    const isExact = (model: string) => countChatTokens({ model, messages }).exact;
    const known = [
      "gpt-4",
      "gpt-4-turbo",
      "gpt-4o-mini",
      "gpt-4.1",
      "gpt-3.5-turbo",
      "chatgpt-4o-latest",
      "llama-3-8b",
    ];
    expect(known.map(isExact)).to.deep.equal(known.map(() => true));
    const unknown = [
      ...["gpt-oss-20b", "text-embedding-3-small", "gpt-3.5-turbo-instruct", "o3", "gpt-5", "llama-3.1-8b"],
      ...["deepseek-r1-distill-llama-70b", "claude-sonnet-4-5", "zzz-unheard-of"],
    ];
    expect(unknown.filter(isExact)).to.deep.equal([]);
    expect(countChatTokens({ messages }).exact).to.equal(false);
    expect(countChatTokens({ messages }, { model: { id: "mine", encoding } }).exact).to.equal(false);
    expect(countChatTokens({ messages }, { model: "gpt-4", encoding: "llama" }).exact).to.equal(false);
  });

  it("is exact only where everything is as the published rule has it", () => {
    const isExact = (request: object) =>
      countChatTokens({ model: "gpt-4o", messages: [user], ...request }).exact;
    const text = { type: "text", text: "Hi" };
    for (const plain of [
      {},
      { messages: [{ ...user, name: "ann", tool_calls: null, refusal: null, annotations: [] }] },
      { messages: [{ role: "user", content: [text, text] }] },
      { tools: [], functions: null, response_format: { type: "text" }, temperature: 1 },
    ])
      expect(isExact(plain), JSON.stringify(plain)).to.equal(true);
    for (const odd of [
      { messages: [null] },
      { messages: [5] },
      { messages: [{ role: 5, content: 5 }] },
      { messages: [{ role: "user" }] },
      { messages: [{ role: "user", content: null }] },
      { messages: [{ ...user, tool_calls: [null] }] },
      { messages: [{ ...user, tool_calls: 5 }] },
      { messages: [{ role: "tool", content: "Rain", tool_call_id: "call_1" }] },
      { messages: [{ role: "user", content: [null, text] }] },
      { messages: [{ role: "user", content: ["Hi"] }] },
      { tools: 5 },
      { functions: [{}] },
      { tools: [null] },
      { response_format: { type: "json_schema", json_schema: {} } },
      { web_search_options: {} },
    ])
      expect(isExact(odd), JSON.stringify(odd)).to.equal(false);
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
