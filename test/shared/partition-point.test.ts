import { expect } from "chai";
import fc from "fast-check";
import { partitionPoint } from "../../src/shared/partition-point.js";

describe("partitionPoint", () => {
  it("is how many stand before, of none and of many", () => {
    fc.assert(
      fc.property(fc.nat(200), fc.nat(200), (count, before) => {
        const asked: number[] = [];
        const point = partitionPoint(count, (index) => {
          asked.push(index);
          return index < before;
        });
        expect(point).to.equal(Math.min(count, before));
        expect(asked.every((index) => index >= 0 && index < count)).to.equal(true);
        expect(asked.length).to.be.at.most(Math.ceil(Math.log2(count + 1)));
      }),
    );
  });
});
