import { expect } from "chai";
import { TextBuilder } from "../../src/shared/text-builder.js";

describe("shared/text-builder", () => {
  it("joins its pieces in order, few or many, and counts their units", () => {
    for (const count of [0, 1, 1023, 1024, 1025, 5000]) {
      const builder = new TextBuilder();
      const pieces = Array.from({ length: count }, (_, i) => `${i}é🚀,`);
      for (const piece of pieces) builder.append(piece);
      expect(builder.length).to.equal(pieces.join("").length);
      expect(builder.toString()).to.equal(pieces.join(""));
      expect(builder.toString(), "a second time").to.equal(pieces.join(""));
    }
  });

  it("goes on after its text was read", () => {
    const builder = new TextBuilder();
    builder.append("a");
    expect(builder.toString()).to.equal("a");
    builder.append("b");
    expect(builder.toString()).to.equal("ab");
  });
});
