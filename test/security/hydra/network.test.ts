import { expect } from "chai";
import { parseConfig } from "../../../src/security/hydra/config.js";
import { NativeBackend } from "../../../src/security/hydra/network.js";
import { readWeights } from "../../../src/security/hydra/weights.js";
import { createRandom } from "../../fuzz/mutate.js";
import { writeSafetensors } from "../../helpers/safetensors.js";
import { runPlainly } from "./plain-network.js";
import { OWN_SHAPE, PUBLISHED_SHAPE, randomTensors, type ModelShape } from "./random-model.js";

/** Windows of `count` lengths around the sizes at which loops change, some as parts of one array. */
function randomWindows(shape: ModelShape, count: number, seed: number) {
  const random = createRandom(seed);
  const text = Int32Array.from({ length: 1000 }, () => random(shape.vocabSize + 5));
  return Array.from({ length: count }, (_, index) => {
    const length = [0, 1, 3, 4, 5, 63, 64, 65, 128, 200, 512][index % 11];
    const first = random(text.length - length);
    const part = text.subarray(first, first + length);
    return {
      ids: index % 3 === 0 ? part.slice() : part,
      ngrams: Int32Array.from({ length: shape.ngramBuckets ? random(40) : 0 }, () =>
        random(shape.ngramBuckets!),
      ),
    };
  });
}

function expectClose(actual: ArrayLike<number>, wanted: readonly number[], what: string): void {
  expect(actual.length, what).to.equal(wanted.length);
  wanted.forEach((value, i) => expect(actual[i], `${what}[${i}]`).to.be.closeTo(value, 1e-5));
}

describe("the native network", () => {
  for (const [name, shape] of [
    ["published layout", PUBLISHED_SHAPE],
    ["own layout", OWN_SHAPE],
  ] as const) {
    for (const topK of [1, 2, 4]) {
      it(`equals the plain one, ${name}, top ${topK}`, async () => {
        const weights = readWeights(writeSafetensors(randomTensors(shape, 7 + topK)));
        const json = Buffer.from(
          JSON.stringify({
            top_k: topK,
            tokenizer: { type: "bytes" },
            ngram: { pooling: topK === 4 ? "mean" : "sqrt" },
          }),
        );
        const config = parseConfig(json, weights);
        const windows = randomWindows(shape, 150, topK);
        const logits = await new NativeBackend(weights, config).run(windows);
        windows.forEach(({ ids, ngrams }, i) => {
          const wanted = runPlainly(weights, config, Array.from(ids), Array.from(ngrams));
          expectClose(logits[i].security, wanted.security, `security of window ${i}`);
          expectClose(logits[i].compression, wanted.compression, `compression of window ${i}`);
          if (wanted.threat) expectClose(logits[i].threat!, wanted.threat, `threat of window ${i}`);
          else expect(logits[i].threat).to.equal(undefined);
        });
      });
    }
  }

  it("gives a window the same logits alone, in a batch, and again", async () => {
    const weights = readWeights(writeSafetensors(randomTensors(OWN_SHAPE, 3)));
    const backend = new NativeBackend(weights, parseConfig(undefined, weights));
    const windows = randomWindows(OWN_SHAPE, 130, 1);
    const together = await backend.run(windows);
    for (const [i, window] of windows.entries()) {
      const [alone] = await backend.run([window]);
      expectClose(alone.security, Array.from(together[i].security), `window ${i}`);
    }
    expect(await backend.run(windows)).to.deep.equal(together);
  });

  it("does not remember an array whose content has changed", async () => {
    const weights = readWeights(writeSafetensors(randomTensors(OWN_SHAPE, 3)));
    const backend = new NativeBackend(weights, parseConfig(undefined, weights));
    const ids = new Int32Array(128).fill(5);
    const ngrams = new Int32Array(0);
    const [before] = await backend.run([{ ids, ngrams }]);
    ids.fill(6);
    const [after] = await backend.run([{ ids, ngrams }]);
    expect(after.security).not.to.deep.equal(before.security);
    const [fresh] = await backend.run([{ ids: ids.slice(), ngrams }]);
    expect(after.security).to.deep.equal(fresh.security);
  });
});
