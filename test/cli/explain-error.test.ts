import { expect } from "chai";
import { withHint, withLabel } from "../../src/cli/explain-error.js";
import { FormatError, SecurityThreat, UpstreamError } from "../../src/shared/errors.js";

describe("an error that a command explains", () => {
  it("is the same but for its message and hint", () => {
    const cause = new Error("below");
    const errors = [
      new UpstreamError("M2M_DOWNLOAD_FAILED", "no", { status: 503, cause }),
      new FormatError("M2M_LINE_INVALID", "no", { line: 3, offset: 7, cause }),
      new SecurityThreat("no", { score: 1 }, { cause }),
    ];
    for (const error of errors) {
      const labelled = withLabel(withHint(error, { [error.code]: "Do that." }), "a file") as typeof error;
      expect(labelled).to.be.instanceOf(error.constructor).and.not.equal(error);
      expect([labelled.message, labelled.hint]).to.deep.equal(["a file: no", "Do that."]);
      for (const name of ["code", "cause", "line", "offset", "status", "verdict"] as const) {
        const of = (value: object): unknown => (value as Record<string, unknown>)[name];
        expect(of(labelled), name).to.equal(of(error));
      }
    }
  });
});
