import { expect } from "chai";
import fc from "fast-check";
import { FEATURES } from "../../../src/security/fusion/index.js";
import { FUSION_FEATURE_COUNT, parseConfig } from "../../../src/security/hydra/config.js";
import { readWeights } from "../../../src/security/hydra/weights.js";
import { M2MError } from "../../../src/shared/errors.js";
import { catchM2MError } from "../../helpers/catch-error.js";
import { writeSafetensors } from "../../helpers/safetensors.js";
import { OWN_SHAPE, PUBLISHED_SHAPE, randomTensors } from "./random-model.js";

const published = readWeights(writeSafetensors(randomTensors(PUBLISHED_SHAPE, 1)));
const own = readWeights(writeSafetensors(randomTensors(OWN_SHAPE, 1)));
const parse = (config: unknown, weights = own) => parseConfig(Buffer.from(JSON.stringify(config)), weights);

const screenOf = (hidden: number, branch: number) => ({
  bias: 1,
  length: -0.5,
  threshold: -2,
  margin: 2,
  embed: Array.from({ length: hidden }, (_, index) => index / 8),
  ngram: Array.from({ length: branch }, () => 1),
});
const layer = (coefficient = 1, bias = 0, count = 8) => ({
  bias,
  coefficients: Array.from({ length: count }, () => coefficient),
});

describe("config.json", () => {
  it("may be absent: then it is the published model with the sizes of the tensors", () => {
    expect(parseConfig(undefined, published)).to.deep.equal({
      vocabSize: 300,
      hiddenSize: 24,
      layerCount: 2,
      expertCount: 4,
      topK: 2,
      layerNormEpsilon: 1e-5,
      tokenizer: { type: "bytes", framed: true },
      windows: [{ tokens: 512, stride: 256 }],
      ngram: undefined,
      labels: {
        security: ["SAFE", "UNSAFE"],
        compression: ["NONE", "BPE", "BROTLI", "ZLIB"],
        threat: undefined,
      },
      fusion: undefined,
      screen: undefined,
    });
  });

  it("states what the tensors do not", () => {
    const config = parse({
      top_k: 3,
      layer_norm_eps: 1e-6,
      tokenizer: { type: "wordpiece", vocab: "pieces.txt" },
      windows: [{ tokens: 128, stride: 32 }],
      ngram: { buckets: 512, orders: [1, 2, 3], pooling: "mean" },
      labels: {
        security: ["UNSAFE", "SAFE"],
        threat: ["A", "B", "SAFE", "C"],
        compression: ["W", "X", "Y", "Z"],
      },
    });
    expect(config).to.deep.include({
      topK: 3,
      layerNormEpsilon: 1e-6,
      tokenizer: { type: "wordpiece", vocabulary: "pieces.txt" },
      windows: [{ tokens: 128, stride: 32 }],
      ngram: { buckets: 512, orders: [1, 2, 3], pooling: "mean" },
      labels: {
        security: ["UNSAFE", "SAFE"],
        threat: ["A", "B", "SAFE", "C"],
        compression: ["W", "X", "Y", "Z"],
      },
    });
  });

  it("is not believed about sizes", () => {
    const config = parse({
      vocab_size: 32000,
      hidden_size: 256,
      num_layers: 6,
      num_experts: 8,
      ngram: { buckets: 9 },
    });
    expect(config).to.deep.include({ vocabSize: 400, hiddenSize: 32, layerCount: 3, expertCount: 4 });
    expect(config.ngram?.buckets).to.equal(512);
  });

  it("may have a fusion of all features", () => {
    const fusion = { both: layer(1000, -1000), hydra: layer(-1000, 1000) };
    expect(parse({ fusion }).fusion).to.deep.equal(fusion);
    expect(FUSION_FEATURE_COUNT).to.equal(FEATURES.length);
  });

  it("may have a screen for what the network reads", () => {
    const screen = screenOf(OWN_SHAPE.hiddenSize, 6);
    expect(parse({ screen }).screen).to.deep.equal(screen);
    const ofPublished = screenOf(PUBLISHED_SHAPE.hiddenSize, 0);
    expect(parse({ screen: ofPublished }, published).screen).to.deep.equal(ofPublished);
  });

  const bad: [string, unknown][] = [
    ["is no object", []],
    ["asks for more experts than there are", { top_k: 5 }],
    ["asks for no experts", { top_k: 0 }],
    ["has no epsilon over zero", { layer_norm_eps: 0 }],
    ["names an unknown tokenizer", { tokenizer: { type: "llama" } }],
    ["leads out of its folder", { tokenizer: { type: "wordpiece", vocab: "../vocab.txt" } }],
    ["leads to an absolute path", { tokenizer: { type: "wordpiece", vocab: "/etc/passwd" } }],
    ["leads to a hidden file", { tokenizer: { type: "wordpiece", vocab: ".npmrc" } }],
    ["has windows of nothing", { windows: [{ tokens: 0 }] }],
    ["has windows without an end", { windows: [{ tokens: 1e9 }] }],
    ["has windows that leave gaps", { windows: [{ tokens: 100, stride: 101 }] }],
    ["has windows that never go on", { windows: [{ tokens: 100, stride: 0 }] }],
    ["has windows that go on too slowly", { windows: [{ tokens: 101, stride: 25 }] }],
    ["has a fusion of too few features", { fusion: { both: layer(1, 0, 7), hydra: layer() } }],
    ["has a fusion of too many features", { fusion: { both: layer(), hydra: layer(1, 0, 9) } }],
    ["has a huge coefficient", { fusion: { both: layer(1000.1), hydra: layer() } }],
    ["has a huge bias", { fusion: { both: layer(), hydra: layer(1, -1000.1) } }],
    ["has a half of a fusion", { fusion: { both: layer() } }],
    ["has a screen for another embedding", { screen: screenOf(31, 6) }],
    ["has a screen without the n-grams", { screen: screenOf(32, 0) }],
    ["has a screen without a threshold", { screen: { ...screenOf(32, 6), threshold: undefined } }],
    ["has a screen with a huge weight", { screen: { ...screenOf(32, 6), length: 1e4 } }],
    ["has a screen with a margin below 0", { screen: { ...screenOf(32, 6), margin: -1 } }],
    ["has a screen that is none", { screen: null }],
    ["has n-grams of order 0", { ngram: { orders: [0] } }],
    ["has n-grams of no order", { ngram: { orders: [] } }],
    ["has n-grams twice", { ngram: { orders: [1, 1] } }],
    ["has an unknown pooling", { ngram: { pooling: "max" } }],
    ["has too few labels", { labels: { compression: ["A"] } }],
    ["has labels twice", { labels: { compression: ["A", "A", "B", "C"] } }],
    ["has labels that are no names", { labels: { compression: ["A", "B", "C", "\u001b[0m"] } }],
    ["has nothing unsafe", { labels: { security: ["SAFE", "FINE"] } }],
    ["has no safe threat", { labels: { threat: ["A", "B", "C", "D"] } }],
  ];
  for (const [what, config] of bad) {
    it(`is refused if it ${what}`, () => {
      expect(catchM2MError(() => parse(config)).code).to.equal("M2M_WEIGHTS_INVALID");
    });
  }

  it("is refused if it is no JSON", () => {
    for (const text of ["", "{", "\xff"]) {
      expect(catchM2MError(() => parseConfig(Buffer.from(text, "latin1"), own)).code).to.equal(
        "M2M_WEIGHTS_INVALID",
      );
    }
  });

  it("of any content gives a configuration or an error of the taxonomy", () => {
    const keys = [
      "top_k",
      "layer_norm_eps",
      "tokenizer",
      "window",
      "ngram",
      "labels",
      "type",
      "vocab",
      "tokens",
      "orders",
    ];
    const json = fc.letrec<{ value: unknown }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom(null, true, 0, 1, 2, -1, 1e300, "bytes", "wordpiece", "SAFE"),
        fc.dictionary(fc.constantFrom(...keys, "__proto__"), tie("value")),
        fc.array(tie("value"), { maxLength: 4 }),
      ),
    })).value;
    fc.assert(
      fc.property(json, (value) => {
        try {
          parse(value);
        } catch (error) {
          if (!(error instanceof M2MError)) throw error;
        }
      }),
      { numRuns: 1000 },
    );
  });
});
