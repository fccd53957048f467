import { expect } from "chai";
import { parseConfig } from "../../../src/security/hydra/config.js";
import { dequantise } from "../../../src/security/hydra/floats.js";
import { HydraModel } from "../../../src/security/hydra/index.js";
import { Screen } from "../../../src/security/hydra/screen.js";
import type { HydraConfig, ScreenLayer } from "../../../src/security/hydra/types.js";
import { readWeights, type HydraWeights } from "../../../src/security/hydra/weights.js";
import { listNgrams } from "../../../src/security/hydra/windows.js";
import { createRandom } from "../../fuzz/mutate.js";
import { writeSafetensors } from "../../helpers/safetensors.js";
import {
  OWN_SHAPE,
  PUBLISHED_SHAPE,
  randomTensors,
  randomTexts,
  randomWindows,
  writeModelFolder,
  type ModelShape,
} from "./random-model.js";

/** A screen with random weights, and a threshold of `threshold`. */
function randomLayer(shape: ModelShape, seed: number, threshold = 0): ScreenLayer {
  const random = createRandom(seed);
  const weight = () => random(2 ** 20) / 2 ** 19 - 1;
  return {
    bias: weight(),
    length: weight(),
    threshold,
    margin: 1000,
    embed: Array.from({ length: shape.hiddenSize }, weight),
    ngram: Array.from({ length: shape.own ? 6 : 0 }, weight),
  };
}

/** The estimate as its definition reads: over the mean of the embeddings and the logits of the branch. */
function estimatePlainly(
  layer: ScreenLayer,
  weights: HydraWeights,
  config: HydraConfig,
  ids: readonly number[],
): number {
  const dot = (values: readonly number[], factors: readonly number[]): number =>
    values.reduce((sum, value, index) => sum + value * factors[index], 0);
  const embed = dequantise(weights.embed);
  const mean = layer.embed.map(
    (_, j) =>
      ids.reduce((sum, id) => sum + embed.values[Math.min(id, embed.rows - 1) * embed.cols + j], 0) /
      Math.max(1, ids.length),
  );
  const branch = weights.ngram && dequantise(weights.ngram);
  const buckets = config.ngram ? listNgrams(Int32Array.from(ids), 0, ids.length, config.ngram) : [];
  const count = Math.max(1, buckets.length);
  const divisor = config.ngram?.pooling === "mean" ? count : Math.sqrt(count);
  const logits = layer.ngram.map((_, j) =>
    Array.from(buckets).reduce((sum, bucket) => sum + branch!.values[bucket * branch!.cols + j] / divisor, 0),
  );
  return (
    layer.bias +
    dot(layer.embed, mean) +
    dot(layer.ngram, logits) +
    layer.length * Math.log2(Math.max(1, ids.length))
  );
}

describe("the screen before the network", () => {
  for (const [name, shape, pooling] of [
    ["published layout", PUBLISHED_SHAPE, "sqrt"],
    ["own layout", OWN_SHAPE, "sqrt"],
    ["own layout, means of n-grams", OWN_SHAPE, "mean"],
  ] as const) {
    it(`estimates what its definition says, ${name}`, () => {
      const weights = readWeights(writeSafetensors(randomTensors(shape, 3)));
      const layer = randomLayer(shape, 4);
      const json = { screen: layer, ngram: { orders: [1, 3], pooling } };
      const config = parseConfig(Buffer.from(JSON.stringify(json)), weights);
      const { ids, ranges } = randomWindows(shape, 60, 5);
      // The second time its sums are known.
      const screen = new Screen(layer, weights, config);
      const both = [screen.estimate({ ids, ranges }), screen.estimate({ ids, ranges })];
      expect(both[1]).to.deep.equal(both[0]);
      for (const estimates of both) {
        estimates.forEach((estimate, window) => {
          const part = Array.from(ids.slice(ranges[2 * window], ranges[2 * window + 1]));
          expect(estimate, `window ${window}`).to.be.closeTo(
            estimatePlainly(layer, weights, config, part),
            1e-4,
          );
        });
      }
    });
  }

  describe("of a model", () => {
    const texts = [...randomTexts(40, 200, 6), ""];
    const assess = async (screen: ScreenLayer | undefined, isSuspicious: (index: number) => boolean) => {
      const made = writeModelFolder(OWN_SHAPE, 7, { windows: [{ tokens: 32, stride: 24 }], screen });
      try {
        const model = await HydraModel.load(made.folder);
        const assessed = await model.assessBatch(
          texts.map((text, index) => ({ text, suspicious: isSuspicious(index) })),
        );
        const whole = (await model.predictBatch(texts)).map(({ security, threat, window }) => ({
          security,
          threat,
          window,
        }));
        return { assessed, whole, model };
      } finally {
        made.remove();
      }
    };

    it("changes nothing where all is suspicious, all is alarming, or there is none", async () => {
      const layer = randomLayer(OWN_SHAPE, 8);
      for (const { assessed, whole } of [
        await assess(undefined, () => false),
        await assess({ ...layer, threshold: 1000 }, () => true),
        await assess({ ...layer, threshold: -1000 }, () => false),
      ])
        expect(assessed).to.deep.equal(whole);
    });

    it("gives its own odds for texts that it finds harmless, and no kind of threat", async () => {
      const layer = { ...randomLayer(OWN_SHAPE, 9), threshold: 1000 };
      const { assessed, whole } = await assess(layer, (index) => index % 2 === 1);
      const onlyBias = await assess({ ...layer, embed: layer.embed.map(() => 0), length: 0, ngram: layer.ngram.map(() => 0), bias: -3 }, () => false); // prettier-ignore
      for (const [index, found] of assessed.entries()) {
        if (index % 2 === 1) expect(found).to.deep.equal(whole[index]);
        else expect(found.threat).to.equal(undefined);
      }
      for (const { security } of onlyBias.assessed)
        expect(security.probabilities.UNSAFE).to.be.closeTo(1 / (1 + Math.exp(3)), 1e-6);
    });

    it("shows a suspicious text's windows that are estimated about as high as the highest", async () => {
      const layer = { ...randomLayer(OWN_SHAPE, 11), margin: 0.2 };
      const { assessed, model } = await assess(layer, () => true);
      const all = await assess({ ...layer, margin: 1000 }, () => true);
      let fewer = 0;
      for (const [index, text] of texts.entries()) {
        const windows = await model.scoreWindows(text);
        const odds = windows.map(({ logits }) => logits.security[1] - logits.security[0]);
        const { UNSAFE, SAFE } = assessed[index].security.probabilities;
        expect(Math.log(UNSAFE / SAFE)).to.be.at.most(Math.max(...odds) + 1e-4);
        if (assessed[index].window.start !== all.assessed[index].window.start) fewer++;
      }
      expect(fewer).to.be.greaterThan(0);
    });

    it("leaves the most alarming of what the network has seen and of the estimates to decide", async () => {
      const layer = randomLayer(OWN_SHAPE, 10, 1);
      const { assessed, whole, model } = await assess(layer, () => false);
      const isSeen = assessed.map(({ threat }) => threat !== undefined);
      expect(new Set(isSeen).size, "some texts are decided by the network, some not").to.equal(2);
      for (const [index, text] of texts.entries()) {
        const windows = await model.scoreWindows(text);
        const odds = ({ logits }: (typeof windows)[number]) => logits.security[1] - logits.security[0];
        const { UNSAFE, SAFE } = assessed[index].security.probabilities;
        const decided = Math.log(UNSAFE / SAFE);
        if (isSeen[index]) {
          const match = windows.find((window) => Math.abs(odds(window) - decided) < 1e-4);
          expect(match, `text ${index}`).to.include(assessed[index].window);
        } else expect(decided).to.be.lessThan(1);
        expect(whole[index].window.end).to.be.at.most(text.length);
      }
    });
  });
});
