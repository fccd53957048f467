import { expect } from "chai";
import { readSharedVectors } from "../../../helpers/shared-vectors.js";
import { readVectors } from "../../../helpers/vectors.js";
import { patternOf, runVector, type NoiseVector } from "./noise-vector.js";

/** XX and IK with one pre-shared key or none. */
const OFFERED = /^(XX|IK)(psk\d)?$/;

describe("AI-TCP: Noise vectors", () => {
  const cases = readVectors<NoiseVector>("aitcp/noise.json");
  cases.forEach((vector, index) => {
    it(`of noiseprotocol, ${patternOf(vector)} (${index})`, () => runVector(vector));
  });

  for (const [suite, patterns] of [
    ["cacophony", ["IK", "IKpsk1", "IKpsk2", "XX", "XXpsk3"]],
    ["snow", ["IK", "XX"]],
  ] as const) {
    it(`of ${suite}`, function () {
      const { vectors } = readSharedVectors<{ vectors: NoiseVector[] }>(this, `noise/${suite}.json`);
      const offered = vectors.filter((vector) => OFFERED.test(patternOf(vector)));
      expect(offered.map(patternOf).sort()).to.deep.equal(patterns);
      offered.forEach(runVector);
    });
  }
});
