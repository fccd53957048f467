import { decode } from "@toon-format/toon";
import { expect } from "chai";
import fc from "fast-check";
import { ModelRegistry } from "../../../src/models/index.js";
import { isExactNumber } from "../../../src/proxy/optimize/tool-text.js";
import {
  RequestOptimizer,
  type Optimization,
  type OptimizeRequest,
} from "../../../src/proxy/optimize/index.js";
import { OPTIMIZE_LEVELS } from "../../../src/shared/proxy-options.js";
import { countTokens } from "../../../src/tokenizer/index.js";

const registry = new ModelRegistry();
const fresh = () => new RequestOptimizer(registry);
const CHAT: OptimizeRequest = { api: "openai-chat", level: "minify", model: "gpt-4o" };
const TOON: OptimizeRequest = { ...CHAT, level: "toon" };

const optimize = (body: string, request: Partial<OptimizeRequest> = {}): Optimization =>
  fresh().optimize(body, { ...CHAT, ...request });
const drop = (body: string, request: Partial<OptimizeRequest> = {}): string =>
  optimize(body, { level: "defaults", ...request }).body;

const rows = Array.from({ length: 8 }, (_, i) => ({
  id: i,
  name: `item ${i}`,
  price: i + 0.5,
  sold: i % 2 === 0,
}));
const pretty = JSON.stringify({ rows, total: rows.length }, null, 2);
const toolMessage = (content: unknown) => ({ role: "tool", tool_call_id: "call_1", content });
const call = {
  role: "assistant",
  content: null,
  tool_calls: [{ id: "call_1", type: "function", function: { name: "f", arguments: '{ "a" : 1 }' } }],
};

describe("the level defaults", () => {
  it("takes time in proportion to the request, whatever stands in it how often", () => {
    const body = `{"messages":[]${',"n":1'.repeat(200_000)}}`;
    expect(drop(body)).to.equal(body);
  }).timeout(10_000);

  it("drops what the API has by default, and leaves the rest byte for byte", () => {
    expect(
      drop(
        '{ "temperature" : 1.0, "model":"gpt-4o" ,"n":1,\n"messages":[ ] , "top_p":1, "seed":7e0,"stop":null }',
      ),
    ).to.equal('{ "model":"gpt-4o",\n"messages":[ ], "seed":7e0 }');
    expect(drop('{"n":1,"stream":false}')).to.equal("{}");
    expect(drop('{"n":1,"a":2,"stream":false,"logprobs":false,"b":3}')).to.equal('{"a":2,"b":3}');
    expect(drop('{"a":2,"presence_penalty":-0.0,"frequency_penalty":0}')).to.equal('{"a":2}');
  });

  it("says which, and that no tokens are saved by it", () => {
    const { changes, tokensSaved, usdSaved } = optimize('{"n":1,"stream":false,"model":"gpt-4o"}', {
      level: "defaults",
    });
    expect(changes).to.deep.equal([
      { pointer: "/n", how: "drop", tokensSaved: 0 },
      { pointer: "/stream", how: "drop", tokensSaved: 0 },
    ]);
    expect([tokensSaved, usdSaved]).to.deep.equal([0, 0]);
  });

  it("keeps what is no default, and what stands there twice", () => {
    for (const body of [
      ...['{"n":2}', '{"temperature":0}', '{"stream":true}', '{"stop":["a"]}', '{"logit_bias":{"1":2}}'],
      ...['{"n":1,"n":2}', '{"messages":[{"n":1}]}', '{"max_tokens":16}', '{"parallel_tool_calls":true}'],
    ]) {
      expect(drop(body), body).to.equal(body);
    }
  });

  it("drops sampling parameters only where the provider's defaults are known", () => {
    const body = '{"temperature":1,"top_p":1}';
    expect(drop(body)).to.equal("{}");
    expect(drop(body, { model: "llama-3.1-70b" })).to.equal(body);
    expect(drop(body, { model: "my-deployment" })).to.equal(body);
    expect(drop(body, { model: undefined })).to.equal(body);
    // An open model of OpenAI's is served by others.
    expect(drop(body, { model: "openai/gpt-oss-20b" })).to.equal(body);
    // A stored prompt may have its own.
    const prompt = '{"prompt":{"id":"pmpt_1"},"temperature":1,"stream":false}';
    expect(drop(prompt, { api: "openai-responses" })).to.equal('{"prompt":{"id":"pmpt_1"},"temperature":1}');
    const anthropic = { api: "anthropic-messages", model: "claude-sonnet-4-5" } as const;
    expect(drop(body, anthropic)).to.equal('{"top_p":1}');
    expect(drop('{"temperature":1,"n":1,"stream":false}', { ...anthropic, model: "gpt-4o" })).to.equal(
      '{"temperature":1,"n":1}',
    );
  });

  it("knows each API's own", () => {
    expect(drop('{"encoding_format":"float","input":"a"}', { api: "openai-embeddings" })).to.equal(
      '{"input":"a"}',
    );
    expect(drop('{"encoding_format":"base64"}', { api: "openai-embeddings" })).to.equal(
      '{"encoding_format":"base64"}',
    );
    expect(drop('{"logprobs":false}', { api: "openai-completions" })).to.equal('{"logprobs":false}');
    expect(
      drop('{"truncation":"disabled","background":false,"store":true}', { api: "openai-responses" }),
    ).to.equal('{"store":true}');
    expect(drop('{"n":1}', { api: "other" })).to.equal('{"n":1}');
  });
});

describe("the level minify", () => {
  it("takes the whitespace out of JSON that a tool told, and nothing else", () => {
    const body = `{"model": "gpt-4o", "messages": [${JSON.stringify(call)}, ${JSON.stringify(toolMessage(pretty))} ]}`;
    const { body: made, changes, tokensSaved, usdSaved } = optimize(body);
    const minified = JSON.stringify({ rows, total: rows.length });
    expect(made).to.equal(body.replace(JSON.stringify(pretty), JSON.stringify(minified)));
    const saved = countTokens(pretty, { model: "gpt-4o" }) - countTokens(minified, { model: "gpt-4o" });
    expect(changes).to.deep.equal([{ pointer: "/messages/1/content", how: "minify", tokensSaved: saved }]);
    expect(tokensSaved).to.equal(saved);
    const price = registry.get("gpt-4o").price?.inputUsdPerMillion as number;
    expect(usdSaved).to.be.closeTo((saved * price) / 1e6, 1e-12);
  });

  it("keeps the spelling of numbers, escapes in strings, and members that are told twice", () => {
    const content = '{ "a" : 1.0, "b" : 12345678901234567890, "c": 1E+2, "d": "\\u00e9  \\/", "a" : -0 }';
    const { messages } = JSON.parse(optimize(JSON.stringify({ messages: [toolMessage(content)] })).body);
    expect(messages[0].content).to.equal(
      '{"a":1.0,"b":12345678901234567890,"c":1E+2,"d":"\\u00e9  \\/","a":-0}',
    );
  });

  it("finds what tools told in each API", () => {
    const chat = {
      messages: [
        { role: "function", name: "f", content: pretty },
        toolMessage([{ type: "text", text: pretty }]),
      ],
    };
    expect(pointersOf(chat)).to.deep.equal(["/messages/0/content", "/messages/1/content/0/text"]);
    const responses = {
      input: [
        { type: "function_call_output", call_id: "c", output: pretty },
        { type: "custom_tool_call_output", call_id: "c", output: [{ type: "input_text", text: pretty }] },
        { type: "function_call", call_id: "c", name: "f", arguments: pretty },
        { type: "message", role: "user", content: pretty },
      ],
    };
    expect(pointersOf(responses, "openai-responses")).to.deep.equal([
      "/input/0/output",
      "/input/1/output/0/text",
    ]);
    const anthropic = {
      messages: [
        { role: "assistant", content: [{ type: "tool_use", id: "t", name: "f", input: { x: pretty } }] },
        {
          role: "user",
          content: [
            { type: "tool_result", tool_use_id: "t", content: pretty },
            {
              type: "tool_result",
              tool_use_id: "t",
              content: [{ type: "text", text: pretty }, { type: "image" }],
            },
            { type: "text", text: pretty },
          ],
        },
      ],
    };
    expect(pointersOf(anthropic, "anthropic-messages")).to.deep.equal([
      "/messages/1/content/0/content",
      "/messages/1/content/1/content/0/text",
    ]);
    expect(pointersOf(anthropic, "other")).to.deep.equal([]);
  });

  it("leaves alone what people and models said, calls, and ids", () => {
    const untouched = [
      {
        messages: [
          { role: "user", content: pretty },
          { role: "assistant", content: pretty },
          { role: "system", content: pretty },
          call,
        ],
      },
      {
        messages: [
          toolMessage("no JSON,  only words"),
          toolMessage("[not JSON"),
          toolMessage('"  "'),
          toolMessage(" 12 "),
        ],
      },
      { messages: [toolMessage(null), toolMessage(7), toolMessage({ text: pretty }), null, [], "x"] },
      { messages: { role: "tool", content: pretty } },
      { tools: [{ type: "function", function: { description: pretty } }], system: pretty },
    ];
    for (const value of untouched) {
      const body = JSON.stringify(value, null, 1);
      expect(optimize(body, TOON).body).to.equal(body);
    }
  });

  it("makes the same of a tool's result whether it is marked for the provider's cache or not: marks move on", () => {
    const mark = { cache_control: { type: "ephemeral" } };
    const bodyOf = (content: unknown, marks: object) => {
      const blocks = [{ type: "tool_result", tool_use_id: "t", content, ...marks }];
      const body = JSON.stringify({ messages: [{ role: "user", content: blocks }] });
      return optimize(body, { api: "anthropic-messages", level: "toon" }).body;
    };
    const text = { type: "text", text: pretty };
    const small = bodyOf(pretty, {});
    expect(small.length).to.be.below(pretty.length);
    const marked = JSON.stringify(mark).slice(1, -1);
    expect(bodyOf(pretty, mark)).to.equal(small.replace("}]}]}", `,${marked}}]}]}`));
    expect(bodyOf([{ ...text, ...mark }], {})).to.equal(
      bodyOf([text], {}).replace("}]}]}]}", `,${marked}}]}]}]}`),
    );
  });

  it("makes the same of it however deep another value is", () => {
    const deep = "[".repeat(500) + "]".repeat(500);
    const tool = JSON.stringify(toolMessage(pretty));
    const { body } = optimize(`{"messages":[${tool}]}`);
    expect(optimize(`{"messages":[${tool},{"role":"user","x":${deep}}]}`).body).to.equal(
      body.replace("]}", `,{"role":"user","x":${deep}}]}`),
    );
  });

  it("touches nothing that can be read in two ways", () => {
    const tool = JSON.stringify(pretty);
    for (const body of [
      `{"messages":[{"role":"user","role":"tool","content":${tool}}]}`,
      `{"messages":[{"role":"tool","content":"a","content":${tool}}]}`,
      `{"messages":[],"messages":[{"role":"tool","content":${tool}}]}`,
    ]) {
      expect(optimize(body).body).to.equal(body);
    }
    // An escaped name is the same name.
    const escaped = `{"messages":[{"\\u0072ole":"tool","content":${tool}}]}`;
    expect(optimize(escaped).changes).to.have.length(1);
  });
});

describe("the level toon", () => {
  it("writes tables where they read back as the same value with fewer tokens", () => {
    const body = JSON.stringify({ model: "gpt-4o", messages: [call, toolMessage(pretty)] });
    const { body: made, changes } = optimize(body, TOON);
    const told = JSON.parse(made).messages[1].content as string;
    expect(told).to.match(/^rows\[8\]\{id,name,price,sold\}:\n/);
    expect(decode(told)).to.deep.equal(JSON.parse(pretty));
    expect(changes).to.deep.equal([
      {
        pointer: "/messages/1/content",
        how: "toon",
        tokensSaved: countTokens(pretty, { model: "gpt-4o" }) - countTokens(told, { model: "gpt-4o" }),
      },
    ]);
    expect(changes[0].tokensSaved).to.be.greaterThan(optimize(body).tokensSaved);
  });

  it("falls back to JSON without whitespace where the value would not be the same, or there is no table", () => {
    const howOf = (content: string) =>
      optimize(JSON.stringify({ messages: [toolMessage(content)] }), TOON).changes.map(({ how }) => how);
    const table = (value: string) =>
      `[${Array.from({ length: 8 }, () => `{ "alpha": ${value}, "beta": "x y" }`).join(", ")}]`;
    expect(howOf(table("1"))).to.deep.equal(["toon"]);
    expect(howOf(table("10.0"))).to.deep.equal(["toon"]);
    expect(howOf(table("12345678901234567890"))).to.deep.equal(["minify"]);
    expect(howOf(table("-0"))).to.deep.equal(["minify"]);
    expect(howOf(table("1e400"))).to.deep.equal(["minify"]);
    expect(howOf(table('1, "alpha": 2'))).to.deep.equal(["minify"]);
    expect(howOf(table("[1]"))).to.deep.equal(["minify"]);
    expect(howOf(JSON.stringify({ a: { b: [1, 2, 3] }, c: "d" }, null, 2))).to.deep.equal(["minify"]);
    expect(howOf(`[{"a":${"[".repeat(40)}${"]".repeat(40)}}]`)).to.deep.equal([]);
  });

  it("knows when a double holds a decimal", () => {
    for (const exact of [
      "0",
      "10",
      "10.0",
      "1e2",
      "1E+2",
      "0.1",
      "-1.50",
      "123456789012345",
      "5e-324",
      "0.000",
      "1e21",
    ]) {
      expect(isExactNumber(exact), exact).to.equal(true);
    }
    for (const not of [
      "12345678901234567890",
      "0.1234567890123456789",
      "1e400",
      "1e-400",
      "9007199254740993",
    ]) {
      expect(isExactNumber(not), not).to.equal(false);
    }
  });
});

describe("an optimized request", () => {
  const scalar = fc.oneof(
    fc.constantFrom<unknown>(
      null,
      true,
      0,
      -1.5,
      1e21,
      12345678,
      "",
      " ",
      "a,b",
      "1",
      "true",
      "- x",
      "é😀",
      "a\nb",
      '"',
      "\\",
    ),
    fc.string(),
  );
  const value = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      scalar,
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(fc.oneof(fc.constantFrom("a", "b c", "__proto__", "1"), fc.string()), tie("value"), {
        maxKeys: 3,
      }),
      fc
        .tuple(
          fc.uniqueArray(fc.constantFrom("id", "name", "a b", "x:y"), { minLength: 1 }),
          fc.integer({ min: 2, max: 6 }),
        )
        .chain(([names, count]) =>
          fc
            .array(fc.tuple(...names.map(() => scalar)), { minLength: count, maxLength: count })
            .map((table) => table.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]])))),
        ),
    ),
  })).value;
  const content = fc
    .tuple(value, fc.constantFrom(0, 1, 2))
    .map(([json, indent]) => JSON.stringify(json, null, indent));
  const message = fc.oneof(
    content.map(toolMessage),
    content.map((text) =>
      toolMessage([
        { type: "text", text },
        { type: "text", text: "words" },
      ]),
    ),
    fc.constantFrom(call, { role: "user", content: "Hi" }, { role: "user", content: pretty }),
    fc.string().map(toolMessage),
  );
  const requests = fc.record({
    messages: fc.array(message, { maxLength: 5 }),
    temperature: fc.constantFrom(0, 1),
    n: fc.constantFrom(1, 2),
  });
  const levels = fc.constantFrom(...OPTIMIZE_LEVELS);

  it("is JSON, has its other bytes, and saves what it says", () => {
    fc.assert(
      fc.property(requests, levels, fc.constantFrom(0, 2), (request, level, indent) => {
        const before = JSON.stringify(request, null, indent);
        const { body, changes, tokensSaved } = optimize(before, { level });
        const after = JSON.parse(body) as { messages: { content: unknown }[] };
        let expected = 0;
        request.messages.forEach((message, i) => {
          expect({ ...after.messages[i], content: 0 }).to.deep.equal({ ...message, content: 0 });
          const told = textsOf(message.content);
          const tells = textsOf(after.messages[i].content);
          expect(tells.length).to.equal(told.length);
          told.forEach((text, at) => {
            if (tells[at] === text) return;
            expect(message.role).to.equal("tool");
            const read = isJson(tells[at]) ? JSON.parse(tells[at]) : decode(tells[at]);
            expect(read).to.deep.equal(JSON.parse(text));
            expected += countTokens(text, { model: "gpt-4o" }) - countTokens(tells[at], { model: "gpt-4o" });
          });
        });
        expect(tokensSaved).to.equal(expected);
        if (changes.length === 0) expect(body).to.equal(before);
      }),
      { numRuns: 300 },
    );
  });

  it("is optimized no further", () => {
    fc.assert(
      fc.property(requests, levels, (request, level) => {
        const once = optimize(JSON.stringify(request, null, 1), { level }).body;
        const twice = optimize(once, { level });
        expect(twice.body).to.equal(once);
        expect(twice.changes).to.deep.equal([]);
      }),
      { numRuns: 300 },
    );
  });

  it("sends earlier turns as before, whatever follows, from whatever process", () => {
    const shared = fresh();
    fc.assert(
      fc.property(
        requests,
        fc.array(message, { minLength: 1, maxLength: 3 }),
        levels,
        (request, more, level) => {
          const options = { ...CHAT, level };
          const turn = (messages: unknown[]) => `{"model":"gpt-4o","messages":${JSON.stringify(messages)}}`;
          const first = shared.optimize(turn(request.messages), options).body;
          const next = fresh().optimize(turn([...request.messages, ...more]), options).body;
          expect(next.startsWith(first.slice(0, -2))).to.equal(true);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("is the request itself if it cannot be read", () => {
    for (const body of [
      "",
      "{",
      "[]",
      "7",
      '{"messages":[}',
      `${"[".repeat(50)}${"]".repeat(50)}`,
      '{"a":"\u0001"}',
    ]) {
      const result = optimize(body, TOON);
      expect(result.body, body).to.equal(body);
      expect(result.note, body).to.be.a("string");
    }
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'{}[]":,\\ \n1eat'.split("")) }), (text) => {
        const tool = JSON.stringify({ messages: [toolMessage(text)] });
        for (const body of [text, tool]) expect(optimize(body, TOON).body).to.be.a("string");
      }),
    );
    const lone = '{"messages":[{"role":"tool","content":"{ \\"a\\": \\"\\ud800\\" }"}]}';
    expect(optimize(lone).body).to.equal(lone);
  });

  it("has no text of megabytes counted, which would hold up all others", () => {
    const body = (items: number) =>
      JSON.stringify({ messages: [toolMessage(JSON.stringify(Array(items).fill("word"), null, 2))] });
    expect(optimize(body(1000)).changes).to.have.length(1);
    expect(optimize(body(100_000)).changes).to.have.length(0);
  });

  it("is the same from a memory that is full", () => {
    const small = new RequestOptimizer(registry, { memoryBytes: 2000 });
    const body = (i: number) =>
      JSON.stringify({ messages: [toolMessage(JSON.stringify({ i, a: [1, 2] }, null, 2))] });
    for (const i of [1, 2, 3, 1, 2, 3, 1])
      expect(small.optimize(body(i), CHAT)).to.deep.equal(optimize(body(i)));
  });
});

function pointersOf(value: object, api: OptimizeRequest["api"] = "openai-chat"): string[] {
  return optimize(JSON.stringify(value), { api }).changes.map(({ pointer }) => pointer);
}

function textsOf(content: unknown): string[] {
  if (typeof content === "string") return [content];
  return Array.isArray(content) ? (content as { text: string }[]).map(({ text }) => text) : [];
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
