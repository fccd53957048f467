import { expect } from "chai";
import fc from "fast-check";
import { parseManifest, parseSums, type Manifest } from "../../src/hub/manifest.js";
import { M2MError } from "../../src/shared/errors.js";
import { catchM2MError } from "../helpers/catch-error.js";

const HASH = "0123456789abcdef".repeat(4);

function outcome(parse: () => Manifest): Manifest | string {
  try {
    return parse();
  } catch (error) {
    if (error instanceof M2MError) return error.code;
    throw error;
  }
}

/** Names that a stranger might send, good and bad. */
const names = fc.oneof(
  fc.constantFrom(
    "config.json",
    "model.safetensors",
    "..",
    ".",
    "../x",
    "a/b",
    "a\\b",
    "C:x",
    "con",
    "x.",
    "",
    "-r",
  ),
  fc.string(),
);

describe("a manifest of strangers", () => {
  it("is refused, or names files of its own folder only", () => {
    const entry = fc.record({ name: names, sha256: fc.constant(HASH), sizeBytes: fc.nat() });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 5 }), (files) => {
        const found = outcome(() => parseManifest(JSON.stringify({ version: 1, files }), "here"));
        if (typeof found === "string") expect(found).to.equal("M2M_MANIFEST_INVALID");
        else for (const { name } of found.files) expect(name).to.match(/^\w[\w.-]*$/);
      }),
    );
  });

  it("of whatever form throws only what is documented", () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
        for (const parse of [parseManifest, parseSums]) {
          const found = outcome(() => parse(text, "here"));
          if (typeof found === "string") expect(found).to.equal("M2M_MANIFEST_INVALID");
        }
      }),
    );
  });

  it("may be a list of sums, binary or not, with comments", () => {
    const { files } = parseSums(
      `# made by a program\r\n${HASH}  config.json\r\n\n${HASH.toUpperCase()} *./model.safetensors\n${HASH}  m2m-model.json\n`,
      "here",
    );
    expect(files).to.deep.equal([
      { name: "config.json", sha256: HASH },
      { name: "model.safetensors", sha256: HASH },
    ]);
    for (const text of ["", "config.json", `${HASH} config.json`, `${HASH}  ../config.json`, `${HASH}0  x`]) {
      expect(catchM2MError(() => parseSums(text, "here")).code, text).to.equal("M2M_MANIFEST_INVALID");
    }
  });
});
