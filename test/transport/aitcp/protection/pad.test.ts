import { expect } from "chai";
import { MAX_RECORD_BYTES } from "../../../../src/transport/aitcp/packet/index.js";
import { paddedLength } from "../../../../src/transport/aitcp/protection/index.js";

/** The page's words, with floating point. */
function paddedByThePage(length: number): number {
  if (length <= 256) return 256;
  const exponent = Math.floor(Math.log2(length));
  const size = Math.floor(Math.log2(exponent)) + 1;
  const bucket = 2 ** (exponent - size);
  return Math.min(Math.ceil(length / bucket) * bucket, MAX_RECORD_BYTES);
}

describe("padding of records", () => {
  it("is the page's for every length", () => {
    let most = 0;
    for (let length = 0; length <= MAX_RECORD_BYTES; length++) {
      const padded = paddedLength(length);
      if (padded !== paddedByThePage(length)) expect.fail(`${length} is brought to ${padded}`);
      if (length > 256) most = Math.max(most, (padded - length) / length);
      if (padded < length || paddedLength(padded) !== padded) expect.fail(`${length} to ${padded} and on`);
    }
    expect(most).to.be.below(0.12);
  });

  it("leaves few lengths to tell apart", () => {
    const lengths = new Set<number>();
    for (let length = 0; length <= MAX_RECORD_BYTES; length++) lengths.add(paddedLength(length));
    expect(lengths.size).to.be.below(160);
  });
});
