import { execFileSync } from "node:child_process";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { CliFolder } from "../helpers/run-cli.js";

// Files that never end or never begin: pipes and devices where a small file is expected.
describe("m2m beside hostile files", function () {
  if (process.platform === "win32") return;
  let folder: CliFolder;
  beforeEach(() => (folder = new CliFolder()));
  afterEach(() => folder.remove());

  it("passes over what is no regular file when it looks for a project file", () => {
    execFileSync("mkfifo", [join(folder.path, "m2m.toml")]);
    expect(folder.run(["compress", "hi"]).stdout.toString()).to.equal("hi");
  });

  it("passes over a link to an endless device", () => {
    symlinkSync("/dev/zero", join(folder.path, "m2m.toml"));
    expect(folder.run(["compress", "hi"]).stdout.toString()).to.equal("hi");
  });

  it("stops reading a named settings file, models file or key file that has no end", () => {
    const env = { M2M_CONFIG: "/dev/zero" };
    for (const { code, stderr } of [
      folder.run(["compress", "hi"], { env }),
      folder.run(["models", "list", "--models", "/dev/zero"]),
      folder.run(["compress", "--key-file", "/dev/zero", "hi"]),
    ]) {
      expect(stderr).to.include("more than");
      expect(code).to.equal(4);
    }
  });

  it("reads a key file with a byte order mark", () => {
    writeFileSync(join(folder.path, "key"), `\ufeff${"0f".repeat(32)}\r\n`);
    const { stdout } = folder.run(["compress", "--key-file", "key", "hi"]);
    expect(folder.run(["decompress", "--key-file", "key"], { input: stdout }).stdout.toString()).to.equal(
      "hi",
    );
  });

  for (const line of ["--version", "--help", "help tokens", "compress --help", "tokens --json hi"]) {
    it(`does not claim to have written to a full device: ${line}`, function () {
      if (process.platform !== "linux") return this.skip();
      const { code, stderr } = folder.shell(`m2m ${line} > /dev/full`);
      expect(stderr).to.match(/^m2m: .*no space is left on the device\.\n$/u);
      expect(code).to.equal(4);
    });
  }

  it("gives up where no folder can be made", function () {
    if (process.platform !== "linux") return this.skip();
    const { code, stderr } = folder.run(["config", "set", "compression.quality", "3"], {
      env: { M2M_HOME: "/proc/nope" },
    });
    expect(stderr).to.include("Cannot write /proc/nope/config.toml");
    expect(code).to.equal(4);
  });

  it("does not repeat a key that was given as a path", () => {
    const key = "ab".repeat(32);
    const { code, stderr } = folder.run(["compress", "--key-file", key, "hi"]);
    expect([code, stderr.includes(key)]).to.deep.equal([2, false]);
  });

  it("reads the models files that a flag names, asked for a model or not", () => {
    expect(folder.run(["tokens", "--models", "nope", "hi"]).code).to.equal(4);
  });
});
