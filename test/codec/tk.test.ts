import { expect } from "chai";
import fc from "fast-check";
import { TokenNativeCodec } from "../../src/codec/index.js";
import type { BpeEncodingName } from "../../src/shared/encodings.js";
import { encodeBase64 } from "../../src/shared/base64.js";
import { decodeUtf8, encodeUtf8 } from "../../src/shared/utf8.js";
import { catchM2MError } from "../helpers/catch-error.js";
import { readVectors } from "../helpers/vectors.js";

interface WireCase {
  name: string;
  input: string;
  tokens: { cl100k: number; o200k: number };
  expected: Record<"tk_c" | "tk_o" | "tk_c_binary_hex" | "tk_o_binary_hex" | "brotli", string>;
}

const CASES = readVectors<WireCase>("wire-v3/wire-v3.json");
const ENCODINGS: readonly BpeEncodingName[] = ["cl100k_base", "o200k_base", "llama"];
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "hex"));
const codec = new TokenNativeCodec();

describe("codec/tk", () => {
  for (const { name, input, expected } of CASES) {
    it(`equals the published wires both ways: ${name}`, () => {
      for (const [encoding, text, binary] of [
        ["cl100k_base", expected.tk_c, expected.tk_c_binary_hex],
        ["o200k_base", expected.tk_o, expected.tk_o_binary_hex],
      ] as const) {
        const own = new TokenNativeCodec({ encoding });
        expect(own.encodeText(encodeUtf8(input))).to.equal(text);
        expect(Buffer.from(own.encodeBinary(encodeUtf8(input))).toString("hex")).to.equal(binary);
        expect(decodeUtf8(codec.decodeText(text))).to.equal(input);
        expect(decodeUtf8(codec.decodeBinary(hex(binary)))).to.equal(input);
      }
    });
  }

  for (const encoding of ENCODINGS) {
    it(`carries any text: ${encoding}`, () => {
      const own = new TokenNativeCodec({ encoding });
      fc.assert(
        fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
          const bytes = encodeUtf8(text);
          expect(codec.decodeText(own.encodeText(bytes))).to.deep.equal(bytes);
          expect(codec.decodeBinary(own.encodeBinary(bytes))).to.deep.equal(bytes);
        }),
        { numRuns: 300 },
      );
    });
  }

  it("carries the empty text", () => {
    expect(codec.encodeText(new Uint8Array(0))).to.equal("#TK|C|");
    expect(codec.decodeText("#TK|C|")).to.have.length(0);
    expect(codec.decodeBinary(Uint8Array.of(0))).to.have.length(0);
  });

  const REFUSED: readonly (readonly [what: string, wire: string, code: string, offset: number])[] = [
    ["an unknown tokenizer letter", "#TK|Z|AA==", "M2M_TOKENIZER_UNSUPPORTED", 4],
    ["a missing separator", "#TK|C", "M2M_TK_HEADER_INVALID", 4],
    ["a base64 length that is no multiple of 4", "#TK|C|AAA", "M2M_BASE64_INVALID", 9],
    ["padding in the middle", "#TK|C|A=AA", "M2M_BASE64_INVALID", 7],
    ["a character outside the alphabet", "#TK|C|AA-A", "M2M_BASE64_INVALID", 8],
    ["unused bits that are set", "#TK|C|AB==", "M2M_BASE64_INVALID", 6],
    ["a truncated number", `#TK|C|${encodeBase64(Uint8Array.of(0x21, 0x80))}`, "M2M_VARINT_TRUNCATED", 1],
    [
      "an overlong number",
      `#TK|C|${encodeBase64(Uint8Array.of(0x21, 0x80, 0x00))}`,
      "M2M_VARINT_OVERLONG",
      1,
    ],
    ["a number over 32 bits", `#TK|C|${encodeBase64(hex("ffffffff7f"))}`, "M2M_VARINT_OVERLONG", 0],
    ["an id outside the vocabulary", `#TK|C|${encodeBase64(hex("21ffff7f"))}`, "M2M_TK_TOKEN_UNKNOWN", 1],
    [
      "bytes that are not UTF-8",
      `#TK|C|${encodeBase64(Uint8Array.of(0x21, 0xff, 0x01))}`,
      "M2M_TK_TEXT_INVALID",
      1,
    ],
  ];
  for (const [what, wire, code, offset] of REFUSED) {
    it(`refuses ${what}, with the offset`, () => {
      const error = catchM2MError(() => codec.decodeText(wire));
      expect(error.code).to.equal(code);
      expect(error.offset).to.equal(offset);
    });
  }

  it("refuses content that is not UTF-8", () => {
    const error = catchM2MError(() => codec.encodeText(Uint8Array.of(0x61, 0xc3, 0x28)));
    expect(error.code).to.equal("M2M_UTF8_INVALID");
    expect(error.offset).to.equal(1);
  });

  it("stops at the output limit before it allocates", () => {
    const wire = new TokenNativeCodec().encodeText(encodeUtf8(" ".repeat(5000)));
    const error = catchM2MError(() =>
      new TokenNativeCodec({ limits: { maxOutputBytes: 4999 } }).decodeText(wire),
    );
    expect(error.code).to.equal("M2M_OUTPUT_TOO_LARGE");
  });

  it("refuses too much content in any order of its tokens, and keeps no ids of it", () => {
    const wire = new Uint8Array(50_000_001);
    const before = process.memoryUsage().arrayBuffers;
    const error = catchM2MError(() => codec.decodeBinary(wire));
    expect(error.code).to.equal("M2M_OUTPUT_TOO_LARGE");
    expect(process.memoryUsage().arrayBuffers - before).to.be.below(20_000_000);
  });
});
