import { expect } from "chai";
import fc from "fast-check";
import { AREA } from "./plot-frame.js";
import { plotRatios, plotSpeed, spread } from "./plots.js";

describe("labels of a plot", () => {
  it("stand where they want to if there is room", () => {
    expect(spread([100, 200, 150], 16)).to.deep.equal([100, 200, 150]);
  });

  it("keep their order and their distance inside the plot", () => {
    const heights = fc.array(fc.integer({ min: AREA.top, max: AREA.bottom }), {
      minLength: 1,
      maxLength: 16,
    });
    fc.assert(
      fc.property(heights, (wanted) => {
        const places = spread(wanted, 16);
        const order = [...places.keys()].sort((a, b) => places[a] - places[b]);
        order.slice(1).forEach((index, before) => {
          expect(places[index] - places[order[before]]).to.be.at.least(16);
          expect(wanted[index]).to.be.at.least(wanted[order[before]]);
        });
        expect(Math.min(...places)).to.be.at.least(AREA.top);
        expect(Math.max(...places)).to.be.at.most(AREA.bottom);
      }),
    );
  });
});

describe("plots", () => {
  it("name each series and both axes, and leave out what has no messages", () => {
    const ratios = plotRatios(
      "Ratio",
      ["< 100 B", "1-4K"],
      [
        { name: "brotli <11>", ours: false, ratios: [0.9, 0.3] },
        { name: "m2m", ours: true, ratios: [NaN, 0.2] },
      ],
    );
    for (const label of ["&lt; 100 B", "1-4K", "brotli &lt;11&gt;", "m2m", "size of the message, bytes"]) {
      expect(ratios).to.contain(`>${label}</text>`);
    }
    const speed = plotSpeed("Speed", [
      { name: "gzip 9", ours: false, ratio: 0.5, msPerKilobyte: 0.03 },
      { name: "m2m", ours: true, ratio: 0.2, msPerKilobyte: 0.4 },
    ]);
    expect(speed).to.contain(">0.01</text>").and.contain(">0.1</text>").and.contain(">1</text>");
    for (const svg of [ratios, speed]) expect(svg).to.not.match(/NaN|undefined/u);
  });

  it("follow the theme of the reader", () => {
    expect(plotSpeed("Speed", [{ name: "a", ours: false, ratio: 1, msPerKilobyte: 2 }])).to.contain(
      "@media (prefers-color-scheme:dark)",
    );
  });
});
