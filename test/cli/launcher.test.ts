import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { ROOT } from "../helpers/package.js";

describe("the launcher", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "m2m-launcher-"));
    cpSync(join(ROOT, "bin"), join(folder, "bin"), { recursive: true });
    mkdirSync(join(folder, "dist/cli"), { recursive: true });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const start = () => {
    const { status, stderr } = spawnSync(process.execPath, [join(folder, "bin/run.js")], {
      encoding: "utf8",
    });
    return { status, stderr };
  };

  it("exits 70, never 1, if it cannot load or run", () => {
    const bundles = [
      'throw new Error("broken")',
      'exports.main = async () => { throw new Error("broken") }',
      'exports.main = () => { throw new Error("broken") }',
    ];
    for (const bundle of bundles) {
      writeFileSync(join(folder, "dist/cli/main.cjs"), bundle);
      const { status, stderr } = start();
      expect(status, bundle).to.equal(70);
      expect(stderr, bundle).to.match(/^m2m: it cannot start: Error: broken\n/);
    }
  });

  it("says so if it is not built", () => {
    expect(start()).to.deep.equal({
      status: 70,
      stderr: "m2m: it is not built yet.\n  Run npm run build in its folder.\n",
    });
  });

  it("has a code cache that names no folder of the builder's", function () {
    const path = join(ROOT, "dist/cli/main.cache");
    if (!existsSync(path)) this.skip();
    expect(readFileSync(path).includes(ROOT)).to.equal(false);
  });
});
