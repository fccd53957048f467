import { expect } from "chai";
import fc from "fast-check";
import { readVarint, tryReadVarint, varintSize, writeVarint } from "../../src/shared/varint.js";
import { catchM2MError } from "../helpers/catch-error.js";

const bytesOf = (value: number): Uint8Array => {
  const target = new Uint8Array(5);
  return target.subarray(0, writeVarint(target, 0, value));
};

describe("shared/varint", () => {
  it("writes the examples of DWARF 5, section 7.6", () => {
    expect([...bytesOf(2)]).to.deep.equal([2]);
    expect([...bytesOf(127)]).to.deep.equal([0x7f]);
    expect([...bytesOf(128)]).to.deep.equal([0x80, 1]);
    expect([...bytesOf(129)]).to.deep.equal([0x81, 1]);
    expect([...bytesOf(12857)]).to.deep.equal([57 + 0x80, 100]);
  });

  it("reads back every 32-bit number, in the size it says", () => {
    const edges = [0, 0x7f, 0x80, 0x3fff, 0x4000, 0x1fffff, 0x200000, 0xfffffff, 0x10000000, 0xffffffff];
    fc.assert(
      fc.property(fc.oneof(fc.constantFrom(...edges), fc.integer({ min: 0, max: 0xffffffff })), (value) => {
        const bytes = bytesOf(value);
        const cursor = { offset: 0 };
        expect(readVarint(bytes, cursor)).to.equal(value);
        expect(cursor.offset).to.equal(bytes.length);
        expect(varintSize(value)).to.equal(bytes.length);
      }),
    );
  });

  it("gives nothing and stays where it is if there is no number", () => {
    for (const bytes of [[], [0x80], [0xff, 0xff, 0xff, 0xff], [0x80, 0], [0xff, 0xff, 0xff, 0xff, 0x10]]) {
      const cursor = { offset: 1 };
      expect(tryReadVarint(Uint8Array.from([7, ...bytes]), cursor)).to.equal(undefined);
      expect(cursor.offset).to.equal(1);
    }
  });

  it("tells a cut number from an overlong one", () => {
    const read = (...bytes: number[]) =>
      catchM2MError(() => readVarint(Uint8Array.from(bytes), { offset: 0 })).code;
    expect(read()).to.equal("M2M_VARINT_TRUNCATED");
    expect(read(0x80)).to.equal("M2M_VARINT_TRUNCATED");
    expect(read(0x80, 0)).to.equal("M2M_VARINT_OVERLONG");
    expect(read(0xff, 0xff, 0xff, 0xff, 0x10)).to.equal("M2M_VARINT_OVERLONG");
    expect(read(0xff, 0xff, 0xff, 0xff, 0xff, 0)).to.equal("M2M_VARINT_OVERLONG");
  });
});
