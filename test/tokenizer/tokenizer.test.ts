import { expect } from "chai";
import fc from "fast-check";
import { findInvalidUtf8 } from "../../src/shared/utf8.js";
import { catchM2MError } from "../helpers/catch-error.js";
import { forEachEncoding, tokenizers } from "./references.js";

const SIZES = { cl100k_base: 100_277, o200k_base: 200_019, llama: 128_256 };
const text = fc.string({ unit: "binary", maxLength: 80 });

describe("Tokenizer", () => {
  forEachEncoding((encoding) => {
    const tokenizer = tokenizers.get(encoding);

    describe(encoding, () => {
      it("knows its encoding and the size of its vocabulary", () => {
        expect(tokenizer.encoding).to.equal(encoding);
        expect(tokenizer.vocabularySize).to.equal(SIZES[encoding]);
      });

      it("every single byte is a token, and every token encodes to itself or is special or never merged to", () => {
        const unreachable: number[] = [];
        let ids = 0;
        for (let id = 0; id < tokenizer.vocabularySize; id++) {
          if (!tokenizer.hasToken(id)) continue;
          ids++;
          const bytes = tokenizer.decode([id]);
          // Parts of characters can only be encoded as raw UTF-8 by the unchecked entry, which promises nothing there.
          if (findInvalidUtf8(bytes) >= 0) continue;
          const again = tokenizer.encode(bytes);
          if (again.length !== 1 || again[0] !== id) unreachable.push(id);
        }
        expect(ids).to.equal({ cl100k_base: 100_261, o200k_base: 200_000, llama: 128_256 }[encoding]);
        // Tokens that hold a border of the pre-tokenizer, such as a word and white space behind it.
        expect(unreachable.length / ids).to.be.below(0.02);
      });

      it("text and its bytes give the same ids, in every entry", () => {
        fc.assert(
          fc.property(text, (content) => {
            const bytes = new TextEncoder().encode(content);
            const expected = Array.from(tokenizer.encode(content));
            expect(Array.from(tokenizer.encode(bytes))).to.deep.equal(expected);
            expect(tokenizer.count(bytes)).to.equal(expected.length);
            expect(tokenizer.countUtf8(bytes)).to.equal(expected.length);
            expect(tokenizer.decodedLength(expected)).to.equal(bytes.length);
            expect(tokenizer.decode(expected)).to.deep.equal(bytes);
          }),
        );
      });

      it("bytes inside a larger buffer are encoded in place", () => {
        const padded = new TextEncoder().encode('xxx{"role":"user"} 日本語yyy');
        const part = padded.subarray(3, padded.length - 3);
        expect(tokenizer.encode(part)).to.deep.equal(tokenizer.encode('{"role":"user"} 日本語'));
      });

      it("refuses lone surrogates and ill-formed bytes with their offset", () => {
        const surrogate = catchM2MError(() => tokenizer.encode("ab\ud800c"));
        expect(surrogate).to.include({ code: "M2M_TEXT_LONE_SURROGATE", offset: 2 });
        for (const bytes of [
          [0x61, 0xff],
          [0x61, 0xc3],
          [0x61, 0xed, 0xa0, 0x80],
          [0x61, 0xc0, 0x80],
        ]) {
          const error = catchM2MError(() => tokenizer.count(Uint8Array.from(bytes)));
          expect(error).to.include({ code: "M2M_UTF8_INVALID", offset: 1 });
        }
      });

      it("unchecked ill-formed bytes neither hang nor throw", () => {
        fc.assert(
          fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), (bytes) => {
            expect(tokenizer.countUtf8(bytes)).to.be.within(1, bytes.length);
          }),
          { numRuns: 3000 },
        );
      });

      it("unknown ids are refused with their index", () => {
        const unused = { cl100k_base: 100_256, o200k_base: 199_998, llama: 128_256 }[encoding];
        for (const id of [unused, tokenizer.vocabularySize, -1, 1.5, NaN, 2 ** 32]) {
          expect(tokenizer.hasToken(id)).to.equal(false);
          const error = catchM2MError(() => tokenizer.decode([5, 6, id]));
          expect(error, String(id)).to.include({ code: "M2M_TK_TOKEN_UNKNOWN", offset: 2 });
        }
      });

      it("a cut is a start of the content, on a character border, within the budget", () => {
        fc.assert(
          fc.property(text, fc.nat(40), (content, maxTokens) => {
            const cut = tokenizer.truncate(content, maxTokens);
            expect(content.startsWith(cut.content)).to.equal(true);
            expect(cut.content.isWellFormed()).to.equal(true);
            expect(cut.tokenCount).to.equal(tokenizer.count(cut.content)).and.at.most(maxTokens);
            expect(cut.truncated).to.equal(cut.content !== content);
            if (tokenizer.count(content) <= maxTokens) expect(cut.content).to.equal(content);
          }),
        );
      });

      it("a cut is as long as the tokens allow", () => {
        const content = "The quick brown fox jumps over the lazy dog";
        for (let maxTokens = 0; maxTokens <= 9; maxTokens++) {
          const words = content.split(" ").slice(0, maxTokens).join(" ");
          expect(tokenizer.truncate(content, maxTokens)).to.deep.equal({
            content: words,
            tokenCount: maxTokens,
            truncated: maxTokens < 9,
          });
        }
      });

      it("bytes are cut as bytes", () => {
        const cut = tokenizer.truncate(new TextEncoder().encode("one two three"), 2);
        expect(cut.content).to.deep.equal(new TextEncoder().encode("one two"));
        const buffer = Buffer.from("one two three");
        const { content } = tokenizer.truncate(buffer, 2);
        buffer.fill(0);
        expect(Buffer.from(content).toString()).to.equal("one two");
      });
    });
  });

  it("an emoji of several tokens is cut whole", () => {
    const tokenizer = tokenizers.get("cl100k_base");
    const content = "🦙🦙";
    const parts = tokenizer.count("🦙");
    expect(parts).to.be.above(1);
    expect(tokenizer.truncate(content, parts - 1).content).to.equal("");
    expect(tokenizer.truncate(content, tokenizer.count(content) - 1).content).to.equal("🦙");
  });
});
