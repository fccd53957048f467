import { brotliCompressSync, constants } from "node:zlib";
import { expect } from "chai";
import fc from "fast-check";
import {
  BROTLI_PREFIX,
  BrotliCodec,
  createNodeBrotliEngine,
  loadWasmBrotliEngine,
} from "../../src/codec/index.js";
import type { BrotliEngine } from "../../src/codec/index.js";
import { encodeBase64 } from "../../src/shared/base64.js";
import { FormatError } from "../../src/shared/errors.js";
import { decodeUtf8, encodeUtf8 } from "../../src/shared/utf8.js";
import { catchM2MError } from "../helpers/catch-error.js";
import { readVectors } from "../helpers/vectors.js";

const CASES = readVectors<{ name: string; input: string; expected: { brotli: string } }>(
  "wire-v3/wire-v3.json",
);

const ENGINES: readonly (readonly [string, () => Promise<BrotliEngine>])[] = [
  ["node:zlib", () => Promise.resolve(createNodeBrotliEngine())],
  ["brotli-wasm", loadWasmBrotliEngine],
];

for (const [name, load] of ENGINES) {
  describe(`codec/brotli over ${name}`, () => {
    let engine: BrotliEngine;
    let codec: BrotliCodec;
    before(async () => {
      engine = await load();
      codec = new BrotliCodec({ brotli: engine });
    });

    it("is the engine it says it is", () => expect(engine.name).to.equal(name));

    it("decodes the published wires and its own", () => {
      for (const { input, expected } of CASES) {
        expect(decodeUtf8(codec.decodeText(expected.brotli))).to.equal(input);
        expect(decodeUtf8(codec.decodeText(codec.encodeText(encodeUtf8(input))))).to.equal(input);
      }
    });

    it("carries any bytes at any quality, decodable by the other engine", () => {
      const other = createNodeBrotliEngine();
      const bytes = fc.uint8Array({ maxLength: 2000 });
      fc.assert(
        fc.property(bytes, fc.integer({ min: 0, max: 11 }), (content, quality) => {
          const compressed = engine.compress(content, quality);
          expect(Buffer.compare(other.decompress(compressed, 4000), content)).to.equal(0);
          expect(Buffer.compare(engine.decompress(other.compress(content, quality), 4000), content)).to.equal(
            0,
          );
        }),
        { numRuns: 60 },
      );
    });

    it("decodes output of several chunks", () => {
      const content = new Uint8Array(1_000_000).map((_, i) => (i * i) >>> 7);
      expect(Buffer.compare(engine.decompress(engine.compress(content, 5), 1_000_000), content)).to.equal(0);
    });

    it("stops a bomb at the limit", () => {
      const bomb = brotliCompressSync(Buffer.alloc(50_000_000));
      expect(bomb.length).to.be.below(200);
      expect(catchM2MError(() => engine.decompress(bomb, 1_000_000)).code).to.equal("M2M_OUTPUT_TOO_LARGE");
      expect(engine.decompress(engine.compress(new Uint8Array(1000), 5), 1000)).to.have.length(1000);
      const over = engine.compress(new Uint8Array(1001), 5);
      expect(catchM2MError(() => engine.decompress(over, 1000)).code).to.equal("M2M_OUTPUT_TOO_LARGE");
      expect(catchM2MError(() => engine.decompress(over, 0)).code).to.equal("M2M_OUTPUT_TOO_LARGE");
    });

    it("refuses the large window extension", () => {
      const { BROTLI_PARAM_LARGE_WINDOW, BROTLI_PARAM_LGWIN } = constants;
      const params = { [BROTLI_PARAM_LARGE_WINDOW]: 1, [BROTLI_PARAM_LGWIN]: 28 };
      const large = brotliCompressSync(Buffer.alloc(100_000, 65), { params });
      expect(catchM2MError(() => engine.decompress(large, 200_000)).code).to.equal("M2M_BROTLI_INVALID");
    });

    it("tells a cut stream from a malformed one and from trailing bytes", () => {
      const good = engine.compress(encodeUtf8("what is said twice is said twice ".repeat(9)), 5);
      for (let cut = 0; cut < good.length; cut++) {
        expect(catchM2MError(() => engine.decompress(good.subarray(0, cut), 1000)).code).to.equal(
          "M2M_BROTLI_TRUNCATED",
        );
      }
      const junk = Uint8Array.of(0x91, 0xff, 0xff, 0xff, 0xff, 0xff);
      expect(catchM2MError(() => engine.decompress(junk, 1000)).code).to.equal("M2M_BROTLI_INVALID");
      const error = catchM2MError(() => engine.decompress(Uint8Array.of(...good, 0), 1000));
      expect(error.code).to.equal("M2M_BROTLI_INVALID");
      expect(error.offset).to.equal(good.length);
    });
  });
}

describe("codec/brotli", () => {
  it("refuses a quality that is none", () => {
    for (const quality of [-1, 12, 1.5, Number.NaN]) {
      expect(catchM2MError(() => new BrotliCodec({ quality })).code).to.equal("M2M_USAGE");
    }
  });

  it("makes smaller wires at a higher quality", () => {
    const content = encodeUtf8(JSON.stringify(CASES));
    const size = (quality: number): number => new BrotliCodec({ quality }).encodeText(content).length;
    expect(size(11)).to.be.below(size(5));
    expect(size(5)).to.be.below(size(0));
  });

  it("refuses base64 and streams that are malformed", () => {
    const codec = new BrotliCodec();
    expect(() => codec.decodeText(`${BROTLI_PREFIX}A`)).to.throw(FormatError);
    expect(() => codec.decodeText(BROTLI_PREFIX)).to.throw(FormatError);
    expect(() => codec.decodeText(BROTLI_PREFIX + encodeBase64(Uint8Array.of(1, 2, 3)))).to.throw(
      FormatError,
    );
    expect(() => codec.decodeText("#T1|{}")).to.throw(FormatError);
  });
});
