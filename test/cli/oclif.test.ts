import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "@oclif/test";
import { expect } from "chai";
import { COMMANDS } from "../../src/commands/index.js";
import { ROOT } from "../helpers/package.js";

/** What oclif itself loads and prints, in this process; the other tests start `bin/run.js`, which passes it by. */
describe("m2m as oclif loads it", () => {
  let folder: string;
  const { exitCode } = process;
  const { M2M_HOME } = process.env;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "m2m-oclif-"));
    process.env.M2M_HOME = folder;
  });
  after(() => {
    rmSync(folder, { recursive: true, force: true });
    process.exitCode = exitCode;
    if (M2M_HOME === undefined) delete process.env.M2M_HOME;
    else process.env.M2M_HOME = M2M_HOME;
  });

  it("runs a command of the built package", async () => {
    // Commands write to the process's streams by themselves, which a capture of oclif's output does not see.
    const output = join(folder, "count");
    const { error } = await runCommand(["tokens", "Hello", "--output", output], { root: ROOT });
    expect([error, process.exitCode]).to.deep.equal([undefined, 0]);
    expect(readFileSync(output, "utf8").trim()).to.equal("1");
  });

  for (const { id, summary } of COMMANDS) {
    it(`helps with ${id}`, async () => {
      const { error, stdout } = await runCommand([...id.split(" "), "--help"], { root: ROOT });
      expect(error).to.equal(undefined);
      expect(stdout.replace(/\s+/g, " ")).to.include(summary.replace(/\s+/g, " "));
      expect(stdout).to.include(`$ m2m ${id}`);
    });
  }
});
