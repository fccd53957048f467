import { expect } from "chai";
import fc from "fast-check";
import { REPLAY_WINDOW, ReplayWindow } from "../../../../src/transport/aitcp/protection/replay-window.js";

/** The slow twin: it remembers everything. */
class SeenNumbers {
  readonly #seen = new Set<number>();
  #highest = -1;

  isFresh(number: number): boolean {
    return number > this.#highest - REPLAY_WINDOW && !this.#seen.has(number);
  }

  add(number: number): void {
    this.#seen.add(number);
    this.#highest = Math.max(this.#highest, number);
  }
}

const LAST = Number.MAX_SAFE_INTEGER - 1;

describe("replay window", () => {
  it("answers as one that remembers everything", () => {
    // Steps from the highest number so far: small ones, about as wide as the window, and far ahead.
    const step = fc.oneof(
      fc.integer({ min: -80, max: 80 }),
      fc.integer({ min: -REPLAY_WINDOW - 40, max: -REPLAY_WINDOW + 40 }),
      fc.integer({ min: -3 * REPLAY_WINDOW, max: 3 * REPLAY_WINDOW }),
      fc.integer({ min: REPLAY_WINDOW - 40, max: REPLAY_WINDOW + 80 }),
    );
    const start = fc.oneof(
      fc.nat(70),
      fc.nat({ max: LAST }),
      fc.integer({ min: 2 ** 32 - 9000, max: 2 ** 32 + 9000 }),
    );
    fc.assert(
      fc.property(start, fc.array(step, { maxLength: 300 }), (first, steps) => {
        const window = new ReplayWindow();
        const twin = new SeenNumbers();
        let highest = first;
        for (const distance of [0, ...steps]) {
          const number = Math.min(LAST, Math.max(0, highest + distance));
          const isFresh = twin.isFresh(number);
          expect(window.isFresh(number), `${number}`).to.equal(isFresh);
          if (!isFresh) continue;
          window.add(number);
          twin.add(number);
          highest = Math.max(highest, number);
        }
        for (let back = 0; back < REPLAY_WINDOW + 70 && back <= highest; back += 1) {
          expect(window.isFresh(highest - back)).to.equal(twin.isFresh(highest - back));
        }
      }),
    );
  });

  it("takes all numbers of the window in any order, each once, and none behind it", () => {
    const window = new ReplayWindow();
    const first = 2 ** 40;
    const order = Array.from(
      { length: REPLAY_WINDOW },
      (_, index) => first + ((index * 4099) % REPLAY_WINDOW),
    );
    for (const number of order) {
      expect(window.isFresh(number)).to.equal(true);
      window.add(number);
    }
    for (const number of order) expect(window.isFresh(number)).to.equal(false);
    expect(window.isFresh(first - 1)).to.equal(false);
    expect(window.isFresh(first + REPLAY_WINDOW)).to.equal(true);
  });

  it("does not change when it is asked", () => {
    const window = new ReplayWindow();
    window.add(5);
    for (let turn = 0; turn < 3; turn++) expect(window.isFresh(LAST)).to.equal(true);
    expect(window.isFresh(4)).to.equal(true);
  });
});
