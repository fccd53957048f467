import { isUtf8 } from "node:buffer";
import { expect } from "chai";
import fc from "fast-check";
import { decodeUtf8, encodeUtf8, findInvalidUtf8, tryDecodeUtf8 } from "../../src/shared/utf8.js";
import { catchM2MError } from "../helpers/catch-error.js";

describe("shared/utf8", () => {
  it("agrees with Node on what is well-formed", () => {
    const lead = fc.constantFrom(
      0x41,
      0x80,
      0xbf,
      0xc0,
      0xc2,
      0xdf,
      0xe0,
      0xed,
      0xef,
      0xf0,
      0xf4,
      0xf5,
      0xff,
      0x9f,
      0xa0,
      0x8f,
      0x90,
    );
    fc.assert(
      fc.property(fc.array(lead, { maxLength: 6 }), (values) => {
        const bytes = Uint8Array.from(values);
        expect(findInvalidUtf8(bytes) === -1).to.equal(isUtf8(bytes));
        expect(tryDecodeUtf8(bytes) !== undefined).to.equal(isUtf8(bytes));
      }),
      { numRuns: 5000 },
    );
  });

  it("names the first offending byte", () => {
    const error = catchM2MError(() => decodeUtf8(Uint8Array.of(0x61, 0xe2, 0x82, 0x28)));
    expect([error.code, error.offset]).to.deep.equal(["M2M_UTF8_INVALID", 1]);
  });

  it("tells text that no string can hold from text that is ill-formed", () => {
    const { decode } = TextDecoder.prototype;
    // A real one takes half a gigabyte.
    TextDecoder.prototype.decode = () => {
      throw new Error("Cannot create a string longer than 0x1fffffe8 characters");
    };
    try {
      const error = catchM2MError(() => decodeUtf8(Uint8Array.of(0x61)));
      expect([error.family, error.code, error.offset]).to.deep.equal([
        "LimitError",
        "M2M_OUTPUT_TOO_LARGE",
        undefined,
      ]);
    } finally {
      TextDecoder.prototype.decode = decode;
    }
  });

  it("keeps a byte order mark", () => {
    expect(decodeUtf8(encodeUtf8("\ufeffx"))).to.equal("\ufeffx");
  });

  it("refuses lone surrogates, with the offset", () => {
    for (const [text, offset] of [
      ["ab\ud800", 2],
      ["\udc00", 0],
      ["\u{1f600}\ude00", 2],
    ] as const) {
      const error = catchM2MError(() => encodeUtf8(text));
      expect([error.code, error.offset]).to.deep.equal(["M2M_TEXT_LONE_SURROGATE", offset]);
    }
  });
});
