import { expect } from "chai";
import { ALGORITHMS, findReservedOpening } from "../../src/codec/index.js";
import { ALGORITHM_NAMES } from "../../src/shared/algorithms.js";
import { catchM2MError } from "../helpers/catch-error.js";
import { findDescriptor } from "../../src/codec/registry.js";

describe("codec/registry", () => {
  it("has a row for every name, in the order of cost", () => {
    expect(ALGORITHMS.map(({ name }) => name)).to.deep.equal([...ALGORITHM_NAMES]);
    const costs = ALGORITHMS.map(({ costClass }) => costClass);
    expect(costs).to.deep.equal([...costs].sort((a, b) => a - b));
  });

  it("reserves every prefix, so that none never carries what begins with one", () => {
    for (const { prefix } of ALGORITHMS) if (prefix) expect(findReservedOpening(prefix)).to.be.a("string");
  });

  it("says which names there are", () => {
    const error = catchM2MError(() => findDescriptor("zip"));
    expect(error.code).to.equal("M2M_USAGE");
    expect(error.hint).to.include("brotli").and.include("dictionary");
  });
});
