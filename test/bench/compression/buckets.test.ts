import { expect } from "chai";
import { bucketOf, BUCKETS } from "./buckets.js";
import { groupBySize } from "./report.js";

const nameOf = (sizeBytes: number) => BUCKETS[bucketOf(sizeBytes)].name;

describe("buckets of message sizes", () => {
  it("begin where the one before ends", () => {
    expect([0, 99, 100, 299, 300, 1023, 1024].map(nameOf)).to.deep.equal([
      ...["< 100 B", "< 100 B", "100-300", "100-300", "300-1K", "300-1K", "1-4K"],
    ]);
    expect([4095, 4096, 16383, 16384, 2 ** 30].map(nameOf)).to.deep.equal([
      ...["1-4K", "4-16K", "4-16K", "> 16K", "> 16K"],
    ]);
  });

  it("hold every message once, and no bucket is empty", () => {
    const bodies = [10, 200, 4096, 4097, 250].map((size) => {
      const text = "a".repeat(size);
      return { kind: "unknown", text, bytes: Buffer.from(text) };
    });
    const { buckets, small, all } = groupBySize(bodies);
    expect(buckets).to.deep.equal([
      { name: "< 100 B", members: [0] },
      { name: "100-300", members: [1, 4] },
      { name: "4-16K", members: [2, 3] },
    ]);
    expect(small.members).to.deep.equal([0, 1, 2, 4]);
    expect(all.members).to.deep.equal([0, 1, 2, 3, 4]);
  });
});
