import { expect } from "chai";
import fc from "fast-check";
import { tailOf } from "../../../src/codec/context/arithmetic/event-tail.js";
import { RangeCoder } from "../../../src/codec/context/arithmetic/range-coder.js";

/** The same coder over whole numbers without bounds: the interval as a fraction that is never rescaled. */
function slowEncode(decisions: readonly (readonly [bit: number, probability: number])[]): bigint[] {
  let low = 0n;
  let high = 0xffffffffn;
  const bytes: bigint[] = [];
  for (const [bit, probability] of decisions) {
    const range = high - low;
    const p = BigInt(probability);
    const middle = low + (range >> 16n) * p + (((range & 0xffffn) * p) >> 16n);
    if (bit === 1) high = middle;
    else low = middle + 1n;
    while (low >> 24n === high >> 24n) {
      bytes.push(high >> 24n);
      low = (low & 0xffffffn) << 8n;
      high = ((high & 0xffffffn) << 8n) | 255n;
    }
  }
  for (let count = 0n; count <= 4n; count++) {
    const shift = 32n - 8n * count;
    const value = (high >> shift) << shift;
    if (value < low) continue;
    for (let i = 0n; i < count; i++) bytes.push((value >> (24n - 8n * i)) & 255n);
    break;
  }
  for (let zeroes = 0; zeroes < 8 && bytes.at(-1) === 0n; zeroes++) bytes.pop();
  return bytes;
}

const DECISIONS = fc.array(
  fc.tuple(
    fc.integer({ min: 0, max: 1 }),
    fc.oneof(fc.integer({ min: 1, max: 65535 }), fc.constantFrom(1, 24, 65512, 65535)),
  ),
  { maxLength: 400 },
);

describe("codec/context/arithmetic", () => {
  const coder = new RangeCoder();

  it("reads what it wrote", () => {
    fc.assert(
      fc.property(DECISIONS, (decisions) => {
        coder.startEncoding();
        for (const [bit, probability] of decisions) coder.code(bit, probability);
        const bytes = coder.finish();
        coder.startDecoding(bytes);
        for (const [bit, probability] of decisions) expect(coder.code(0, probability)).to.equal(bit);
      }),
    );
  });

  it("leaves out no more zeroes than a reader takes", () => {
    coder.startEncoding();
    for (let i = 0; i < 200_000; i++) coder.code(1, 65_500);
    const bytes = coder.finish();
    coder.startDecoding(bytes);
    for (let i = 0; i < 200_000; i++) expect(coder.code(0, 65_500)).to.equal(1);
    expect(coder.isCut).to.equal(false);
    expect(bytes.length).to.be.above(8);
  });

  it("writes the bytes of arithmetic without bounds", () => {
    fc.assert(
      fc.property(DECISIONS, (decisions) => {
        coder.startEncoding();
        for (const [bit, probability] of decisions) coder.code(bit, probability);
        expect(Array.from(coder.finish(), BigInt)).to.deep.equal(slowEncode(decisions));
      }),
    );
  });

  it("costs what the probabilities say, within two bytes", () => {
    fc.assert(
      fc.property(DECISIONS, (decisions) => {
        coder.startEncoding();
        let bits = 0;
        for (const [bit, probability] of decisions) {
          coder.code(bit, probability);
          bits -= Math.log2((bit === 1 ? probability : 65536 - probability) / 65536);
        }
        // A range of few values rounds probabilities of 1 in 65536 coarsely.
        expect(coder.finish().length).to.be.at.most((bits * 1.01) / 8 + 2);
      }),
    );
  });

  it("ends events with the fewest bytes that nothing behind them changes", () => {
    const bound = fc.oneof(fc.nat(0xffffffff), fc.constantFrom(0, 1, 0xffffff, 0x1000000, 0xffffffff));
    fc.assert(
      fc.property(bound, bound, fc.nat(9), (one, other, leastBits) => {
        const low = Math.min(one, other);
        const high = Math.max(one, other);
        const { bytes, first, checkBits } = tailOf(low, high, leastBits);
        const unit = 2 ** (32 - 8 * bytes);
        const last = first + 2 ** checkBits - 1;
        expect(first * unit).to.be.at.least(low);
        expect((last + 1) * unit - 1).to.be.at.most(high);
        if (bytes < 4) expect(checkBits).to.be.at.least(leastBits);
        if (bytes === 0) return;
        // One byte less leaves no number, or too few.
        const larger = unit * 256;
        const count = Math.floor((high + 1) / larger) - Math.ceil(low / larger);
        expect(count).to.be.below(2 ** leastBits);
      }),
    );
  });

  it("takes no decision before the bytes that it hangs on are there, and every one as soon as they are", () => {
    fc.assert(
      fc.property(DECISIONS, fc.integer(), fc.nat(8), (decisions, check, leastBits) => {
        coder.startEncoding();
        for (const [bit, probability] of decisions) coder.code(bit, probability);
        const { bytes, checkBits } = coder.finishEvent(check, leastBits);
        let used = 0;
        let there = 0;
        coder.startDecoding(bytes.subarray(0, 0), true);
        const wait = (): void => {
          expect(there).to.be.below(bytes.length);
          const { bounds } = coder;
          used += coder.consumedBytes - 4;
          coder.resumeDecoding(bytes.subarray(used, ++there), bounds);
        };
        for (const [bit, probability] of decisions) {
          let decided = coder.code(0, probability);
          for (; decided < 0; decided = coder.code(0, probability)) {
            expect(coder.isStarved).to.equal(true);
            wait();
          }
          expect(decided).to.equal(bit);
        }
        let end = coder.closeEvent(leastBits);
        for (; end === undefined; end = coder.closeEvent(leastBits)) wait();
        expect(there).to.equal(bytes.length);
        expect(end).to.deep.equal({
          usedBytes: bytes.length - used,
          checkBits,
          check: check & (2 ** checkBits - 1),
        });
      }),
    );
  });
});
