import { expect } from "chai";
import { multiply } from "../../../src/security/hydra/ops.js";
import { createMultiplier } from "../../../src/security/hydra/simd.js";
import { createRandom } from "../../fuzz/mutate.js";

describe("multiplying in WebAssembly", () => {
  const random = createRandom(5);
  const fill = (values: Float32Array): Float32Array => {
    for (let i = 0; i < values.length; i++) values[i] = random(2000) / 1000 - 1;
    return values;
  };

  for (const [rows, cols] of [
    [1, 4],
    [2, 8],
    [5, 12],
    [7, 192],
    [96, 192],
    [192, 64],
    [6, 10],
    [3, 1],
  ]) {
    it(`equals the plain product of [${rows}, ${cols}] for any number of vectors`, () => {
      for (const count of [1, 2, 3, 4, 5, 8, 11]) {
        const multiplier = createMultiplier([rows * cols, count * cols, count * rows, 8]);
        const weights = { rows, cols, values: fill(multiplier.allocate(rows * cols)) };
        const x = fill(multiplier.allocate(count * cols));
        const y = multiplier.allocate(count * rows);
        const guard = multiplier.allocate(8).fill(7);
        const wanted = new Float32Array(count * rows);
        multiplier.multiply(weights, x, count, y);
        multiply(weights, x, count, wanted);
        wanted.forEach((value, i) => expect(y[i], `${count} vectors, ${i}`).to.be.closeTo(value, 1e-5));
        expect(Array.from(guard), "what lies behind is left alone").to.deep.equal(new Array(8).fill(7));
      }
    });
  }

  it("is done plainly where there is no WebAssembly", () => {
    const platform = globalThis as { WebAssembly?: unknown };
    const before = platform.WebAssembly;
    try {
      platform.WebAssembly = undefined;
      const multiplier = createMultiplier([4, 4, 1]);
      const weights = { rows: 1, cols: 4, values: multiplier.allocate(4).fill(2) };
      const y = multiplier.allocate(1);
      multiplier.multiply(weights, multiplier.allocate(4).fill(3), 1, y);
      expect(y[0]).to.equal(24);
    } finally {
      platform.WebAssembly = before;
    }
  });
});
