import { expect } from "chai";
import { createTargets, fuzz, MAX_CASE_MS, MAX_MEMORY_BYTES } from "./targets.js";

/** The long run is `npm run fuzz`. */
const CASES = 3000;

describe("fuzz", () => {
  for (const target of createTargets()) {
    it(`${target.name}: only taxonomy errors, no hang, no growth`, async function () {
      this.timeout(60_000);
      const seed = Math.floor(Math.random() * 2 ** 31);
      console.log(`      seed ${seed}`);
      const report = await fuzz(target, CASES, seed);
      expect(report.slowestMs).to.be.below(MAX_CASE_MS);
      expect(report.memoryBytes).to.be.below(MAX_MEMORY_BYTES);
      if (target.acceptsAll) expect(report.accepted).to.equal(report.cases);
      else expect(report.accepted).to.be.below(report.cases);
    });
  }
});
