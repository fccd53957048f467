import { expect } from "chai";
import fc from "fast-check";
import { optimizeRequest } from "../../../src/codec/t1/index.js";
import { FormatError, LimitError } from "../../../src/shared/errors.js";
import { minifyJsonText } from "../../../src/shared/json-text.js";
import { randomJsonText } from "./random-json.js";

const DEFAULTS: Record<string, unknown> = {
  temperature: 1,
  top_p: 1,
  n: 1,
  stream: false,
  frequency_penalty: 0,
  presence_penalty: 0,
  logit_bias: {},
  stop: null,
  logprobs: false,
};

const withMessages = (members: string): string => `{"messages":[],${members}}`;

describe("codec/t1 optimizeRequest", () => {
  it("drops every default, wherever it stands", () => {
    const members = Object.entries(DEFAULTS).map(([key, value]) => `"${key}": ${JSON.stringify(value)}`);
    expect(optimizeRequest(`{${members.join(" , ")}, "messages" : [ ] }`)).to.equal('{"messages":[]}');
    expect(optimizeRequest(`{"model":"a","messages":[], ${members.join(",")}}`)).to.equal(
      '{"model":"a","messages":[]}',
    );
    for (const member of members) {
      expect(optimizeRequest(`{${member},"messages":[],"x":1}`)).to.equal('{"messages":[],"x":1}');
    }
  });

  it("takes numbers by value", () => {
    for (const one of ["1", "1.0", "1.000", "1e0", "1.0E+00", "1e-0"]) {
      expect(optimizeRequest(withMessages(`"temperature":${one}`)), one).to.equal('{"messages":[]}');
    }
    for (const zero of ["0", "0.0", "-0", "-0.0", "0e5", "0.00E-7"]) {
      expect(optimizeRequest(withMessages(`"frequency_penalty":${zero}`)), zero).to.equal('{"messages":[]}');
    }
  });

  it("keeps everything else", () => {
    for (const member of [
      '"temperature":0.7',
      '"temperature":1.1',
      '"temperature":10',
      '"temperature":1e1',
      '"temperature":1.00000000000000000001',
      '"temperature":"1"',
      '"temperature":true',
      '"temperature":null',
      '"temperature":0',
      '"frequency_penalty":0.1',
      '"frequency_penalty":false',
      '"stream":true',
      '"stream":null',
      '"stream":0',
      '"logit_bias":{"1":2}',
      '"logit_bias":[]',
      '"stop":[]',
      '"stop":"null"',
      '"logprobs":true',
      '"seed":null',
      '"max_tokens":1',
      '"metadata":{"temperature":1,"stream":false}',
      '"~temperature":1',
      '"__proto__":1',
    ]) {
      expect(optimizeRequest(withMessages(member)), member).to.equal(withMessages(member));
    }
  });

  it("keeps a key that occurs more than once, however it is spelled", () => {
    for (const members of [
      '"temperature":1,"temperature":0.5',
      '"temperature":0.5,"temperature":1',
      '"n":1,"n":1',
      '"n":1,"\\u006e":2',
    ]) {
      expect(optimizeRequest(withMessages(members))).to.equal(withMessages(members));
    }
  });

  it("touches only chat requests", () => {
    for (const text of [
      '{"temperature":1,"stream":false}',
      '{"messages":"x","temperature":1}',
      '{"messages":{},"temperature":1}',
      '[{"messages":[],"temperature":1}]',
      '{"request":{"messages":[],"temperature":1}}',
      '{"choices":[],"n":1}',
      "1",
    ]) {
      expect(optimizeRequest(text)).to.equal(text);
    }
  });

  it("minifies, and refuses what is no JSON or too deep", () => {
    expect(optimizeRequest(' { "a" : 1 } ')).to.equal('{"a":1}');
    expect(() => optimizeRequest("{"))
      .to.throw(FormatError)
      .include({ code: "M2M_JSON_INVALID", offset: 1 });
    expect(() => optimizeRequest("[[]]", { maxJsonDepth: 1 })).to.throw(LimitError);
  });

  it("says the same request: what is missing is a default", () => {
    fc.assert(
      fc.property(randomJsonText(), (text) => {
        const before = JSON.parse(text) as unknown;
        const optimized = optimizeRequest(text);
        if (typeof before !== "object" || before === null || Array.isArray(before)) {
          expect(optimized).to.equal(minifyJsonText(text));
          return;
        }
        const after = JSON.parse(optimized) as Record<string, unknown>;
        for (const [key, value] of Object.entries(before)) {
          // As text, where -0 is 0.
          const found = JSON.stringify(Object.hasOwn(after, key) ? after[key] : DEFAULTS[key]);
          expect(found, key).to.equal(JSON.stringify(value));
        }
        expect(optimizeRequest(optimized)).to.equal(optimized);
      }),
      { numRuns: 1000 },
    );
  });
});
