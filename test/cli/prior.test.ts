import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { ROOT } from "../helpers/package.js";

const PRIOR = readFileSync(join(ROOT, "models/prior/m2m.prior"));

describe("the prior of the package", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "m2m-prior-"));
    cpSync(join(ROOT, "bin"), join(folder, "bin"), { recursive: true });
    cpSync(join(ROOT, "package.json"), join(folder, "package.json"));
    mkdirSync(join(folder, "dist/cli"), { recursive: true });
    mkdirSync(join(folder, "models/prior"), { recursive: true });
    cpSync(join(ROOT, "dist/cli/main.cjs"), join(folder, "dist/cli/main.cjs"));
    symlinkSync(join(ROOT, "dist/ranks"), join(folder, "dist/ranks"), "junction");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const m2m = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, "bin/run.js"), ...args], {
      encoding: "utf8",
      env: { ...process.env, M2M_HOME: folder },
      input: "",
    });
    return { status, stdout, stderr };
  };
  const put = (prior: Uint8Array): void => writeFileSync(join(folder, "models/prior/m2m.prior"), prior);

  it("is not read by what does not need it", () => {
    // There is none in this folder.
    expect(m2m("--version").status).to.equal(0);
    const content = '{"model":"gpt-4o","messages":[]}';
    for (const algorithm of ["none", "token", "token-native", "brotli", "m2m"]) {
      const wire = m2m("compress", "--algorithm", algorithm, content);
      expect([wire.status, wire.stderr]).to.deep.equal([0, ""]);
      expect(m2m("decompress", wire.stdout.trim()).stdout.trim()).to.equal(content);
    }
    expect(m2m("compress", content).status).to.equal(0);
  });

  it("is found beside the bundle", () => {
    put(PRIOR);
    const { stdout } = m2m("compress", "--algorithm", "dictionary", "Hello");
    expect(m2m("decompress", stdout.trim()).stdout.trim()).to.equal("Hello");
  });

  it("that is missing, damaged, cut or of another version is told in one line", () => {
    const refuse = (code: string): void => {
      const { status, stderr, stdout } = m2m("compress", "--algorithm", "dictionary", "Hello");
      expect([status, stdout]).to.deep.equal([3, ""]);
      expect(stderr).to.match(/^m2m: [^\n]+prior[^\n]+\n( {2}[^\n]+\n)?$/);
      const json = m2m("compress", "--json", "--algorithm", "dictionary", "Hello");
      expect((JSON.parse(json.stdout) as { error: { code: string } }).error.code).to.equal(code);
    };
    refuse("M2M_PRIOR_INVALID");
    put(PRIOR.subarray(0, 100_000));
    refuse("M2M_PRIOR_INVALID");
    const damaged = Buffer.from(PRIOR);
    damaged[1_000_000] ^= 1;
    put(damaged);
    refuse("M2M_PRIOR_INVALID");
    const later = Buffer.from(PRIOR);
    later[4]++;
    put(later);
    refuse("M2M_VERSION_UNSUPPORTED");
  });
});
