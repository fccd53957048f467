import { expect } from "chai";
import { KNOWN_NAMES, knownName } from "../../../src/security/payload/known-names.js";

describe("names that are met all the time", () => {
  it("are each known where they stand, and nothing else is", () => {
    for (const name of KNOWN_NAMES) {
      expect(knownName(`"${name}":`, 1, name.length + 1)).to.equal(name);
      // Others with the same ends and length.
      for (const other of [`${name}x`, name.slice(1), name.toUpperCase(), `${name.slice(0, -1)}\u0100`]) {
        const expected = KNOWN_NAMES.includes(other) ? other : undefined;
        expect(knownName(other, 0, other.length), other).to.equal(expected);
      }
    }
    expect(new Set(KNOWN_NAMES).size).to.equal(KNOWN_NAMES.length);
    expect(knownName("role", 2, 2)).to.equal(undefined);
  });
});
