import { expect } from "chai";
import fc from "fast-check";
import { LastUsed } from "../../../../src/transport/aitcp/crypto/last-used.js";

describe("LastUsed", () => {
  it("keeps what was asked for last, as a list in which it moves to the end", () => {
    const names = fc.array(fc.constantFrom(..."abcdefgh"), { maxLength: 60 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), names, (most, asked) => {
        const dropped: string[] = [];
        const values = new LastUsed<string>(most, (value) => dropped.push(value));
        const slow: string[] = [];
        const slowDropped: string[] = [];
        for (const name of asked) {
          let isMade = false;
          values.get(name, () => {
            isMade = true;
            return name;
          });
          const at = slow.indexOf(name);
          expect(isMade).to.equal(at < 0);
          if (at >= 0) slow.splice(at, 1);
          else if (slow.length === most) slowDropped.push(slow.shift()!);
          slow.push(name);
        }
        expect(dropped).to.deep.equal(slowDropped);
      }),
    );
  });

  it("keeps nothing of what could not be made", () => {
    const values = new LastUsed<number>(2);
    const fail = (): never => {
      throw new Error("no");
    };
    expect(() => values.get("a", fail)).to.throw("no");
    expect(values.get("a", () => 1)).to.equal(1);
  });
});
