import { expect } from "chai";
import fc from "fast-check";
import { LruMap } from "../../src/shared/lru-map.js";

/** The same, slow and obvious: a list with the last used at its end. */
class SlowLru {
  entries: { key: string; value: number }[] = [];
  readonly #max: number;
  constructor(max: number) {
    this.#max = max;
  }
  get weight(): number {
    return this.entries.reduce((sum, { value }) => sum + value, 0);
  }
  get(key: string): number | undefined {
    const found = this.entries.find((entry) => entry.key === key);
    if (found) this.entries = [...this.entries.filter((entry) => entry !== found), found];
    return found?.value;
  }
  set(key: string, value: number): void {
    this.delete(key);
    if (value > this.#max) return;
    this.entries.push({ key, value });
    while (this.weight > this.#max) this.entries.shift();
  }
  delete(key: string): void {
    this.entries = this.entries.filter((entry) => entry.key !== key);
  }
}

describe("a map that forgets", () => {
  it("forgets what was used longest ago", () => {
    const map = new LruMap<string, number>(2);
    map.set("a", 1);
    map.set("b", 2);
    expect(map.get("a")).to.equal(1);
    map.set("c", 3);
    expect([map.get("a"), map.get("b"), map.get("c")]).to.deep.equal([1, undefined, 3]);
    expect(map.size).to.equal(2);
  });

  it("does as a list would, whatever its entries weigh", () => {
    const step = fc.tuple(
      fc.constantFrom("get", "set", "delete"),
      fc.constantFrom("a", "b", "c", "d", "__proto__"),
      fc.integer({ min: 0, max: 12 }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const map = new LruMap<string, number>(10, (value) => value);
        const slow = new SlowLru(10);
        for (const [act, key, value] of steps) {
          if (act === "get") expect(map.get(key)).to.equal(slow.get(key));
          else if (act === "set") {
            map.set(key, value);
            slow.set(key, value);
          } else {
            map.delete(key);
            slow.delete(key);
          }
          expect([map.size, map.weight]).to.deep.equal([slow.entries.length, slow.weight]);
        }
      }),
    );
  });
});
