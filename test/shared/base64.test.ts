import { expect } from "chai";
import fc from "fast-check";
import { decodeBase64, encodeBase64 } from "../../src/shared/base64.js";
import { FormatError } from "../../src/shared/errors.js";
import { catchM2MError } from "../helpers/catch-error.js";

describe("shared/base64", () => {
  it("equals Buffer both ways", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        const text = Buffer.from(bytes).toString("base64");
        expect(encodeBase64(bytes)).to.equal(text);
        expect(decodeBase64(text)).to.deep.equal(bytes);
      }),
    );
  });

  it("encodes the same without Buffer", () => {
    const { Buffer: kept } = globalThis;
    const samples = [0, 1, 2, 3, 4, 5, 254, 255, 256].map((size) =>
      new Uint8Array(size).map((_, i) => i * 7 + size),
    );
    const expected = samples.map((bytes) => kept.from(bytes).toString("base64"));
    try {
      Reflect.deleteProperty(globalThis, "Buffer");
      const portable = samples.map((bytes) => encodeBase64(bytes));
      globalThis.Buffer = kept;
      expect(portable).to.deep.equal(expected);
    } finally {
      globalThis.Buffer = kept;
    }
  });

  it("accepts exactly one spelling of a byte string", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."ABgh89+/=- \n"), maxLength: 12 }), (text) => {
        let bytes: Uint8Array;
        try {
          bytes = decodeBase64(text);
        } catch (error) {
          expect(error).to.be.instanceOf(FormatError);
          return;
        }
        expect(encodeBase64(bytes)).to.equal(text);
      }),
      { numRuns: 5000 },
    );
  });

  it("names the offset in the whole text", () => {
    expect(catchM2MError(() => decodeBase64("xx|AAAA*AAA", 3)).offset).to.equal(7);
  });
});
