import { expect } from "chai";
import fc from "fast-check";
import { joinOr, nearestNames } from "../../src/shared/nearest-name.js";

/** Optimal string alignment distance by its definition. */
function slowDistance(a: string, b: string): number {
  if (a === "" || b === "") return a.length + b.length;
  const changed = slowDistance(a.slice(1), b.slice(1)) + (a[0] === b[0] ? 0 : 1);
  const found = [changed, slowDistance(a.slice(1), b) + 1, slowDistance(a, b.slice(1)) + 1];
  if (a.length > 1 && b.length > 1 && a[0] === b[1] && a[1] === b[0]) {
    found.push(slowDistance(a.slice(2), b.slice(2)) + 1);
  }
  return Math.min(...found);
}

describe("shared/nearest-name", () => {
  it("finds slips, nearest first", () => {
    expect(nearestNames("sevrer", ["security", "server", "serves"])).to.deep.equal(["server", "serves"]);
    expect(nearestNames("SERVER", ["server"])).to.deep.equal(["server"]);
    expect(nearestNames("abcdef", ["abc", "xyzdef"])).to.deep.equal([]);
    expect(nearestNames("abcd", ["abce", "abcf", "abcg", "abch"], 2)).to.deep.equal(["abce", "abcf"]);
  });

  it("finds nothing for nothing, nor for what no name is as long as", () => {
    expect(nearestNames("", ["a"])).to.deep.equal([]);
    expect(nearestNames("a".repeat(1_000_000), ["a"])).to.deep.equal([]);
  });

  it("agrees with the definition of the distance", () => {
    const word = fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(word, word, (typed, known) => {
        const most = Math.max(1, Math.floor(Math.max(typed.length, known.length) / 3));
        const isNear = slowDistance(typed, known) <= most;
        expect(nearestNames(typed, [known])).to.deep.equal(isNear ? [known] : []);
      }),
    );
  });

  it("lists names for a question", () => {
    const lists = [[], ["a"], ["a", "b"], ["a", "b", "c"]].map(joinOr);
    expect(lists).to.deep.equal(["", "a", "a or b", "a, b or c"]);
  });
});
