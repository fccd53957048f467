import { expect } from "chai";
import { escapeUnsafe, quote } from "../../src/shared/quote.js";

describe("shared/quote", () => {
  it("shows what would act on a terminal", () => {
    expect(quote("\u001b]0;owned\u0007")).to.equal('"\\u{1b}]0;owned\\u{7}"');
    expect(escapeUnsafe("a\u009b31m\u202eb\u2028c\n")).to.equal("a\\u{9b}31m\\u{202e}b\\u{2028}c\\u{a}");
    expect(escapeUnsafe("\ud800x")).to.equal("\\u{d800}x");
  });

  it("leaves ordinary text of any script alone, and cuts what is long", () => {
    expect(quote("größe 日本 🚀")).to.equal('"größe 日本 🚀"');
    expect(quote("x".repeat(1_000_000))).to.have.length(83);
  });
});
