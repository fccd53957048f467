import { expect } from "chai";
import { holdOutRepositories, repositoryOf } from "./repositories.js";

const bodies = Array.from({ length: 100 }, (_, index) => ({
  source: `owner/r${index % 7}:dir/${index}.json`,
  index,
}));

describe("holding repositories out", () => {
  it("keeps each whole on one side", () => {
    const { repositories, heldOut, rest } = holdOutRepositories(bodies, 1, 0.4);
    expect(heldOut).to.not.be.empty;
    expect(heldOut.length).to.be.at.most(40);
    expect([...heldOut, ...rest].map(({ index }) => index).sort((a, b) => a - b)).to.deep.equal([
      ...bodies.keys(),
    ]);
    expect(new Set(heldOut.map(repositoryOf))).to.deep.equal(new Set(repositories));
    expect(rest.map(repositoryOf)).to.not.include.members([...repositories]);
  });

  it("is the same for the same seed, whatever the order", () => {
    const { repositories } = holdOutRepositories(bodies, 5, 0.4);
    expect(holdOutRepositories(bodies.toReversed(), 5, 0.4).repositories).to.deep.equal(repositories);
    const others = [1, 2, 3, 4].map((seed) => holdOutRepositories(bodies, seed, 0.4).repositories.join());
    expect(new Set(others).size).to.be.above(1);
  });

  it("passes over a repository that is too large", () => {
    const skewed = [
      ...Array.from({ length: 90 }, (_, index) => ({ source: `a/large:${index}` })),
      ...Array.from({ length: 10 }, (_, index) => ({ source: `a/small:${index}` })),
    ];
    expect(holdOutRepositories(skewed, 1).repositories).to.deep.equal(["a/small"]);
  });
});
