import { expect } from "chai";
import { CodecEngine, detect, peekFrame } from "../../src/codec/index.js";
import { ModelRegistry } from "../../src/models/index.js";
import { SecurityScanner } from "../../src/security/index.js";
import { Session } from "../../src/session/index.js";
import {
  countTokens,
  countTokensDetailed,
  decode,
  encode,
  estimateTokens,
  truncate,
} from "../../src/tokenizer/index.js";
import {
  connectAiTcp,
  formatIdentity,
  nodeCrypto,
  parseIdentity,
  TrustPolicy,
} from "../../src/transport/index.js";
import { M2MError } from "../../src/shared/errors.js";

const WRONG: readonly unknown[] = [undefined, null, 5, {}, true, Symbol("x")];

/** Programs without types: what they give by mistake is named, and is no defect of this package. */
const DOORS: Readonly<Record<string, (wrong: never) => unknown>> = {
  countTokens: (wrong) => countTokens(wrong),
  "countTokens of an estimate": (wrong) => countTokens(wrong, { encoding: "heuristic" }),
  countTokensDetailed: (wrong) => countTokensDetailed(wrong),
  encode: (wrong) => encode(wrong),
  decode: (wrong) => decode(wrong),
  truncate: (wrong) => truncate(wrong, 5),
  estimateTokens: (wrong) => estimateTokens(wrong),
  detect: (wrong) => detect(wrong),
  peekFrame: (wrong) => peekFrame(wrong),
  compress: (wrong) => new CodecEngine().compress(wrong),
  decompress: (wrong) => new CodecEngine().decompress(wrong),
  optimize: (wrong) => new CodecEngine().optimize(wrong),
  route: (wrong) => new CodecEngine().route(wrong),
  analyze: (wrong) => new CodecEngine().analyze(wrong),
  scan: (wrong) => new SecurityScanner({ detector: "rules" }).scan(wrong),
  "Session.receive": (wrong) => new Session({ role: "responder" }).receive(wrong),
  "ModelRegistry.find": (wrong) => new ModelRegistry().find(wrong),
  "ModelRegistry.get": (wrong) => new ModelRegistry().get(wrong),
  "ModelRegistry.search": (wrong) => new ModelRegistry().search(wrong),
  "ModelRegistry.suggest": (wrong) => new ModelRegistry().suggest(wrong),
  formatIdentity: (wrong) => formatIdentity(wrong),
};

async function codeOf(run: () => unknown): Promise<string> {
  try {
    await run();
    return "none";
  } catch (error) {
    return error instanceof M2MError ? error.code : `no M2MError: ${String(error)}`;
  }
}

describe("the doors of the library", () => {
  for (const [name, open] of Object.entries(DOORS)) {
    it(`${name} says what it takes`, async () => {
      for (const wrong of WRONG)
        expect(await codeOf(() => open(wrong as never)), String(wrong)).to.equal("M2M_USAGE");
    });
  }

  it("options are an object", async () => {
    for (const wrong of [null, 5, "x"] as never[]) {
      const opened = [
        () => new CodecEngine(wrong),
        () => new SecurityScanner(wrong),
        () => new TrustPolicy(wrong),
      ];
      for (const open of [...opened, () => new CodecEngine().compress("x", wrong)]) {
        expect(await codeOf(open)).to.equal("M2M_USAGE");
      }
    }
  });

  it("a text is cut to a number of tokens, and to no other thing", async () => {
    for (const wrong of [undefined, NaN, -1, "3", null]) {
      expect(await codeOf(() => truncate("a text", wrong as number))).to.equal("M2M_USAGE");
    }
    expect(truncate("a text", 0).content).to.equal("");
    expect(truncate("a text", Infinity).content).to.equal("a text");
    expect(truncate("a text", 1.9).tokenCount).to.equal(1);
  });

  it("identities are read from text and trusted as bytes", async () => {
    for (const wrong of WRONG)
      expect(await codeOf(() => parseIdentity(wrong as string))).to.equal("M2M_KEY_INVALID");
    const crypto = nodeCrypto();
    const key = new Uint8Array(32);
    const text = formatIdentity(key);
    for (const keys of [
      [text],
      text,
      key,
      [new Uint8Array(3)],
      new Set([text]),
      5,
      null,
    ] as unknown as Uint8Array[][]) {
      expect(await codeOf(() => new TrustPolicy({ crypto, pinned: keys }))).to.equal("M2M_USAGE");
      expect(await codeOf(() => new TrustPolicy({ crypto, organisations: keys }))).to.equal("M2M_USAGE");
    }
    for (const keys of [[], [key], new Set([key]), new Map([[text, key]]).values()])
      new TrustPolicy({ crypto, pinned: keys });
    expect(await codeOf(() => connectAiTcp("aitcp://127.0.0.1:1", null as never))).to.equal("M2M_USAGE");
  });
});
