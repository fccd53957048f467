import { expect } from "chai";
import {
  countChatTokens,
  countTokens,
  countTokensDetailed,
  decode,
  encode,
  estimateTokens,
  TokenizerCache,
  truncate,
} from "../../src/tokenizer/index.js";
import { parseEncoding } from "../../src/shared/encodings.js";
import { catchM2MError } from "../helpers/catch-error.js";

describe("countTokens", () => {
  const text = "don't tokenise naïvely: ＡＢＣ, 12345";

  it("counts by encoding, by model name and by card", () => {
    expect(countTokens(text)).to.equal(encode(text).length);
    expect(countTokens(text, { encoding: "o200k_base" })).to.equal(
      encode(text, { encoding: "o200k_base" }).length,
    );
    expect(countTokensDetailed(text, { model: "gpt-4o" })).to.deep.equal({
      count: countTokens(text, { encoding: "o200k_base" }),
      exact: true,
      encoding: "o200k_base",
    });
    expect(countTokens(text, { model: { encoding: "llama" } })).to.equal(
      countTokens(text, { encoding: "llama" }),
    );
    expect(countTokensDetailed(text, { model: "gpt-4o", encoding: "llama" }).encoding).to.equal("llama");
  });

  it("estimates for tokenizers that are not here, and says so", () => {
    const claude = countTokensDetailed(text, { model: "claude-sonnet-4-5" });
    expect(claude).to.deep.equal({
      count: estimateTokens(text, { provider: "anthropic" }),
      exact: false,
      encoding: "heuristic",
    });
    expect(countTokensDetailed("", { encoding: "heuristic" })).to.deep.equal({
      count: 0,
      exact: false,
      encoding: "heuristic",
    });
  });

  it("a model is looked up in the registry that is given", () => {
    const registry = {
      get: () => ({ encoding: "llama" as const }),
      find: () => undefined,
    };
    expect(countTokensDetailed("x", { model: "mine", registry }).encoding).to.equal("llama");
    expect(catchM2MError(() => countTokens("x", { model: "no such model at all" })).code).to.equal(
      "M2M_MODEL_UNKNOWN",
    );
  });

  it("tokenizers come from the cache that is given", () => {
    const failing = new TokenizerCache(() => {
      throw new Error("asked");
    });
    expect(() => countTokens("x", { tokenizers: failing })).to.throw("asked");
  });

  it("encodes, decodes and cuts", () => {
    for (const encoding of ["cl100k_base", "o200k_base", "llama"] as const) {
      expect(decode(encode(text, { encoding }), { encoding })).to.equal(text);
      expect(truncate("one two three", 2, { encoding }).content).to.equal("one two");
    }
  });

  it("ids need a public vocabulary", () => {
    for (const run of [
      () => encode("x", { encoding: "heuristic" }),
      () => decode([1], { model: "claude-sonnet-4-5" }),
      () => truncate("x", 1, { encoding: "heuristic" }),
    ]) {
      expect(catchM2MError(run).code).to.equal("M2M_TOKENIZER_UNSUPPORTED");
    }
  });

  it("says of an encoding that there is none, or that it has no vocabulary", () => {
    const get = (name: string) =>
      catchM2MError(() => new TokenizerCache().get(name as "cl100k_base")).message;
    expect(get("zz")).to.equal('There is no encoding "zz".');
    expect(get("heuristic")).to.equal('"heuristic" has no public vocabulary.');
    const none = catchM2MError(() => countTokens("x", { encoding: "zz" as "heuristic" }));
    expect([none.code, none.message]).to.deep.equal([
      "M2M_TOKENIZER_UNSUPPORTED",
      'There is no encoding "zz".',
    ]);
  });

  it("ids that cut a character have no text", () => {
    const [first] = encode("🦙");
    expect(catchM2MError(() => decode([first])).code).to.equal("M2M_UTF8_INVALID");
  });
});

describe("options of counting", () => {
  const doors: Record<string, (options: never) => unknown> = {
    countTokens: (options) => countTokens("a", options),
    countTokensDetailed: (options) => countTokensDetailed("a", options),
    countChatTokens: (options) => countChatTokens({ messages: [] }, options),
    encode: (options) => encode("a", options),
    decode: (options) => decode([1], options),
    truncate: (options) => truncate("a", 1, options),
    estimateTokens: (options) => estimateTokens("a", options),
  };
  for (const [name, open] of Object.entries(doors)) {
    it(`${name} takes options, and nothing else`, () => {
      for (const wrong of [null, 5, "gpt-4o"])
        expect(catchM2MError(() => open(wrong as never)).code, String(wrong)).to.equal("M2M_USAGE");
    });
  }

  it("a model is a name or a card", () => {
    for (const model of [null, 5, true])
      expect(catchM2MError(() => countTokens("a", { model: model as never })).code).to.equal("M2M_USAGE");
  });

  it("what loads tables is a function", () => {
    expect(catchM2MError(() => new TokenizerCache({} as never)).code).to.equal("M2M_USAGE");
  });

  it("the name of an encoding is text", () => {
    for (const name of [undefined, null, 5, {}])
      expect(catchM2MError(() => parseEncoding(name as never)).code).to.equal("M2M_USAGE");
  });
});
