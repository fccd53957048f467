import { expect } from "chai";
import fc from "fast-check";
import { PieceMerger } from "../../src/tokenizer/merge-pieces.js";
import { rankTableOf } from "./late-merges.js";
import { forEachEncoding } from "./references.js";

describe("merging of long pieces", () => {
  forEachEncoding((encoding) => {
    const table = rankTableOf(encoding);
    const whole = new PieceMerger(table, Infinity);
    const mergeWith = (merger: PieceMerger, bytes: Uint8Array) => {
      const count = merger.merge(bytes, 0, bytes.length);
      return Array.from(merger.ids.subarray(0, count));
    };

    for (const windowBytes of [16, 100, 1000]) {
      const windowed = new PieceMerger(table, windowBytes);
      it(`windows of ${windowBytes} bytes give what one merge of all gives (${encoding})`, () => {
        const letters = fc.constantFrom(
          "a",
          "b",
          "e",
          "s",
          "t",
          "er",
          "in",
          "ing",
          "ha",
          "the",
          "日",
          "\u0301",
          "=",
          " ",
        );
        const piece = fc.oneof(
          fc.string({ unit: letters, minLength: 81, maxLength: 600 }),
          fc
            .tuple(
              fc.string({ unit: letters, minLength: 1, maxLength: 5 }),
              fc.integer({ min: 80, max: 300 }),
            )
            .map(([part, times]) => part.repeat(times)),
        );
        fc.assert(
          fc.property(piece, (text) => {
            const bytes = new TextEncoder().encode(text);
            expect(mergeWith(windowed, bytes)).to.deep.equal(mergeWith(whole, bytes));
          }),
          { numRuns: 400 },
        );
        const random = fc.uint8Array({ minLength: 81, maxLength: 600 });
        fc.assert(
          fc.property(random, (bytes) => {
            expect(mergeWith(windowed, bytes)).to.deep.equal(mergeWith(whole, bytes));
          }),
          { numRuns: 200 },
        );
      });
    }

    it(`a piece of many windows keeps its bytes (${encoding})`, () => {
      const bytes = new Uint8Array(300_000).map((_, i) => 97 + ((Math.imul(i + 1, 0x9e3779b1) >>> 27) % 26));
      const merger = new PieceMerger(table);
      const count = merger.merge(bytes, 0, bytes.length);
      const { offsets, blob } = table;
      const joined = Buffer.concat(
        Array.from(merger.ids.subarray(0, count), (id) => blob.subarray(offsets[id], offsets[id + 1])),
      );
      expect(joined.equals(bytes)).to.equal(true);
      expect(mergeWith(merger, bytes)).to.deep.equal(mergeWith(whole, bytes));
    });
  });
});
