import { expect } from "chai";
import { createRowSums, PlainRowSums } from "../../../src/security/hydra/row-sums.js";
import { createRandom } from "../../fuzz/mutate.js";

describe("sums of table rows in WebAssembly", () => {
  const random = createRandom(8);

  for (const [rows, cols] of [
    [1, 16],
    [3, 32],
    [300, 192],
    [40, 20],
  ]) {
    it(`equal the plain ones of [${rows}, ${cols}], for ids in the table and past it`, () => {
      const values = Int8Array.from({ length: rows * cols }, () => random(256) - 128);
      const scales = Float32Array.from({ length: rows }, () => random(1000) / 50_000);
      const table = { rows, cols, values, scales };
      const [fast, plain] = [createRowSums(table), new PlainRowSums(table)];
      expect(fast instanceof PlainRowSums, "vectors need whole sixteens").to.equal(cols % 16 !== 0);
      const ids = Int32Array.from({ length: 200 }, () => random(rows + 2));
      ids[7] = 2 ** 31 - 1;
      for (const [index, end] of [
        [0, 0],
        [0, 1],
        [3, 8],
        [0, 64],
        [1, 66],
        [0, 200],
      ]) {
        const [found, wanted] = [new Float64Array(cols + 4).fill(1), new Float64Array(cols + 4).fill(1)];
        fast.add(ids, index, end, found, 2);
        plain.add(ids, index, end, wanted, 2);
        wanted.forEach((value, j) => expect(found[j], `${index} to ${end}, ${j}`).to.be.closeTo(value, 2e-4));
      }
    });
  }
});
