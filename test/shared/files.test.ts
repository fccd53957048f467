import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { readSmallFile } from "../../src/shared/files.js";
import { catchM2MError } from "../helpers/catch-error.js";

describe("files", () => {
  let folder: string;
  before(() => void (folder = mkdtempSync(join(tmpdir(), "m2m-files-"))));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("are read whole up to a limit, in however many pieces", () => {
    for (const size of [0, 1, 65_535, 65_536, 65_537, 200_000]) {
      const path = join(folder, String(size));
      const bytes = Uint8Array.from({ length: size }, (_, index) => index % 251);
      writeFileSync(path, bytes);
      expect(Buffer.compare(readSmallFile(path, size), bytes), String(size)).to.equal(0);
      if (size === 0) continue;
      expect(catchM2MError(() => readSmallFile(path, size - 1))).to.include({ code: "M2M_FILE_READ" });
    }
  });
});
