import { expect } from "chai";
import fc from "fast-check";
import {
  tryReadVarint53,
  varint53Size,
  writeVarint53,
} from "../../../../src/transport/aitcp/frames/index.js";
import { slowVarint53 } from "./slow-varint53.js";

const EDGES = [
  0,
  1,
  0x7f,
  0x80,
  0x3fff,
  0x4000,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 49,
  2 ** 53 - 1,
];
const number = fc.oneof(fc.maxSafeNat(), fc.nat({ max: 300 }), fc.constantFrom(...EDGES));

describe("aitcp varint53", () => {
  it("writes what the twin writes, and reads it back", () => {
    fc.assert(
      fc.property(number, fc.nat({ max: 3 }), (value, start) => {
        const target = new Uint8Array(start + 9);
        const end = writeVarint53(target, start, value);
        expect(target.slice(start, end)).to.deep.equal(slowVarint53(value));
        expect(varint53Size(value)).to.equal(end - start);
        const cursor = { offset: start };
        expect(tryReadVarint53(target.subarray(0, end), cursor)).to.equal(value);
        expect(cursor.offset).to.equal(end);
      }),
      { examples: EDGES.map((edge) => [edge, 0] as [number, number]) },
    );
  });

  it("does not write for ever what it cannot write", () => {
    for (const value of [Infinity, 2 ** 53, 2 ** 64]) {
      expect(varint53Size(value)).to.be.at.most(8);
      expect(() => writeVarint53(new Uint8Array(16), 0, value)).to.throw(RangeError);
    }
  });

  it("reads only what the twin would write", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 10 }), (bytes) => {
        const cursor = { offset: 0 };
        const value = tryReadVarint53(bytes, cursor);
        if (value === undefined) expect(cursor.offset).to.equal(0);
        else expect(bytes.slice(0, cursor.offset)).to.deep.equal(slowVarint53(value));
      }),
      { numRuns: 2000 },
    );
  });

  for (const [name, bytes] of [
    ["nothing", []],
    ["a cut number", [0x80]],
    ["a longer form than needed", [0x80, 0x00]],
    ["2^53", [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10]],
    ["nine bytes", [0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00]],
  ] as [string, number[]][]) {
    it(`refuses ${name}`, () => {
      const cursor = { offset: 0 };
      expect(tryReadVarint53(Uint8Array.from(bytes), cursor)).to.equal(undefined);
      expect(cursor.offset).to.equal(0);
    });
  }
});
