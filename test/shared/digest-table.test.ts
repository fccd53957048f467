import { hash } from "node:crypto";
import { expect } from "chai";
import fc from "fast-check";
import { DigestTable } from "../../src/shared/digest-table.js";
import { LruMap } from "../../src/shared/lru-map.js";

const digestOf = (key: number): string => hash("sha256", String(key), "binary");

describe("a table of digests", () => {
  it("is a map that forgets what was used longest ago, where all share their places", () => {
    const step = fc.record({
      key: fc.integer({ min: 0, max: 12 }),
      value: fc.option(fc.double({ noNaN: true })),
    });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 15 }), fc.array(step, { maxLength: 60 }), (room, steps) => {
        const table = new DigestTable<{ value: number }>(room, 2);
        const slow = new LruMap<number, number>(room);
        for (const { key, value } of steps) {
          if (value === null) {
            const place = table.find(digestOf(key));
            const found = place < 0 ? undefined : table.numberAt(place, 1);
            expect(found).to.equal(slow.get(key));
            const detail = place < 0 ? undefined : table.detailAt(place);
            expect(detail).to.deep.equal(found !== undefined && found > 0 ? { value: found } : undefined);
          } else {
            table.add(digestOf(key), [-1, value], value > 0 ? { value } : undefined);
            slow.set(key, value);
          }
          expect(table.size).to.equal(slow.size);
        }
      }),
    );
  });

  it("holds nearly as much as it has room for, and no more", () => {
    for (const room of [1, 7, 8, 31, 100, 1000, 4096]) {
      const table = new DigestTable<never>(room, 1);
      for (let key = 0; key < room * 20; key++) table.add(digestOf(key), [key]);
      expect(table.size, String(room)).to.be.within(room - Math.floor(room / 8), room);
      const last = table.find(digestOf(room * 20 - 1));
      expect(table.numberAt(last, 0)).to.equal(room * 20 - 1);
    }
  });

  it("tells digests apart by their last bit", () => {
    const table = new DigestTable<never>(8, 1);
    const digest = digestOf(1);
    table.add(digest, [1]);
    const other = digest.slice(0, -1) + String.fromCharCode(digest.charCodeAt(31) ^ 1);
    expect(table.find(other)).to.equal(-1);
    expect(table.numberAt(table.find(digest), 0)).to.equal(1);
  });
});
