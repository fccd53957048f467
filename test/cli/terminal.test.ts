import { expect } from "chai";
import fc from "fast-check";
import { printable } from "../../src/cli/terminal.js";

describe("printable", () => {
  it("shows what would act on a terminal", () => {
    expect(printable("a\x1b]0;b\x07\r\n\tc")).to.equal("a\\x1b]0;b\\x07\\r\\n\\tc");
    expect(printable("\x9b31m\x7f")).to.equal("\\x9b31m\\x7f");
    expect(printable("a\u202eb\u2066c\u2028d\ufeff")).to.equal("a\\u{202e}b\\u{2066}c\\u{2028}d\\u{feff}");
    expect(printable("\ud800")).to.equal("\\u{d800}");
  });

  it("leaves text as it is", () => {
    for (const text of ["", "größe", "日本語", "👩‍💻", "می‌خواهم", "C:\\x1b"]) {
      expect(printable(text)).to.equal(text);
    }
  });

  it("leaves no control character", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(printable(text)).not.to.match(/[\0-\x1f\x7f-\x9f]/);
      }),
    );
  });
});
