import { expect } from "chai";
import { isPassingStatus, parseRetryAfterMs } from "../../src/shared/try-again.js";

const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5);

describe("Retry-After", () => {
  it("is seconds or a date", () => {
    for (const [text, ms] of [
      ["0", 0],
      [" 12 ", 12_000],
      ["1.5", 1500],
      ["Fri, 02 Jan 2026 03:05:05 GMT", 60_000],
      ["Fri, 02 Jan 2026 03:00:00 GMT", 0],
    ] as const) {
      expect(parseRetryAfterMs(text, NOW_MS), text).to.equal(ms);
    }
  });

  it("that is neither says nothing", () => {
    for (const text of [null, undefined, "", "-1", "soon", "1e3", "12 13"]) {
      expect(parseRetryAfterMs(text, NOW_MS), String(text)).to.equal(undefined);
    }
  });
});

describe("a status that passes", () => {
  it("is one of a server that may do better soon", () => {
    const passing = Array.from({ length: 600 }, (_, status) => status).filter(isPassingStatus);
    expect(passing.slice(0, 3)).to.deep.equal([408, 425, 429]);
    expect(passing.slice(3, 7)).to.deep.equal([500, 502, 503, 504]);
    expect(passing).not.to.include.members([501, 505]);
  });
});
