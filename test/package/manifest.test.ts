import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { ROOT } from "../helpers/package.js";

interface Manifest {
  exports: Record<string, string | Record<string, string>>;
  dependencies: Record<string, string>;
  scripts: Record<string, string>;
}
interface LockEntry {
  dev?: boolean;
  hasInstallScript?: boolean;
  resolved?: string;
  integrity?: string;
}

const readJson = (name: string): unknown => JSON.parse(readFileSync(join(ROOT, name), "utf8"));
const manifest = readJson("package.json") as Manifest;
const lock = readJson("package-lock.json") as { packages: Record<string, LockEntry> };
const packages = Object.entries(lock.packages).filter(([path]) => path !== "");

describe("package.json", () => {
  it("names types first in every entry", () => {
    const entries = Object.entries(manifest.exports).filter(([, entry]) => typeof entry !== "string");
    expect(entries.length).to.be.greaterThan(3);
    for (const [path, entry] of entries) expect(Object.keys(entry)[0], path).to.equal("types");
  });

  it("takes runtime dependencies by caret ranges, but for one of which a file is loaded by its path", () => {
    for (const [name, range] of Object.entries(manifest.dependencies))
      expect(range, name).to.match(name === "undici" ? /^~\d/ : /^\^\d/);
  });

  it("runs nothing on a user's machine", () => {
    expect(manifest.scripts).not.to.have.any.keys("preinstall", "install", "postinstall");
  });
});

describe("package-lock.json", () => {
  it("names no download addresses and pins every package by its hash", () => {
    expect(packages.length).to.be.greaterThan(100);
    for (const [path, entry] of packages) {
      expect(entry.resolved, path).to.equal(undefined);
      expect(entry.integrity, path).to.match(/^sha512-/);
    }
  });

  it("has no runtime dependency with an install script", () => {
    const scripted = packages.filter(([, entry]) => entry.hasInstallScript && !entry.dev);
    expect(scripted.map(([path]) => path)).to.deep.equal([]);
  });
});
