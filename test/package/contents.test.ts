import { readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { expect } from "chai";
import { ROOT, runNpm } from "../helpers/package.js";

interface Pack {
  size: number;
  unpackedSize: number;
  files: { path: string }[];
}

/** Everything that may ship. */
const ALLOWED = [
  /^(package\.json|README\.md|LICENSE|CHANGELOG\.md|CONTRIBUTING\.md|SECURITY\.md|oclif\.manifest\.json)$/,
  /^bin\/(load\.js|run\.js|package\.json)$/,
  /^dist\/(index|(codec|tokenizer|models|shared|security|session|transport|client)\/[\w./-]+)\.(js|d\.ts)$/,
  // Nobody can import these rooms, so their types are left out.
  /^dist\/(config|http|redis|hub|server|proxy|cli|commands)\/[\w./-]+\.js$/,
  /^dist\/cli\/(catalog|main)\.cjs$/,
  // V8's code cache: made for the Node that built the package, ignored by any other.
  /^dist\/cli\/main\.cache$/,
  /^dist\/ranks\/[\w-]+\.bin$/,
  /^docs\/[\w./-]+\.(md|json|svg)$/,
  /^models\/hydra\/(README\.md|SHA256SUMS|config\.json|model\.safetensors|vocab\.txt)$/,
  // The schema that the page of AI-TCP is about.
  /^src\/transport\/aitcp\/packet\/aitcp\.fbs$/,
  /^models\/prior\/(README\.md|m2m\.prior)$/,
];

/** Without these an installed package does not work. */
const REQUIRED = [
  "LICENSE",
  "README.md",
  "bin/load.js",
  "bin/package.json",
  "bin/run.js",
  "dist/cli/main.cjs",
  "dist/index.d.ts",
  "dist/index.js",
  "dist/ranks/cl100k_base.bin",
  "dist/ranks/llama.bin",
  "dist/ranks/o200k_base.bin",
  "docs/errors.md",
  "docs/library.md",
  "models/hydra/README.md",
  "models/hydra/SHA256SUMS",
  "models/hydra/config.json",
  "models/hydra/model.safetensors",
  "models/hydra/vocab.txt",
  "models/prior/m2m.prior",
  "oclif.manifest.json",
  "package.json",
];

describe("the packed package", () => {
  let pack: Pack;
  let paths: string[];

  before(function () {
    this.timeout(60_000);
    [pack] = JSON.parse(runNpm("pack", "--dry-run", "--json", "--ignore-scripts")) as Pack[];
    paths = pack.files.map((file) => file.path);
    console.log(`    ${paths.length} files, ${pack.size} bytes packed, ${pack.unpackedSize} unpacked`);
  });

  it("has what its documents link to", () => {
    const dead = paths
      .filter((page) => page.endsWith(".md"))
      .flatMap((page) => {
        const text = readFileSync(join(ROOT, page), "utf8").replace(/```[\s\S]*?```|`[^`\n]*`/g, "");
        return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
          .map(([, target]) => target.replace(/#.*$/, ""))
          .filter((target) => target !== "" && !/^(https?|mailto):/.test(target))
          .filter((target) => {
            const path = posix.join(posix.dirname(page), target).replace(/\/$/, "");
            return !paths.some((one) => one === path || one.startsWith(`${path}/`));
          })
          .map((target) => `${page}: ${target}`);
      });
    expect(dead).to.deep.equal([]);
  });

  it("holds what ships and nothing else", () => {
    expect(paths.filter((path) => !ALLOWED.some((pattern) => pattern.test(path)))).to.deep.equal([]);
  });

  it("holds what an installed package needs", () => {
    expect(paths).to.include.members(REQUIRED);
  });

  it("has no source maps and no references to them", () => {
    expect(paths.filter((path) => path.endsWith(".map"))).to.deep.equal([]);
    const scripts = paths.filter((path) => /\.(c?js|d\.ts)$/.test(path));
    const referring = scripts.filter((path) =>
      readFileSync(join(ROOT, path), "utf8").includes("//# sourceMappingURL="),
    );
    expect(referring).to.deep.equal([]);
  });

  it("starts its binary on any system", () => {
    expect(readFileSync(join(ROOT, "bin/run.js"), "utf8")).to.match(/^#!\/usr\/bin\/env node\n/);
  });
});
