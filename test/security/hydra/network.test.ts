import { expect } from "chai";
import { parseConfig } from "../../../src/security/hydra/config.js";
import { NativeBackend } from "../../../src/security/hydra/network.js";
import { KernelMemory } from "../../../src/security/hydra/kernels/memory.js";
import type { HydraWindows } from "../../../src/security/hydra/types.js";
import { readWeights } from "../../../src/security/hydra/weights.js";
import { listNgrams } from "../../../src/security/hydra/windows.js";
import { writeSafetensors } from "../../helpers/safetensors.js";
import { runPlainly } from "./plain-network.js";
import { OWN_SHAPE, PUBLISHED_SHAPE, randomTensors, randomWindows } from "./random-model.js";

const countOf = ({ ranges }: HydraWindows): number => ranges.length / 2;

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
        const labels = logits.length / countOf(windows);
        for (let i = 0; i < countOf(windows); i++) {
          const ids = windows.ids.slice(windows.ranges[2 * i], windows.ranges[2 * i + 1]);
          const ngrams = config.ngram ? Array.from(listNgrams(ids, 0, ids.length, config.ngram)) : [];
          const { security, threat = [], compression } = runPlainly(weights, config, Array.from(ids), ngrams);
          const wanted = [...security, ...threat, ...compression];
          expectClose(logits.subarray(i * labels, (i + 1) * labels), wanted, `window ${i}`);
        }
      });
    }
  }

  it("gives a window the same logits alone, in a batch, and again", async () => {
    const weights = readWeights(writeSafetensors(randomTensors(OWN_SHAPE, 3)));
    const backend = new NativeBackend(weights, parseConfig(undefined, weights));
    const windows = randomWindows(OWN_SHAPE, 130, 1);
    const together = await backend.run(windows);
    const labels = together.length / countOf(windows);
    for (let i = 0; i < countOf(windows); i++) {
      const ranges = [windows.ranges[2 * i], windows.ranges[2 * i + 1]];
      const alone = await backend.run({ ids: windows.ids, ranges });
      expectClose(alone, Array.from(together.subarray(i * labels, (i + 1) * labels)), `window ${i}`);
    }
    expect(await backend.run(windows)).to.deep.equal(together);
  });

  it("does not remember an array whose content has changed", async () => {
    const weights = readWeights(writeSafetensors(randomTensors(OWN_SHAPE, 3)));
    const backend = new NativeBackend(weights, parseConfig(undefined, weights));
    const ids = new Int32Array(128).fill(5);
    const ranges = [0, 128];
    const before = await backend.run({ ids, ranges });
    ids.fill(6);
    const after = await backend.run({ ids, ranges });
    expect(after).not.to.deep.equal(before);
    expect(after).to.deep.equal(await backend.run({ ids: ids.slice(), ranges }));
  });

  it("works in a memory that has no room for it, and where there is no WebAssembly", async () => {
    const weights = readWeights(writeSafetensors(randomTensors(OWN_SHAPE, 3)));
    const config = parseConfig(undefined, weights);
    const windows = randomWindows(OWN_SHAPE, 30, 1);
    const wanted = Array.from(await new NativeBackend(weights, config).run(windows));
    expectClose(await new NativeBackend(weights, config, new KernelMemory(10)).run(windows), wanted, "small");
    const platform = globalThis as { WebAssembly?: unknown };
    const before = platform.WebAssembly;
    try {
      platform.WebAssembly = undefined;
      expectClose(await new NativeBackend(weights, config).run(windows), wanted, "plain");
    } finally {
      platform.WebAssembly = before;
    }
  });
});
