import { expect } from "chai";
import fc from "fast-check";
import {
  apiOf,
  dialectOf,
  findMembers,
  injectIncludeUsage,
  parseSlice,
  readRequestHead,
} from "../../../src/proxy/providers/index.js";

const head = (json: string) => readRequestHead(Buffer.from(json));
const inject = (json: string, api: "openai-chat" | "openai-responses" = "openai-chat") =>
  injectIncludeUsage(api, Buffer.from(json))?.toString();

describe("apiOf", () => {
  it("knows the APIs by method and path", () => {
    expect(apiOf("POST", "/v1/chat/completions")).to.equal("openai-chat");
    expect(apiOf("POST", "/v1/completions?x=1")).to.equal("openai-completions");
    expect(apiOf("POST", "/v1/embeddings")).to.equal("openai-embeddings");
    expect(apiOf("POST", "/v1/responses")).to.equal("openai-responses");
    expect(apiOf("POST", "/v1/messages?beta=true")).to.equal("anthropic-messages");
  });

  it("knows them however a lenient server may read their paths", () => {
    for (const path of [
      ...[
        "/v1/chat/completions/",
        "/v1//chat/completions",
        "/v1/chat///completions//",
        "/v1/chat/completion%73",
      ],
      ...[
        "/v1/chat%2Fcompletions",
        "/v1/%63hat/completions?x=1",
        "/v1/chat/completion%2573",
        "/V1/Chat/Completions",
      ],
      ...[
        "/v1/chat/completions;a=b",
        "/v1/chat;x/completions",
        "/v1/chat/completions%20",
        "/v1/chat%5Ccompletions",
      ],
    ]) {
      expect(apiOf("POST", path), path).to.equal("openai-chat");
    }
    expect(apiOf("POST", "/v1/messages/")).to.equal("anthropic-messages");
  });

  it("takes nothing else for one of them", () => {
    expect(apiOf("GET", "/v1/chat/completions")).to.equal("other");
    for (const path of [
      ...["/v1/threads/t/messages", "/v1/responses/r", "/v1/messages/count_tokens", "/v1/messages/batches"],
      ...["/v1/audio/speech", "/chat/completions", "/v1/../v1/chat/completions", "", "?/v1/messages"],
    ]) {
      expect(apiOf("POST", path), path).to.equal("other");
    }
  });

  it("chooses shapes by the API, then by the client's headers", () => {
    const anthropic = { "anthropic-version": "2026-10-21" };
    expect(dialectOf("anthropic-messages")).to.equal("anthropic");
    expect(dialectOf("other", anthropic)).to.equal("anthropic");
    expect(dialectOf("other")).to.equal("openai");
    expect(dialectOf("openai-chat", anthropic)).to.equal("openai");
  });
});

describe("findMembers", () => {
  const key = fc.constantFrom("model", "stream", "messages", "a", 'q"', "\\", "é", "");
  const json = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom(
        null,
        true,
        false,
        0,
        -1.5e10,
        "",
        "a",
        'say "hi"',
        "\\",
        '\\"',
        '{"model":"no"}',
        "x".repeat(60),
      ),
      fc.string(),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(key, tie("value"), { maxKeys: 4 }),
    ),
  })).value;
  const objects = fc.dictionary(key, json, { maxKeys: 6 });

  it("finds what JSON.parse finds, also with whitespace and other spellings of keys", () => {
    fc.assert(
      fc.property(objects, fc.constantFrom(0, 2), fc.boolean(), (value, indent, escaped) => {
        let text = JSON.stringify(value, null, indent);
        if (escaped) text = text.replaceAll("model", "mod\\u0065l");
        const bytes = Buffer.from(text);
        const names = ["model", "stream", "messages", "é", 'q"'] as const;
        const found = findMembers(bytes, names.slice(0, 3));
        const parsed = JSON.parse(text) as Record<string, unknown>;
        for (const name of names.slice(0, 3)) {
          expect(parseSlice(bytes, found?.[name]), name).to.deep.equal(parsed[name]);
          expect(found?.[name] !== undefined, name).to.equal(Object.hasOwn(parsed, name));
        }
      }),
    );
  });

  it("takes the last of duplicate members, as JSON.parse does", () => {
    expect(head('{"model":"a","stream":true,"model":"b","stream":false}')).to.deep.equal({
      model: "b",
      stream: false,
      includesUsage: false,
    });
  });

  it("takes a slice of exactly the value", () => {
    const bytes = Buffer.from(' {\n "a" : { "b" : [ 1 , 2 ] } ,\t"c":12 }x');
    const found = findMembers(bytes, ["a", "c"]);
    const slice = (name: "a" | "c") => bytes.toString("utf8", found?.[name]?.start, found?.[name]?.end);
    expect([slice("a"), slice("c")]).to.deep.equal(['{ "b" : [ 1 , 2 ] }', "12"]);
  });

  it("says nothing of malformed text, and never throws or hangs", () => {
    for (const text of [
      "",
      "[]",
      "null",
      "{",
      '{"model"',
      '{"model":',
      '{"model":"a"',
      '{"model":"a\\"}',
      "{,}",
      '{"a" 1}',
    ]) {
      expect(head(text), text).to.deep.equal({ model: undefined, stream: false, includesUsage: false });
    }
    fc.assert(fc.property(fc.uint8Array(), (bytes) => void readRequestHead(Buffer.from(bytes))));
    expect(head(`{"a":${"[".repeat(100_000)}${"]".repeat(100_000)},"model":"m"}`).model).to.equal("m");
    expect(head(`{"a":"${'\\"'.repeat(100_000)}","model":"m"}`).model).to.equal("m");
  });
});

describe("readRequestHead", () => {
  it("reads model, stream and include_usage", () => {
    expect(
      head(
        '{"messages":[{"model":"no"}],"model":"gpt-4o","stream":true,"stream_options":{"include_usage":true}}',
      ),
    ).to.deep.equal({ model: "gpt-4o", stream: true, includesUsage: true });
    expect(head('{"model":"grüße\\n","stream":"true","stream_options":null}')).to.deep.equal({
      model: "grüße\n",
      stream: false,
      includesUsage: false,
    });
    expect(head('{"model":7}').model).to.equal(undefined);
  });
});

describe("injectIncludeUsage", () => {
  it("asks for usage in place, whatever stands there", () => {
    expect(inject('{ "stream": true , "x": 1.0 }')).to.equal(
      '{ "stream": true,"stream_options":{"include_usage":true} , "x": 1.0 }',
    );
    expect(inject('{"stream":true,"stream_options":null}')).to.equal(
      '{"stream":true,"stream_options":{"include_usage":true}}',
    );
    expect(inject('{"stream":true,"stream_options":{ }}')).to.equal(
      '{"stream":true,"stream_options":{"include_usage":true }}',
    );
    expect(inject('{"stream":true,"stream_options":{"a":1}}')).to.equal(
      '{"stream":true,"stream_options":{"include_usage":true,"a":1}}',
    );
    expect(inject('{"stream_options":{"include_usage": false},"stream":true}')).to.equal(
      '{"stream_options":{"include_usage": true},"stream":true}',
    );
  });

  it("leaves alone what needs no asking", () => {
    for (const json of [
      '{"stream":false}',
      "{}",
      '{"stream":true,"stream_options":{"include_usage":true}}',
      "{",
      "[]",
    ]) {
      expect(inject(json), json).to.equal(undefined);
    }
    expect(inject('{"stream":true}', "openai-responses")).to.equal(undefined);
  });
});
